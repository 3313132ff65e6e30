/** A service manager for tests on a machine of their own: it starts each service's program as a child. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { ServiceManager } from '../../recipes/services/service-manager.js';

export interface Daemon {
  /** Program and arguments, asked for at each start. */
  readonly command: () => readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  readonly reload?: NodeJS.Signals;
  /** Which signal ends it well; SIGTERM unless told. */
  readonly stop?: NodeJS.Signals;
}

export interface Daemons extends ServiceManager {
  /** `start mariadb` and so on. */
  readonly calls: string[];
  kill(name: string): Promise<void>;
  /** Ends all of them. */
  end(): Promise<void>;
}

const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', resolve));

export const daemons = (known: Readonly<Record<string, Daemon>>): Daemons => {
  const running = new Map<string, ChildProcess>();
  const calls: string[] = [];
  const isRunning = (name: string): boolean => {
    const child = running.get(name);
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  };
  const start = (name: string): Promise<void> => {
    const daemon = known[name];
    if (daemon === undefined) return Promise.reject(new Error(`no unit ${name}`));
    const { command, uid, gid } = daemon;
    const [program = '', ...words] = command();
    const child = spawn(program, words, {
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
      stdio: process.env['SHOW_DAEMONS'] === undefined ? 'ignore' : 'inherit',
    });
    running.set(name, child);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', resolve);
    });
  };
  const end = async (name: string, signal: NodeJS.Signals): Promise<void> => {
    const child = running.get(name);
    if (child === undefined) return;
    child.kill(signal);
    await ended(child);
    running.delete(name);
  };
  const stop = (name: string): Promise<void> => end(name, known[name]?.stop ?? 'SIGTERM');
  const nothing = (): Promise<void> => Promise.resolve();
  const said =
    (verb: string, act: (name: string) => Promise<void>) =>
    (name: string): Promise<void> => {
      calls.push(`${verb} ${name}`);
      return act(name);
    };
  return {
    calls,
    state: (name) =>
      Promise.resolve({ loaded: known[name] !== undefined, running: isRunning(name), enabled: true }),
    start: said('start', start),
    stop: said('stop', stop),
    restart: said('restart', async (name) => {
      await stop(name);
      await start(name);
    }),
    reload: said('reload', (name) => {
      running.get(name)?.kill(known[name]?.reload ?? 'SIGHUP');
      return Promise.resolve();
    }),
    enable: nothing,
    disable: nothing,
    readUnits: nothing,
    kill: (name) => end(name, 'SIGKILL'),
    end: async () => {
      await Promise.all([...running.keys()].map((name) => end(name, 'SIGKILL')));
    },
  };
};
