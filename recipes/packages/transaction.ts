/** One call of a package manager, which waits while somebody else is at it: unattended upgrades, or a person. */
import { setTimeout as sleep } from 'node:timers/promises';
import { endedText, type Ended } from '../command.js';
import type { Listener } from '../output.js';
import { runTool } from '../tools.js';

/** Then the lock counts as never freed. */
const LOCK_SECONDS = 300;
const LOOK_MS = 1_000;
/** Of one transaction, downloads and all. */
const TRANSACTION_SECONDS = 3_600;

export interface Transaction {
  readonly signal: AbortSignal;
  readonly listener: Listener;
  readonly env?: Readonly<Record<string, string>>;
  /** What the tool says when somebody else has its lock. */
  readonly locked: RegExp;
}

/** Gives how it ended, with the lock or, when that was never free, without. */
export const transact = async (
  command: readonly string[],
  { locked, ...options }: Transaction,
): Promise<Ended> => {
  const late = AbortSignal.timeout(LOCK_SECONDS * 1000);
  for (;;) {
    const ended = await runTool(command, { ...options, timeoutSeconds: TRANSACTION_SECONDS });
    if (ended.code === 0 || !locked.test(ended.output) || late.aborted) return ended;
    options.listener.say?.('somebody else has the lock of the packages: waiting');
    await sleep(LOOK_MS, undefined, { signal: options.signal });
  }
};

interface UnknownPackage {
  readonly unknownPackage: string;
}

/** Throws when it did not end well; `unknown`: the package that the tool knows none of. */
export const judgeTransaction = (command: readonly string[], ended: Ended, unknown: string | null): void => {
  if (ended.code === 0) return;
  const text = endedText(command, ended, null);
  if (unknown === null) throw new Error(text);
  const cause: UnknownPackage = { unknownPackage: unknown };
  throw new Error(`there is no package ${unknown} as wanted: ${text}`, { cause });
};

/** The package that there is none of, when that is why; null: it is not. */
export const unknownIn = (error: unknown): string | null => {
  const { unknownPackage } = ((error as Error).cause ?? {}) as Partial<UnknownPackage>;
  return unknownPackage ?? null;
};
