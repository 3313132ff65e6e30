/** A whole installation in a temporary folder, driven as a person would: by the command and by signals. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identify, signalProcess, type ProcessIdentity } from '../../runtime/process-identity.js';
import { freePort } from '../build/free-port.js';
import { PATIENCE_SECONDS } from '../build/patience.js';

export const COMMAND = fileURLToPath(new URL('../../bin/scalarium', import.meta.url));
export const EXAMPLE = fileURLToPath(new URL('../../examples/monster-world.yaml', import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const run = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
  });

/** Polls until `read` gives something other than null or false; throws with the last value it complained about. */
export const eventually = async <A>(
  what: string,
  read: () => Promise<A | null | false> | A | null | false,
  withinSeconds = PATIENCE_SECONDS,
): Promise<A> => {
  const until = performance.now() + withinSeconds * 1000;
  for (;;) {
    const value = await read();
    if (value !== null && value !== false) return value;
    if (performance.now() > until) throw new Error(`${what}: not within ${String(withinSeconds)} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

export interface HostEntry {
  readonly machine: string;
  readonly instance: string;
  readonly pid: number;
  readonly address: string;
  readonly root: string;
}

export interface InstanceView {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: { readonly phase: string; readonly machine?: { readonly id: string } | null };
}

export interface World {
  readonly data: string;
  readonly port: number;
  readonly etcd: string | null;
  /** The process of the last `up`. */
  process(): ChildProcess;
  output(): string;
  start(...args: readonly string[]): void;
  /** Resolves with the exit code. */
  ended(): Promise<number | null>;
  scalarium(...args: readonly string[]): Promise<Ran>;
  json<A>(...args: readonly string[]): Promise<A>;
  hosts(): Promise<readonly HostEntry[]>;
  instances(): Promise<readonly InstanceView[]>;
  allOnline(count: number, withinSeconds?: number): Promise<readonly InstanceView[]>;
  /** SIGKILL for `up` and every process it or an earlier one started, hosts included. */
  killEverything(): Promise<void>;
  /** Ends whatever is left and removes the folder. */
  end(): Promise<void>;
}

const isOnline = (instance: InstanceView): boolean => instance.status.phase === 'online';

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

const recordedPids = (data: string): readonly number[] => {
  const parts = ['up', 'hosts', 'local-cloud'].map((part) => join(data, 'run', `${part}.json`));
  return parts.flatMap((file) => {
    try {
      return [(JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid];
    } catch {
      return [];
    }
  });
};

/** Makes a folder and a port; nothing is started yet. */
export const makeWorld = async (
  options: { readonly etcd?: string; readonly cluster?: string } = {},
): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-e2e-'));
  const data = join(folder, 'data');
  const port = await freePort();
  const etcd = options.etcd?.replace(/^http:\/\//, '') ?? null;
  let child: ChildProcess | null = null;
  let output = '';
  const scalarium = (...args: readonly string[]): Promise<Ran> =>
    run(COMMAND, args, { SCALARIUM_DATA: data });
  const json = async <A>(...args: readonly string[]): Promise<A> => {
    const ran = await scalarium(...args);
    if (ran.code !== 0) throw new Error(`${args.join(' ')}: exit ${String(ran.code)}: ${ran.stderr}`);
    return JSON.parse(ran.stdout) as A;
  };
  const process_ = (): ChildProcess => {
    if (child === null) throw new Error('up was not started');
    return child;
  };
  const instances = async (): Promise<readonly InstanceView[]> =>
    (
      await json<{ items: readonly InstanceView[] }>(
        'get',
        'instances',
        '-n',
        options.cluster ?? 'monster-world',
        '-o',
        'json',
      )
    ).items;
  const ended = (): Promise<number | null> => {
    const running = process_();
    return hasEnded(running)
      ? Promise.resolve(running.exitCode)
      : new Promise((resolve) =>
          running.once('exit', (code) => {
            resolve(code);
          }),
        );
  };
  const hosts = (): Promise<readonly HostEntry[]> =>
    json<readonly HostEntry[]>('local-cloud', 'hosts', '-o', 'json');
  const killEverything = async (): Promise<void> => {
    const agents = await hosts().catch(() => []);
    const pids = [...recordedPids(data), ...agents.map((host) => host.pid)];
    const identities = pids
      .map(identify)
      .filter((identity): identity is ProcessIdentity => identity !== null);
    for (const identity of identities) signalProcess(identity, 'SIGKILL');
    if (child !== null) await ended();
  };
  const start = (...args: readonly string[]): void => {
    output = '';
    const store = etcd === null ? [] : ['--store', `etcd://${etcd}`];
    child = spawn(COMMAND, ['up', '--data', data, '--port', String(port), ...store, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  };
  const allOnline = (count: number, withinSeconds = 2 * PATIENCE_SECONDS): Promise<readonly InstanceView[]> =>
    eventually(
      `${String(count)} hosts online`,
      async () => {
        if (hasEnded(process_())) throw new Error('up has ended');
        const seen = await instances().catch(() => []);
        return seen.length === count && seen.every(isOnline) ? seen : null;
      },
      withinSeconds,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${output.slice(-4000)}`);
    });
  const end = async (): Promise<void> => {
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await ended();
    }
    await scalarium('down');
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    data,
    port,
    etcd,
    process: process_,
    output: () => output,
    start,
    ended,
    scalarium,
    json,
    hosts,
    instances,
    allOnline,
    killEverything,
    end,
  };
};
