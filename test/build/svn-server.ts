/** A Subversion repository that `svnserve` serves on loopback. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { putFiles, type Files } from './repository-files.js';

export interface SvnServerOptions {
  /** Whoever reads has to show them. */
  readonly user?: string;
  readonly password?: string;
}

export interface SvnServer {
  /** What `svn checkout` takes: the repository's top. */
  readonly url: string;
  /** Writes the files and gives the number of the revision. */
  commit(files: Files): Promise<string>;
  end(): Promise<void>;
}

const run = (command: string, words: readonly string[], cwd: string): string =>
  execFileSync(command, [...words], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

const settings = ({ user }: SvnServerOptions): string =>
  ['[general]', `anon-access = ${user === undefined ? 'read' : 'none'}`, 'password-db = passwd', ''].join(
    '\n',
  );

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    const said = (yes: boolean) => (): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', said(true));
    socket.once('error', said(false));
  });

const untilItAnswers = async (port: number, child: ChildProcess): Promise<void> => {
  while (!(await answers(port))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('svnserve has ended');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) =>
        child.once('exit', () => {
          resolve();
        }),
      );

/** With a first revision of `files`. */
export const startSvnServer = async (files: Files, options: SvnServerOptions = {}): Promise<SvnServer> => {
  const top = await mkdtemp(join(tmpdir(), 'scalarium-svn-'));
  const repository = join(top, 'app');
  const tree = join(top, 'tree');
  run('svnadmin', ['create', repository], top);
  await writeFile(join(repository, 'conf/svnserve.conf'), settings(options));
  const { user = 'nobody', password = '' } = options;
  await writeFile(join(repository, 'conf/passwd'), `[users]\n${user} = ${password}\n`);
  run('svn', ['checkout', '-q', `file://${repository}`, tree], top);
  const commit = async (changed: Files): Promise<string> => {
    await putFiles(tree, changed);
    run('svn', ['add', '-q', '--force', '.'], tree);
    run('svn', ['commit', '-q', '-m', 'x'], tree);
    return run('svnlook', ['youngest', repository], top);
  };
  await commit(files);
  const port = await freePort();
  const place = ['--listen-host', '127.0.0.1', '--listen-port', String(port), '--root', top];
  const child = spawn('svnserve', ['--daemon', '--foreground', ...place], { stdio: 'ignore' });
  await untilItAnswers(port, child);
  return {
    url: `svn://127.0.0.1:${String(port)}/app`,
    commit,
    end: async () => {
      child.kill('SIGKILL');
      await ended(child);
      await rm(top, { recursive: true, force: true });
    },
  };
};
