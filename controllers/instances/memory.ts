/** What this process remembers between runs. All of it may be lost: then calls are repeated and proofs begin anew. */
import { millis, type Millis } from '../../api-types/units.js';
import type { Failure } from '../../runtime/failure.js';
import type { Answer } from './view.js';

interface Watch {
  since: Millis;
  counted: Millis | null;
  sweeps: number;
}

export interface Memory {
  /** A call is being made: its proof of absence starts over when it ends. */
  called(batch: string, now: Millis): void;
  answered(batch: string, ids: readonly string[], failure: Failure | null, now: Millis): void;
  answer(batch: string, now: Millis): Answer | null;
  /** Counts complete sweeps that began later than the call plus `window`; each once. */
  sweepsSince(batch: string, lastSweep: Millis | null, window: Millis, now: Millis): number;
  terminateCalled(machine: string, now: Millis): void;
  /** Since this process last called terminate for the machine; null: never. */
  terminateAgo(machine: string, now: Millis): Millis | null;
  /** Forgets what belongs to other batches than these of the role. */
  keepOnly(role: string, batches: ReadonlySet<string>): void;
}

class InProcess implements Memory {
  private readonly answers = new Map<
    string,
    { ids: readonly string[]; failure: Failure | null; at: Millis }
  >();
  private readonly watches = new Map<string, Watch>();
  private readonly terminates = new Map<string, Millis>();
  private readonly ofRole = new Map<string, ReadonlySet<string>>();

  called(batch: string, now: Millis): void {
    this.answers.delete(batch);
    this.watches.set(batch, { since: now, counted: null, sweeps: 0 });
  }

  answered(batch: string, ids: readonly string[], failure: Failure | null, now: Millis): void {
    this.called(batch, now);
    this.answers.set(batch, { ids, failure, at: now });
  }

  answer(batch: string, now: Millis): Answer | null {
    const found = this.answers.get(batch);
    return found === undefined
      ? null
      : { ids: found.ids, failure: found.failure, ago: millis(now - found.at) };
  }

  sweepsSince(batch: string, lastSweep: Millis | null, window: Millis, now: Millis): number {
    const watch = this.watches.get(batch) ?? { since: now, counted: null, sweeps: 0 };
    this.watches.set(batch, watch);
    if (lastSweep !== null && lastSweep > watch.since + window && lastSweep !== watch.counted) {
      watch.counted = lastSweep;
      watch.sweeps += 1;
    }
    return watch.sweeps;
  }

  terminateCalled(machine: string, now: Millis): void {
    this.terminates.set(machine, now);
  }

  terminateAgo(machine: string, now: Millis): Millis | null {
    const at = this.terminates.get(machine);
    return at === undefined ? null : millis(now - at);
  }

  keepOnly(role: string, batches: ReadonlySet<string>): void {
    for (const batch of this.ofRole.get(role) ?? []) {
      if (batches.has(batch)) continue;
      this.answers.delete(batch);
      this.watches.delete(batch);
    }
    this.ofRole.set(role, batches);
    if (this.terminates.size > 20_000) this.terminates.clear();
  }
}

export const createMemory = (): Memory => new InProcess();
