/**
 * What the agent has been told and how far it is with it. A record is on disk before it is acted upon: an event before
 * it is acknowledged, its start before it runs, its end before it is reported.
 */
import type { EventOrder } from '../api-types/agent-protocol.js';
import type { EventResult } from '../api-types/kinds/lifecycle-event.js';

/** An event without its diff: that goes to the snapshots. */
export type Order = Omit<EventOrder, 'type' | 'diff'>;

export type JournalRecord =
  | { readonly record: 'event'; readonly order: Order }
  | { readonly record: 'started'; readonly event: string; readonly attempt: number; readonly at: string }
  | { readonly record: 'finished'; readonly result: EventResult }
  /** Root on the host wants a finished event carried out once more. */
  | { readonly record: 'again'; readonly event: string }
  /** The result is in the store. */
  | { readonly record: 'recorded'; readonly event: string };

export interface Entry {
  readonly order: Order;
  readonly state: 'pending' | 'started' | 'finished';
  /** Runs begun so far. */
  readonly attempt: number;
  readonly startedAt: string | null;
  readonly result: EventResult | null;
  readonly recorded: boolean;
}

export interface Journal {
  /** Events in the order in which they came, with those still wanted and those of the newest revision. */
  entries(): readonly Entry[];
  get(event: string): Entry | null;
  /** The greatest revision that was ever taken in; 0 for none. */
  cursor(): number;
  /** Shows at once in `entries`; resolves when it is durable. Records become durable in order. */
  append(record: JournalRecord): Promise<void>;
  close(): Promise<void>;
}

/** The state that the records of a journal add up to. */
export class JournalState {
  private readonly held = new Map<string, Entry>();
  private newest = 0;

  entries(): readonly Entry[] {
    return [...this.held.values()];
  }

  get(event: string): Entry | null {
    return this.held.get(event) ?? null;
  }

  cursor(): number {
    return this.newest;
  }

  apply(record: JournalRecord): void {
    if (record.record === 'event') this.take(record.order);
    else if (record.record === 'started')
      this.change(record.event, { state: 'started', attempt: record.attempt, startedAt: record.at });
    else if (record.record === 'finished')
      this.change(record.result.event, { state: 'finished', result: record.result });
    else if (record.record === 'again')
      this.change(record.event, { state: 'pending', result: null, recorded: false });
    else this.change(record.event, { recorded: true });
    this.forget();
  }

  /** Records that add up to the present state. */
  records(): readonly JournalRecord[] {
    return this.entries().flatMap(recordsOf);
  }

  private take(order: Order): void {
    this.newest = Math.max(this.newest, order.revision);
    if (this.held.has(order.name)) return;
    const fresh = { state: 'pending', attempt: 0, startedAt: null, result: null, recorded: false } as const;
    this.held.set(order.name, { order, ...fresh });
  }

  private change(event: string, change: Partial<Entry>): void {
    const held = this.held.get(event);
    if (held !== undefined) this.held.set(event, { ...held, ...change });
  }

  /** Those of the newest revision stay: the gateway sends that revision again, and the cursor is read from them. */
  private forget(): void {
    for (const [name, { recorded, order }] of this.held)
      if (recorded && order.revision < this.newest) this.held.delete(name);
  }
}

const recordsOf = (entry: Entry): readonly JournalRecord[] => {
  const { order, state, attempt, startedAt, result } = entry;
  const records: JournalRecord[] = [{ record: 'event', order }];
  if (startedAt !== null) records.push({ record: 'started', event: order.name, attempt, at: startedAt });
  if (startedAt !== null && state === 'pending') records.push({ record: 'again', event: order.name });
  if (result !== null) records.push({ record: 'finished', result });
  if (entry.recorded) records.push({ record: 'recorded', event: order.name });
  return records;
};

/** Remembers nothing over the end of the process: for hollow agents, by the thousand. */
export const openMemoryJournal = (): Journal => {
  const state = new JournalState();
  return {
    entries: () => state.entries(),
    get: (event) => state.get(event),
    cursor: () => state.cursor(),
    append: (record) => {
      state.apply(record);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
};
