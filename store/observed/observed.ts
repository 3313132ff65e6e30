/** Observed state: the Hosts port over a map machine → last report, merged from all gateways. In memory only. */
import { Subject, type Observable } from 'rxjs';
import { millis, type Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Hosts, ObservedHost } from '../../runtime/hosts.js';
import { compareEntries, joinEntries, type Entry, type Measurements } from './entry.js';

/** A sequence further ahead than this of the last one is no report of an agent of ours. */
const MAX_SEQUENCE_AHEAD = 1_000;

/**
 * The wall clock ran ahead of the monotonic one by more than this: the machine slept, or its clock was set. Every
 * deadline in the records may have passed at once, while hosts had no time to say anything.
 */
const SLEPT_MS = 10_000;

/** Healing asks every few seconds; nobody asked for this long: the process was stopped, or owned nothing. */
const UNASKED_MS = 30_000;

/** An entry on its way to a peer: when it was heard is told as age, since clocks are not shared. */
export type DeltaEntry = Omit<Entry, 'heardAt'> & { readonly ageMs: number };

/** Names the machines that some record names. */
export type Known = (machine: string) => boolean;

export interface Connection {
  readonly machine: string;
  readonly session: number;
  readonly gateway: string;
}

export interface SequencedReport extends Measurements {
  readonly sequence: number;
}

export interface Refusals {
  /** Reports and connections of machines that no record names. */
  readonly unknownMachine: number;
  readonly sequenceTooFarAhead: number;
}

export interface Observed extends Hosts {
  /** A gateway of this process holds this connection from now on. */
  connected(connection: Connection, known: Known): void;
  /** False: refused (and counted). An old or repeated report is taken and changes nothing. */
  report(connection: Connection, report: SequencedReport, known: Known): boolean;
  /** The connection is over; nothing happens when a later session has replaced it. */
  disconnected(connection: Connection): void;
  /** Takes in what peer `from` heard. */
  merge(entries: readonly DeltaEntry[], from: string, known: Known): void;
  /** What changed here after `version`, without what was learned from peer `to`; ask again with the new version. */
  deltaSince(
    version: number,
    to: string,
  ): { readonly version: number; readonly entries: readonly DeltaEntry[] };
  /** The machine is gone from every record. */
  forget(machine: string): void;
  /** This gateway is dead: what was connected to it is not any more, as far as we know. */
  gatewayLost(gateway: string): void;
  /** It is alive (again). */
  gatewayFound(gateway: string): void;
  /** The greatest session heard of, 0 for none. */
  lastSession(machine: string): number;
  /** The gateway that the machine was connected to last, or null. */
  gatewayOf(machine: string): string | null;
  /** Machines with an entry. */
  machines(): readonly string[];
  refusals(): Refusals;
}

interface Held {
  entry: Entry;
  version: number;
  /** The peer it was learned from; empty: heard here. */
  from: string;
}

const NOTHING: Measurements = {
  load1: 0,
  memoryUsedBytes: 0,
  memoryTotalBytes: 0,
  diskUsedBytes: 0,
  diskTotalBytes: 0,
};

class ObservedView implements Observed {
  readonly changes$: Observable<string>;
  private readonly changes = new Subject<string>();
  private readonly held = new Map<string, Held>();
  private readonly lost = new Set<string>();
  private readonly refused = { unknownMachine: 0, sequenceTooFarAhead: 0 };
  private version = 0;
  private listeningSince: Millis;
  private askedAt: Millis;
  private wallAhead: number;

  constructor(private readonly clock: Clock) {
    this.changes$ = this.changes.asObservable();
    this.listeningSince = clock.monotonic();
    this.askedAt = this.listeningSince;
    this.wallAhead = clock.now() - clock.monotonic();
  }

  get(machine: string): ObservedHost | null {
    const held = this.held.get(machine);
    if (held === undefined) return null;
    const { heardAt, gateway, ...shown } = held.entry;
    const silentFor = millis(Math.max(0, this.clock.monotonic() - heardAt));
    return { ...shown, connected: shown.connected && !this.lost.has(gateway), silentFor };
  }

  listeningFor(): Millis {
    const now = this.clock.monotonic();
    const wallAhead = this.clock.now() - now;
    if (wallAhead > this.wallAhead + SLEPT_MS || now > this.askedAt + UNASKED_MS) this.listeningSince = now;
    this.askedAt = now;
    this.wallAhead = wallAhead;
    return millis(now - this.listeningSince);
  }

  connected(connection: Connection, known: Known): void {
    if (!this.admits(connection.machine, known)) return;
    const last = this.held.get(connection.machine)?.entry;
    this.take({ ...NOTHING, ...measurementsOf(last), ...this.heard(connection), sequence: 0 }, '');
  }

  report(connection: Connection, report: SequencedReport, known: Known): boolean {
    if (!this.admits(connection.machine, known)) return false;
    const last = this.held.get(connection.machine)?.entry;
    const before = last?.session === connection.session ? last.sequence : 0;
    if (report.sequence > before + MAX_SEQUENCE_AHEAD) {
      this.refused.sequenceTooFarAhead += 1;
      return false;
    }
    this.take({ ...measurementsOf(report), ...this.heard(connection), sequence: report.sequence }, '');
    return true;
  }

  disconnected(connection: Connection): void {
    const last = this.held.get(connection.machine)?.entry;
    if (last?.session !== connection.session) return;
    // silence counts from the last report: the end of a connection is no sign of life
    this.take({ ...last, sequence: last.sequence + 1, connected: false }, '');
  }

  merge(entries: readonly DeltaEntry[], from: string, known: Known): void {
    const now = this.clock.monotonic();
    for (const { ageMs, ...entry } of entries)
      if (this.admits(entry.machine, known)) this.take({ ...entry, heardAt: now - ageMs }, from);
  }

  deltaSince(version: number, to: string) {
    const now = this.clock.monotonic();
    const entries: DeltaEntry[] = [];
    for (const held of this.held.values()) {
      if (held.version <= version || (to !== '' && held.from === to)) continue;
      const { heardAt, ...entry } = held.entry;
      entries.push({ ...entry, ageMs: now - heardAt });
    }
    return { version: this.version, entries };
  }

  forget(machine: string): void {
    if (this.held.delete(machine)) this.changes.next(machine);
  }

  gatewayLost(gateway: string): void {
    if (this.lost.has(gateway)) return;
    this.lost.add(gateway);
    this.tellOf(gateway);
  }

  gatewayFound(gateway: string): void {
    if (this.lost.delete(gateway)) this.tellOf(gateway);
  }

  lastSession(machine: string): number {
    return this.held.get(machine)?.entry.session ?? 0;
  }

  gatewayOf(machine: string): string | null {
    return this.held.get(machine)?.entry.gateway ?? null;
  }

  machines(): readonly string[] {
    return [...this.held.keys()];
  }

  refusals(): Refusals {
    return { ...this.refused };
  }

  private admits(machine: string, known: Known): boolean {
    if (known(machine)) return true;
    this.refused.unknownMachine += 1;
    return false;
  }

  private heard(connection: Connection) {
    return { ...connection, connected: true, heardAt: this.clock.monotonic() };
  }

  private take(entry: Entry, from: string): void {
    const held = this.held.get(entry.machine);
    const joined = held === undefined ? entry : joinEntries(held.entry, entry);
    if (joined === held?.entry) return;
    if (held !== undefined && compareEntries(held.entry, joined) === 0) {
      held.entry = joined; // the same report, known to be older: no news for peers
      return;
    }
    this.version += 1;
    this.held.set(entry.machine, { entry: joined, version: this.version, from });
    if (held?.entry.connected !== joined.connected || held.entry.session !== joined.session)
      this.changes.next(entry.machine);
  }

  private tellOf(gateway: string): void {
    for (const { entry } of this.held.values())
      if (entry.gateway === gateway && entry.connected) this.changes.next(entry.machine);
  }
}

const measurementsOf = (source: Measurements = NOTHING): Measurements => ({
  load1: source.load1,
  memoryUsedBytes: source.memoryUsedBytes,
  memoryTotalBytes: source.memoryTotalBytes,
  diskUsedBytes: source.diskUsedBytes,
  diskTotalBytes: source.diskTotalBytes,
});

/** An empty view that begins to listen now. */
export const openObserved = (dependencies: { readonly clock: Clock }): Observed =>
  new ObservedView(dependencies.clock);
