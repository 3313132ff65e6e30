/**
 * Where a `Type=notify` service says that it is ready: a datagram socket, which plain Node cannot open. Perl can, and is
 * part of every Debian; where there is none, a service that lives on for a moment is taken for ready.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PERL = '/usr/bin/perl';

const PROGRAM = `
use Socket;
$| = 1;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($socket, pack_sockaddr_un($ARGV[0])) or die "bind: $!";
print "LISTENING\\n";
while (defined recv($socket, my $said, 8192, 0)) { print "$said\\n"; }
`;

export interface Readiness {
  /** Value of NOTIFY_SOCKET. */
  readonly socket: string;
  /** Resolves with the first `READY=1`; never, when that is never said. */
  readonly ready: Promise<void>;
  /** The process that the service named its main one, if it did. */
  mainPid(): number | null;
  end(): void;
}

const listen = (child: ChildProcess, said: (line: string) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      reject(new Error('the helper that hears READY=1 has ended'));
    });
    if (child.stdout === null) return;
    createInterface(child.stdout).on('line', (line) => {
      if (line === 'LISTENING') resolve();
      else said(line);
    });
  });

/** Null where nothing can listen. */
export const listenForReady = async (
  folder: string,
  name: string,
  uid: number,
): Promise<Readiness | null> => {
  if (!existsSync(PERL)) return null;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const socket = join(folder, `${name}.sock`);
  rmSync(socket, { force: true });
  const child = spawn(PERL, ['-e', PROGRAM, socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  let main: number | null = null;
  let isReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  await listen(child, (line) => {
    const pid = /^MAINPID=(\d+)$/.exec(line)?.[1];
    if (pid !== undefined) main = Number(pid);
    if (line === 'READY=1') isReady();
  });
  // the service connects with its own rights
  if (uid !== 0) chmodSync(socket, 0o666);
  return {
    socket,
    ready,
    mainPid: () => main,
    end: () => {
      child.kill('SIGKILL');
      rmSync(socket, { force: true });
    },
  };
};
