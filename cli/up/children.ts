/** The other programs of a local installation: started, started again when they end by themselves, ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { millis, seconds, type Millis } from '../../api-types/units.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { programPath } from './program.js';
import { noteEnded, noteRunning, type Part } from './run-records.js';

export interface ChildSpec {
  readonly part: Part;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Child {
  /** Process id of the present run. */
  pid(): number | null;
  /** SIGTERM, and SIGKILL after `within`; resolves when it has ended. */
  end(within: Millis): Promise<void>;
}

interface Surroundings {
  readonly data: string;
  readonly clock: Clock;
  readonly log: Log;
  /** One line for the person in front of the screen. */
  readonly tell: (line: string) => void;
}

const TITLES: Readonly<Record<Part, string>> = {
  up: 'the control plane',
  'local-cloud': 'the local cloud',
  hosts: 'the driver of the hosts',
};

const howEnded = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `with exit code ${String(code)}` : `by ${signal}`;

const RESTART_AFTER = seconds(1);

/** In a session of its own, so that Ctrl-C reaches only `up`, which ends the parts in order. */
const spawnPart = (spec: ChildSpec, data: string): ChildProcess => {
  const output = openSync(join(data, 'run', `${spec.part}.log`), 'a', 0o600);
  const child = spawn(process.execPath, [programPath(), ...spec.args], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...spec.env },
  });
  closeSync(output);
  if (child.pid !== undefined) noteRunning(data, spec.part, child.pid);
  return child;
};

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) =>
        child.once('exit', () => {
          resolve();
        }),
      );

/** Starts a part and keeps it running until `end` is called. */
export const keepRunning = (spec: ChildSpec, around: Surroundings): Child => {
  let ending = false;
  let restart: Timer | null = null;
  let child: ChildProcess;
  const start = (): void => {
    child = spawnPart(spec, around.data);
    child.once('exit', (code, signal) => {
      if (ending) return;
      around.log.warn('a part ended by itself and is started again', { part: spec.part, code, signal });
      around.tell(
        `${TITLES[spec.part]} ended ${howEnded(code, signal)} and is started again (its log: ${join(around.data, 'run', `${spec.part}.log`)})`,
      );
      restart = around.clock.after(RESTART_AFTER, start);
    });
  };
  const end = async (within: Millis): Promise<void> => {
    ending = true;
    restart?.cancel();
    child.kill('SIGTERM');
    const timer = around.clock.after(within, () => child.kill('SIGKILL'));
    await ended(child);
    timer.cancel();
    noteEnded(around.data, spec.part);
  };
  start();
  return { pid: () => child.pid ?? null, end };
};

const POLL = millis(15);

/** Polls until `read` gives something; throws with `what` when `within` has passed. */
export const waitFor = async <A>(
  what: string,
  read: () => Promise<A | null>,
  { within, clock }: { readonly within: Millis; readonly clock: Clock },
): Promise<A> => {
  const until = clock.monotonic() + within;
  for (;;) {
    const value = await read();
    if (value !== null) return value;
    if (clock.monotonic() > until)
      throw new Error(`${what} did not happen within ${String(within / 1000)} s`);
    await clock.sleep(POLL);
  }
};
