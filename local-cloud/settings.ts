/** How the local cloud behaves when nothing is wrong; faults are told to it later, through the admin door. */
import type { Quota } from '../api-types/kinds/cloud.js';
import { hours, millis, minutes, type Millis } from '../api-types/units.js';

export const REGION = 'local';
export const ZONES = ['local-1', 'local-2', 'local-3'] as const;
export const OWNER = '000000000000';

export interface Settings {
  /** Mean time pending → running. */
  readonly boot: Millis;
  /** A boot takes `boot` ± this, evenly spread. */
  readonly bootSpread: Millis;
  /** Time stopping → stopped. */
  readonly stop: Millis;
  /** Time shutting-down → terminated. */
  readonly terminate: Millis;
  /** How long a terminated machine stays listed. */
  readonly terminatedVisible: Millis;
  /** How long a client token is remembered after its launch. */
  readonly tokenKept: Millis;
  /** Status checks say `initializing` this long after a machine began to run. */
  readonly initializing: Millis;
  /** A signature's date may differ from our clock by this much. */
  readonly clockSkew: Millis;
  /** Raises (or lowers) Amazon's published buckets by action; `unlimited`: no throttling. */
  readonly quotas: Readonly<Record<string, Quota>> | 'unlimited';
}

export const DEFAULT_SETTINGS: Settings = {
  boot: millis(2000),
  bootSpread: millis(1000),
  stop: millis(500),
  terminate: millis(500),
  terminatedVisible: hours(1),
  tokenKept: hours(24),
  initializing: millis(0),
  clockSkew: minutes(5),
  quotas: {},
};
