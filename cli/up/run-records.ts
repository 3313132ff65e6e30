/** `<data>/run/<part>.json`: which process is which part, so that what a killed `up` left behind can be ended. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { identify, isAlive, signalProcess, type ProcessIdentity } from '../../runtime/process-identity.js';
import { millis, type Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { writePrivateSync } from '../../runtime/private-file.js';

export const PARTS = ['up', 'hosts', 'local-cloud'] as const;
export type Part = (typeof PARTS)[number];

const RunRecord = t.strict({ pid: t.number, startTicks: t.string }, 'RunRecord');

const fileOf = (data: string, part: Part): string => join(data, 'run', `${part}.json`);

export const noteRunning = (data: string, part: Part, pid: number): void => {
  const identity = identify(pid);
  if (identity !== null) writePrivateSync(fileOf(data, part), JSON.stringify(identity));
};

export const noteEnded = (data: string, part: Part): void => {
  rmSync(fileOf(data, part), { force: true });
};

/** The process that the record names, if it is alive and still the same one. */
const runningPart = (data: string, part: Part): ProcessIdentity | null => {
  const file = fileOf(data, part);
  if (!existsSync(file)) return null;
  const decoded = RunRecord.decode(parsed(readFileSync(file, 'utf8')));
  return E.isRight(decoded) && isAlive(decoded.right) ? decoded.right : null;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const POLL = millis(20);

const gone = async (identity: ProcessIdentity, within: Millis, clock: Clock): Promise<boolean> => {
  const until = clock.monotonic() + within;
  while (isAlive(identity) && clock.monotonic() < until) await clock.sleep(POLL);
  return !isAlive(identity);
};

/** Asks a part to end, then makes it; true when there was one. */
export const endPart = async (
  data: string,
  part: Part,
  how: { readonly signal: NodeJS.Signals; readonly within: Millis; readonly clock: Clock },
): Promise<boolean> => {
  const identity = runningPart(data, part);
  if (identity === null) return false;
  signalProcess(identity, how.signal);
  if (!(await gone(identity, how.within, how.clock))) {
    signalProcess(identity, 'SIGKILL');
    await gone(identity, how.within, how.clock);
  }
  noteEnded(data, part);
  return true;
};
