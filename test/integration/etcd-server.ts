/** A real etcd from Debian's package, on free ports and in a folder of its own; stopped by its pid. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../build/free-port.js';
import { PATIENCE_MS } from '../build/patience.js';

export interface EtcdServer {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly port: number;
  readonly pid: number;
  /** kill -9, keeping the data; `start` again on the same ports brings it back. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const INSTALL = 'etcd is not on the PATH: apt-get install etcd-server etcd-client';

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const healthy = async (endpoint: string): Promise<boolean> => {
  try {
    const answer = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(1000) });
    return (await answer.text()).includes('"true"');
  } catch {
    return false;
  }
};

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

const argumentsFor = (data: string, client: number, peer: number, extra: readonly string[]): string[] => {
  const url = (port: number): string => `http://127.0.0.1:${String(port)}`;
  return [
    ...['--name', 'test', '--data-dir', data, '--log-level', 'error', '--logger', 'zap'],
    ...['--listen-client-urls', url(client), '--advertise-client-urls', url(client)],
    ...['--listen-peer-urls', url(peer), '--initial-advertise-peer-urls', url(peer)],
    ...['--initial-cluster', `test=${url(peer)}`, ...extra],
  ];
};

const run = async (args: readonly string[], endpoint: string): Promise<Running> => {
  const child = spawn('etcd', args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], ETCD_UNSUPPORTED_ARCH: process.arch },
  });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => said.push(chunk));
  const ends: string[] = [];
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      ends.push(error.code === 'ENOENT' ? INSTALL : error.message);
      resolve();
    });
    child.once('exit', (code) => {
      ends.push(`etcd ended with ${String(code)}: ${said.join('').slice(-2000)}`);
      resolve();
    });
  });
  const until = performance.now() + PATIENCE_MS;
  while (!(await healthy(endpoint))) {
    const why =
      ends[0] ?? (performance.now() > until ? `etcd was not ready in time: ${said.join('')}` : null);
    if (why !== null) {
      child.kill('SIGKILL');
      throw new Error(why);
    }
    await pause(30);
  }
  return { child, exited };
};

/** Starts one member and resolves when it answers; `extra` are further flags of etcd. */
export const startEtcd = async (extra: readonly string[] = []): Promise<EtcdServer> => {
  const data = mkdtempSync(join(tmpdir(), 'scalarium-etcd-'));
  const [port, peer] = [await freePort(), await freePort()];
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const args = argumentsFor(data, port, peer, extra);
  let running: Running;
  try {
    running = await run(args, endpoint);
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    throw error;
  }
  const end = async (): Promise<void> => {
    running.child.kill('SIGKILL');
    await running.exited;
  };
  // a test that dies must not leave it behind
  process.once('exit', () => running.child.kill('SIGKILL'));
  return {
    endpoint,
    port,
    get pid() {
      return running.child.pid ?? 0;
    },
    kill: end,
    start: async () => {
      running = await run(args, endpoint);
    },
    stop: async () => {
      await end();
      rmSync(data, { recursive: true, force: true });
    },
  };
};
