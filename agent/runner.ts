/** Carries events out, one at a time, as the journal says; asks nobody outside the host but for a missing snapshot. */
import * as E from 'fp-ts/lib/Either.js';
import type { EventResult } from '../api-types/kinds/lifecycle-event.js';
import { decodeLoose, problemText } from '../api-types/problems.js';
import { Snapshot } from '../api-types/snapshot.js';
import { millis, seconds } from '../api-types/units.js';
import { messageOf } from '../api-types/thrown.js';
import { type Clock, type Timer, timestamp } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { boundedDiffs } from '../recipes/diffs.js';
import type { Executor, ExecutorResult, Work } from './executor.js';
import type { Entry, Journal, Order } from './journal.js';
import type { Rerun } from './local/door.js';
import { isToBeCut, planNext } from './queue.js';
import { SnapshotGone } from './requests.js';

export interface RunnerDependencies {
  readonly journal: Journal;
  readonly executor: Executor;
  readonly machine: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The slot's name, once enrolled. */
  readonly instance: () => string;
  readonly snapshot: (digest: string) => Promise<unknown>;
  /** A result that is on disk. */
  readonly finished: (result: EventResult) => void;
}

/** Before a snapshot that could not be had is asked for again. */
const ASK_AGAIN = millis(2_000);

const NO_SNAPSHOT: Snapshot = { cluster: '', timeZone: 'UTC', attributes: {}, roles: {}, hosts: {} };

/** Results travel in one message and share a key: what a person reads is enough. */
const MAX_MESSAGE = 4_000;
const MAX_CHANGED = 200;

const MAX_NOTES = 50;
/** A cluster has many hosts, and the store keeps what all of them answer; the host's log has the rest. */
const MAX_DIFFS_BYTES = 16 * 1024;

type RunOutcome = Pick<
  EventResult,
  | 'state'
  | 'changed'
  | 'message'
  | 'warning'
  | 'notes'
  | 'diffs'
  | 'reboot'
  | 'interrupted'
  | 'releases'
  | 'stage'
  | 'pack'
>;

const bounded = ({ changed, message, warning, notes, diffs, ...rest }: RunOutcome): RunOutcome => ({
  ...rest,
  ...(changed === undefined ? {} : { changed: changed.slice(0, MAX_CHANGED) }),
  ...(message === undefined ? {} : { message: message.slice(0, MAX_MESSAGE) }),
  ...(warning === undefined ? {} : { warning: warning.slice(0, MAX_MESSAGE) }),
  ...(notes === undefined
    ? {}
    : { notes: notes.slice(0, MAX_NOTES).map((one) => one.slice(0, MAX_MESSAGE)) }),
  ...(diffs === undefined ? {} : { diffs: boundedDiffs(diffs, MAX_DIFFS_BYTES) }),
});

const ofApplications = ({
  releases,
  stage,
  pack,
}: ExecutorResult): Pick<RunOutcome, 'releases' | 'stage' | 'pack'> => ({
  ...(releases === undefined ? {} : { releases }),
  ...(stage === undefined ? {} : { stage }),
  ...(pack === undefined ? {} : { pack }),
});

/** What there is to tell of a run beside its end; one that only looks has nothing rebooted. */
const outcomeOf = (result: ExecutorResult, { interrupted, dry }: Circumstances): RunOutcome => {
  const { changed, failure, warning, notes, diffs, reboot } = result;
  return {
    state: failure === null ? 'succeeded' : 'failed',
    changed,
    ...ofApplications(result),
    ...(failure === null ? {} : { message: failure }),
    ...(warning === undefined ? {} : { warning }),
    ...(notes === undefined ? {} : { notes }),
    ...(dry && diffs !== undefined ? { diffs } : {}),
    ...(reboot === true && !dry ? { reboot } : {}),
    ...(interrupted ? { interrupted } : {}),
  };
};

interface Circumstances {
  /** An earlier run of it was cut off. */
  readonly interrupted: boolean;
  readonly dry: boolean;
}

type Ready =
  | { readonly _tag: 'Snapshot'; readonly snapshot: Snapshot }
  | { readonly _tag: 'Later' }
  | { readonly _tag: 'Never'; readonly why: string };

export class Runner {
  private readonly stopping = new AbortController();
  private working: Promise<void> | null = null;
  private again = false;
  private current = '';
  /** Aborted when what runs is wanted no more. */
  private outdated: AbortController | null = null;

  constructor(private readonly with_: RunnerDependencies) {}

  /** The event that is made ready or carried out, or empty. */
  running(): string {
    return this.current;
  }

  /** There may be something to do; what runs may be wanted no more. */
  wake(): void {
    this.again = true;
    this.cut();
    this.working ??= this.work().finally(() => {
      this.working = null;
    });
  }

  /** Carries a finished event out once more; the control plane keeps its first result. */
  async rerun(event: string): Promise<Rerun> {
    const { journal, log } = this.with_;
    const entry = journal.get(event);
    if (entry === null) return 'unknown';
    if (entry.state !== 'finished') return 'unfinished';
    if (entry.result?.state === 'superseded') return 'superseded';
    if (!entry.recorded) return 'unrecorded'; // the result that is still to be told would be lost
    log.info('an event is to run again: root on the host wants it', { event });
    await journal.append({ record: 'again', event });
    this.wake();
    return 'begun';
  }

  /** What runs is cut off and left unfinished: it runs again after the next start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  private stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async work(): Promise<void> {
    while (this.again && !this.stopped()) {
      this.again = false;
      try {
        await this.step();
      } catch (error) {
        this.with_.log.error('the journal cannot be written', { error: messageOf(error) });
        await this.pause();
        this.again = true;
      }
    }
  }

  private async step(): Promise<void> {
    const { supersede, run } = planNext(this.with_.journal.entries());
    for (const entry of supersede) await this.finish(entry, { state: 'superseded' });
    if (run === null || this.stopped()) return;
    this.again = true;
    this.current = run.order.name;
    const later = await this.attempt(run).finally(() => {
      this.current = '';
    });
    if (later) await this.pause();
  }

  /** True: it could not begin yet. */
  private async attempt(run: Entry): Promise<boolean> {
    const ready = await this.prepare(run);
    if (this.stopped()) return false;
    if (ready._tag === 'Never') await this.finish(run, { state: 'failed', message: ready.why });
    else if (ready._tag === 'Snapshot') await this.carryOut(run, ready.snapshot);
    return ready._tag === 'Later';
  }

  private pause(): Promise<void> {
    return this.with_.clock.sleep(ASK_AGAIN, this.stopping.signal);
  }

  private async prepare({ order }: Entry): Promise<Ready> {
    if (!this.with_.executor.needsSnapshot) return { _tag: 'Snapshot', snapshot: NO_SNAPSHOT };
    try {
      const decoded = decodeLoose(Snapshot, await this.with_.snapshot(order.snapshot.digest));
      if (E.isRight(decoded)) return { _tag: 'Snapshot', snapshot: decoded.right };
      return { _tag: 'Never', why: `the snapshot: ${decoded.left.map(problemText).join('; ')}` };
    } catch (error) {
      if (error instanceof SnapshotGone) return { _tag: 'Never', why: error.message };
      this.with_.log.warn('the snapshot cannot be had yet', { event: order.name, error: messageOf(error) });
      return { _tag: 'Later' };
    }
  }

  private async carryOut(entry: Entry, snapshot: Snapshot): Promise<void> {
    const { journal, clock, log } = this.with_;
    const attempt = entry.attempt + 1;
    const startedAt = timestamp(clock.now());
    await journal.append({ record: 'started', event: entry.order.name, attempt, at: startedAt });
    if (this.stopped()) return; // found started and not finished, it runs after the next start
    log.info('event begins', { event: entry.order.name, attempt });
    const outdated = new AbortController();
    this.outdated = outdated;
    const result = await this.execute(entry, snapshot, outdated.signal);
    this.outdated = null;
    if (this.stopped()) return;
    if (outdated.signal.aborted) {
      await this.finish({ ...entry, attempt, startedAt }, { state: 'superseded' });
      return;
    }
    const dry = entry.order.dryRun === true;
    if (dry)
      for (const { resource, diff } of result.diffs ?? [])
        log.info('would change', { event: entry.order.name, resource, diff });
    const circumstances = { interrupted: entry.state === 'started', dry };
    await this.finish({ ...entry, attempt, startedAt }, outcomeOf(result, circumstances));
  }

  private workOf(entry: Entry, snapshot: Snapshot, signal: AbortSignal): Work {
    const { event, recipes, deployment, dryRun = false } = entry.order;
    return {
      event,
      snapshot,
      instance: this.with_.instance(),
      dryRun,
      ...(recipes === undefined ? {} : { recipes }),
      ...(deployment === undefined ? {} : { deployment }),
      attempt: entry.attempt + 1,
      interrupted: entry.state === 'started',
      signal,
      stopping: this.stopping.signal,
    };
  }

  private cut(): void {
    const { journal, log } = this.with_;
    const entry = journal.get(this.current);
    if (entry === null || this.outdated === null || !isToBeCut(entry, journal.entries())) return;
    log.info('what runs is cut off: another Deployment came since', { event: this.current });
    this.outdated.abort();
  }

  private async execute(entry: Entry, snapshot: Snapshot, outdated: AbortSignal): Promise<ExecutorResult> {
    const { order } = entry;
    const cut = new AbortController();
    const late = new AbortController();
    const stop = (): void => {
      cut.abort();
    };
    this.stopping.signal.addEventListener('abort', stop, { once: true });
    if (this.stopped()) stop(); // what is aborted already calls nobody
    late.signal.addEventListener('abort', stop, { once: true });
    outdated.addEventListener('abort', stop, { once: true });
    this.cut(); // it may have come while the snapshot was fetched
    const timer = this.deadline(order, late);
    try {
      const result = await this.with_.executor.run(this.workOf(entry, snapshot, cut.signal));
      return late.signal.aborted
        ? { ...result, failure: `cut off after ${String(order.timeoutSeconds)} s: ${result.failure ?? ''}` }
        : result;
    } catch (error) {
      return { changed: [], failure: messageOf(error) };
    } finally {
      timer?.cancel();
      this.stopping.signal.removeEventListener('abort', stop);
    }
  }

  private deadline({ timeoutSeconds }: Order, late: AbortController): Timer | null {
    if (timeoutSeconds === undefined) return null;
    return this.with_.clock.after(seconds(timeoutSeconds), () => {
      late.abort();
    });
  }

  private async finish(entry: Entry, outcome: RunOutcome): Promise<void> {
    const { journal, clock, log, instance, machine, finished } = this.with_;
    const now = timestamp(clock.now());
    const result: EventResult = {
      event: entry.order.name,
      instance: instance(),
      machine,
      attempt: Math.max(1, entry.attempt),
      startedAt: entry.startedAt ?? now,
      finishedAt: now,
      ...bounded(outcome),
    };
    await journal.append({ record: 'finished', result });
    log.info('event ends', { event: result.event, state: result.state, why: result.message });
    finished(result);
  }
}
