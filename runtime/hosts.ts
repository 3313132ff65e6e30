/** The Hosts port: what agents said of themselves lately. In memory, merged from all gateways, never in the store. */
import type { Observable } from 'rxjs';
import type { Millis } from '../api-types/units.js';

export interface ObservedHost {
  readonly machine: string;
  readonly session: number;
  readonly sequence: number;
  /** A gateway that we know of holds an open connection to it. */
  readonly connected: boolean;
  /** Since the last report, on this process's monotonic clock. */
  readonly silentFor: Millis;
  readonly load1: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly diskUsedBytes: number;
  readonly diskTotalBytes: number;
}

export interface Hosts {
  /** Null: nothing was heard of this machine since this process (or its view) began. */
  get(machine: string): ObservedHost | null;
  /** Machine ids that connected, disconnected or were heard of for the first time; not every heartbeat. */
  readonly changes$: Observable<string>;
  /**
   * How long this view has been listening: before a full round of heartbeats nothing can be said of silence. It begins
   * anew when this machine was suspended, this process was stopped or nobody asked for 30 s, or the wall clock was set
   * forward: it is to be asked all the time.
   */
  listeningFor(): Millis;
}
