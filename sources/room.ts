/** Keeps what is fetched within bounds while it comes: of time, and of room on the disk. */
import { minutes, seconds, type Millis } from '../api-types/units.js';
import { askTool } from '../recipes/tools.js';
import type { Clock } from '../runtime/clock.js';

/** Of all that a source may need on the way: its repository or archive, and what it is laid out to. */
const MOST_BYTES = 2 * 1024 ** 3;
const LONGEST = minutes(15);
const LOOK_EVERY = seconds(1);

const bytesIn = async (folder: string, signal: AbortSignal): Promise<number> => {
  const { stdout } = await askTool(['du', '--summarize', '--block-size=1', folder], { signal });
  return Number(stdout.split('\t')[0]);
};

export interface Room {
  /** What is wanted, for people. */
  readonly thing: string;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Looks until it is told that the work is done. */
const watch = async ({ folder, clock }: Room, full: AbortController, done: AbortSignal): Promise<void> => {
  while (!done.aborted) {
    const bytes = await bytesIn(folder, done).catch(() => 0);
    if (bytes > MOST_BYTES) full.abort();
    await clock.sleep(LOOK_EVERY, done);
  }
};

/** Ends the work, and says so, when it takes more than 2 GiB or a quarter of an hour. */
export const withRoom = async <A>(room: Room, work: (signal: AbortSignal) => Promise<A>): Promise<A> => {
  const full = new AbortController();
  const done = new AbortController();
  const late = new AbortController();
  const timer = room.clock.after(LONGEST, () => {
    late.abort();
  });
  const watching = watch(room, full, done.signal);
  try {
    return await work(AbortSignal.any([room.signal, full.signal, late.signal]));
  } catch (error) {
    if (full.signal.aborted)
      throw new Error(`it needs more than ${String(MOST_BYTES / 1024 ** 3)} GiB: that is no ${room.thing}`, {
        cause: error,
      });
    if (late.signal.aborted)
      throw new Error(`it took more than ${String(LONGEST / 60_000)} minutes`, { cause: error });
    throw error;
  } finally {
    timer.cancel();
    done.abort();
    await watching;
  }
};

/** Calls `stalled` when nothing was heard for so long; `heard` begins anew. */
export const stallWatch = (
  clock: Clock,
  after: Millis,
  stalled: () => void,
): { heard(): void; end(): void } => {
  let timer = clock.after(after, stalled);
  return {
    heard: () => {
      timer.cancel();
      timer = clock.after(after, stalled);
    },
    end: () => {
      timer.cancel();
    },
  };
};
