/** What the planners look at: one role of one cluster, its slots, its launch attempts and what the cloud shows of them. */
import type { Doomed } from '../../api-types/kinds/instance.js';
import type { AgentRelease } from '../../api-types/agent-release.js';
import type { LaunchBatch } from '../../api-types/kinds/role.js';
import { seconds, minutes, type Millis } from '../../api-types/units.js';
import type { LaunchRequest, Machine } from '../../cloud/cloud.js';
import type { Failure } from '../../runtime/failure.js';
import type { Live } from '../../store/objects/objects.js';
import type { Consent } from './consent.js';

/** Bounds that only tests and operators of odd endpoints change. */
export interface InstancesSettings {
  /** How long an endpoint may hide what it has just launched. */
  readonly consistencyWindow: Millis;
  /** Lease that must be left before a cloud call starts. */
  readonly callTimeout: Millis;
  /** A client token older than this is not trusted to be remembered by the endpoint. */
  readonly tokenTrust: Millis;
  /** How long a batch that was closed short is remembered: for machines that appear late. */
  readonly keepClosed: Millis;
  /** A zone that had no capacity is left alone for this long. */
  readonly zoneShort: Millis;
  /** A terminate call that shows no effect is repeated after this long. */
  readonly repeatTerminate: Millis;
  /** How often machines in motion are described. */
  readonly pollEvery: Millis;
  /** Agents have this long to come back before their silence after our own start means anything. */
  readonly startGrace: Millis;
}

export const DEFAULT_SETTINGS: InstancesSettings = {
  consistencyWindow: seconds(10),
  callTimeout: seconds(2),
  tokenTrust: minutes(10),
  keepClosed: minutes(60),
  zoneShort: minutes(2),
  repeatTerminate: seconds(15),
  pollEvery: seconds(1),
  startGrace: seconds(60),
};

/** What is known of one machine beyond the record. */
export interface Seen {
  /** The cloud's last description, or null. */
  readonly machine: Machine | null;
  /** The cloud says it is no more: terminated, or absent from complete sweeps and unheard of. */
  readonly gone: boolean;
  /** Its agent can be told something; null: too early to say. */
  readonly connected: boolean | null;
}

export interface DoomedView {
  readonly entry: Doomed;
  readonly seen: Seen;
  /** The last terminate call of this process is long ago, or there was none. */
  readonly repeatDue: boolean;
}

/** An Instance of the role, `app-3`, with its machine and those it must still get rid of. */
export interface Slot {
  readonly name: string;
  readonly number: number;
  readonly live: Live<'Instance'>;
  /** Of the bound machine; null when there is none. */
  readonly seen: Seen | null;
  readonly doomed: readonly DoomedView[];
}

/** What became of this process's last RunInstances call for a batch. */
export interface Answer {
  readonly ids: readonly string[];
  readonly failure: Failure | null;
  /** Since the answer came. */
  readonly ago: Millis;
}

export interface BatchView {
  readonly batch: LaunchBatch;
  /** Machines that bear its tag or token, whatever their state, in launch order. */
  readonly machines: readonly Machine[];
  /** Null: this process has not called yet, or does not know what came of it. */
  readonly answer: Answer | null;
  /** Complete sweeps since the call (or since this process first saw the batch) plus the consistency window. */
  readonly sweepsSince: number;
}

export type CloudView =
  | { readonly state: 'missing' | 'unusable' }
  | {
      readonly state: 'usable';
      readonly honoursClientTokens: boolean;
      /** Bytes of user data that it is known to take; none: nothing is known. */
      readonly userDataBytes?: number;
    };

export interface RoleView {
  readonly now: Millis;
  readonly role: Live<'Role'>;
  readonly cluster: Live<'Cluster'> | null;
  readonly cloud: CloudView;
  /** By number. */
  readonly slots: readonly Slot[];
  readonly batches: readonly BatchView[];
  readonly consent: Consent;
  /** So much of the cluster is absent at once that the view itself is in doubt. */
  readonly blind: boolean;
  /** Agents had time to be heard of since this process began to listen. */
  readonly listening: boolean;
  readonly gateways: readonly string[];
  /** PEM of what agents must trust where a gateway is https; null: an issuer that everybody trusts. */
  readonly authority: string | null;
  /** What a bare image is to fetch; null: the image has the agent, or none was built. */
  readonly agent: AgentRelease | null;
  readonly settings: InstancesSettings;
  /** The call a batch stands for; the same for the same batch. */
  readonly request: (batch: LaunchBatch) => LaunchRequest;
}
