/** What the end of a service's main process means. Pure. */
import { constants } from 'node:os';
import type { End } from './launch.js';
import type { RestartPolicy, Unit } from './unit.js';

/** `unknown`: it was no child of ours, so that nobody told how it ended. */
export type Outcome = 'clean' | 'exit-code' | 'signal' | 'unknown' | 'timeout';

const CLEAN_SIGNALS = new Set<string>(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE']);

const listed = (words: readonly string[], { code, signal }: End): boolean =>
  words.some(
    (word) =>
      (code !== null && word === String(code)) ||
      (signal !== null && (word === signal || word === `SIG${signal}` || `SIG${word}` === signal)),
  );

/** A shell tells of a signal by an exit code above this. */
const SIGNALLED = 128;

export const outcomeOf = ({ cleanEnds }: Pick<Unit, 'cleanEnds'>, end: End): Outcome => {
  if (end.code === null && end.signal === null) return 'unknown';
  if (listed(cleanEnds, end) || end.code === 0) return 'clean';
  if (end.signal !== null) return CLEAN_SIGNALS.has(end.signal) ? 'clean' : 'signal';
  return 'exit-code';
};

const RESTARTED: Readonly<Record<RestartPolicy, readonly Outcome[]>> = {
  no: [],
  always: ['clean', 'exit-code', 'signal', 'unknown', 'timeout'],
  'on-success': ['clean'],
  'on-failure': ['exit-code', 'signal', 'unknown', 'timeout'],
  'on-abnormal': ['signal', 'unknown', 'timeout'],
  'on-abort': ['signal', 'unknown'],
  'on-watchdog': [],
};

/** Whether the service is started again. */
export const restarts = (
  { restart, neverRestartAfter }: Pick<Unit, 'restart' | 'neverRestartAfter'>,
  outcome: Outcome,
  end: End,
): boolean => RESTARTED[restart].includes(outcome) && !listed(neverRestartAfter, end);

const signalName = (code: number): string | undefined =>
  Object.entries(constants.signals).find(([, number]) => number === code - SIGNALLED)?.[0];

/** For people. */
export const endText = ({ code, signal }: End): string => {
  if (signal !== null) return `killed by ${signal}`;
  if (code === null) return 'nobody knows how, as it was started by another process';
  const name = code > SIGNALLED ? signalName(code) : undefined;
  return `exit code ${String(code)}${name === undefined ? '' : ` (${name})`}`;
};
