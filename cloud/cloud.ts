/**
 * The Cloud port: one endpoint that speaks the EC2 API, for one installation. One adapter, `ec2/`; it runs against
 * Amazon, private clouds and the local cloud alike. Suite: test/conformance/cloud.ts.
 *
 * Contract
 * - Every call is idempotent: a repeated one has no further effect.
 * - An answer is whole or a failure. An error, a throttle or a short page never reads as "gone".
 * - Calls wait for the client-side token budget of their action, and fail as `Transient` (`Throttled`,
 *   `retryAfter`) when the wait would be longer than half the call's timeout: waiting and calling together stay
 *   within it (30 s for RunInstances, 15 s for others).
 * - Failures: `Transient` (`Throttled`, `CloudUnavailable`, `NoCapacity`, `NotFoundYet`, `IncorrectState`, and
 *   `OutcomeUnknown` from RunInstances alone: it may have launched, the answer is lost),
 *   `Stalled` (`BadCredentials`, `BadParameter`, `QuotaExceeded`, `TokenMismatch`).
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { MachineState } from '../api-types/kinds/instance.js';
import type { Millis } from '../api-types/units.js';
import type { Failure } from '../runtime/failure.js';

/** Tags that say whose a machine is. Tags of people cannot shadow them. */
export const TAGS = {
  installation: 'scalarium:installation',
  cluster: 'scalarium:cluster',
  role: 'scalarium:role',
  batch: 'scalarium:batch',
  /** The slot (instance name), set once bound. */
  slot: 'scalarium:slot',
  /** What consoles show: `<cluster>/<slot>`. */
  name: 'Name',
} as const;

export type Tags = Readonly<Record<string, string>>;

export interface Machine {
  readonly id: string;
  readonly state: MachineState;
  readonly zone: string;
  readonly instanceType: string;
  readonly imageId: string;
  /** RFC 3339. */
  readonly launchedAt: string;
  /** Position within its RunInstances call. */
  readonly launchIndex: number;
  readonly privateAddress: string | null;
  readonly publicAddress: string | null;
  readonly clientToken: string | null;
  readonly tags: Tags;
  /** `Server.InternalError: …`, why it stopped or went, when the cloud says so. */
  readonly stateReason: string | null;
}

export interface LaunchRequest {
  /** Client token, at most 64 ASCII characters; the same token and parameters launch nothing more. */
  readonly token: string;
  readonly count: number;
  readonly zone: string;
  readonly subnetId: string | null;
  readonly imageId: string;
  readonly instanceType: string;
  readonly keyName: string | null;
  readonly tags: Tags;
  readonly userData: string;
}

/** What became of each id of a batched call: an id the endpoint refused does not keep the others from it. */
export interface BatchOutcome {
  readonly done: readonly string[];
  readonly failed: readonly { readonly id: string; readonly failure: Failure }[];
  /** Ids the endpoint says it does not know. */
  readonly unknown: readonly string[];
}

export interface MachineStatus {
  readonly id: string;
  /** Both status checks: `ok`, `impaired`, `initializing`, `insufficient-data`, `not-applicable`. */
  readonly system: string;
  readonly instance: string;
}

/** What an endpoint is and can do; found by a probe at start. */
export interface Capabilities {
  /** A repeated client token launches nothing more. Where false a launch is repeated only after proven absence. */
  readonly honoursClientTokens: boolean;
  readonly zones: readonly string[];
  /** An image to launch when the spec names none, or null. */
  readonly defaultImageId: string | null;
}

export interface Cloud {
  readonly description: string;
  /** Launches up to `count` machines (a short answer is an answer). Timeout 30 s. */
  runInstances(request: LaunchRequest): TaskEither<Failure, readonly Machine[]>;
  /** All machines with these tags, every page, terminated ones included while the endpoint shows them. */
  describeTagged(tags: Tags): TaskEither<Failure, readonly Machine[]>;
  /** These machines; `unknown` are ids the endpoint does not know (yet, or any more). */
  describeIds(
    ids: readonly string[],
  ): TaskEither<Failure, { readonly machines: readonly Machine[]; readonly unknown: readonly string[] }>;
  /** The machine's user data, decoded; null when it has none. For host drivers. */
  userData(id: string): TaskEither<Failure, string | null>;
  statuses(ids: readonly string[]): TaskEither<Failure, readonly MachineStatus[]>;
  start(ids: readonly string[]): TaskEither<Failure, BatchOutcome>;
  stop(ids: readonly string[]): TaskEither<Failure, BatchOutcome>;
  reboot(ids: readonly string[]): TaskEither<Failure, BatchOutcome>;
  terminate(ids: readonly string[]): TaskEither<Failure, BatchOutcome>;
  /** Sets tags on machines, each with its own; many machines with equal tags go in one call. */
  tag(machines: readonly { readonly id: string; readonly tags: Tags }[]): TaskEither<Failure, BatchOutcome>;
  capabilities(): TaskEither<Failure, Capabilities>;
  /** Calls made since the start, by action; for benchmarks and metrics. */
  calls(): Readonly<Record<string, number>>;
}

/**
 * The view of all our machines at one endpoint: a full, tag-filtered listing every sweep interval, kept in memory,
 * corrected by targeted describes and by what our own calls answered. A sweep that failed or ended early changes
 * nothing: absence only counts when `lastFullSweep` is newer than what it is compared with.
 */
export interface Machines {
  get(id: string): Machine | null;
  /** Those that bear the batch's tag, or were launched with its token. */
  ofBatch(batch: string): readonly Machine[];
  /** Monotonic time at which the last complete sweep *began*, or null when there was none yet. */
  lastFullSweep(): Millis | null;
  /** Ids whose description changed, appeared, or were missing from a complete sweep. */
  readonly changes$: Observable<string>;
  /** Describe these soon (within about 100 ms, many asks one call): after a disconnect, or after a call. */
  look(ids: readonly string[]): void;
  /** What a call of ours answered is fresher than the last sweep. */
  note(machines: readonly Machine[]): void;
  /** The last complete sweep did not list it, and it is older than the consistency window: really gone. */
  gone(id: string): boolean;
}

/** An endpoint in use. */
export interface OpenCloud {
  readonly cloud: Cloud;
  readonly machines: Machines;
  readonly capabilities: Capabilities;
}

/** The endpoints that Cloud objects name, opened and probed. */
export interface Clouds {
  /** Null: there is no such Cloud, or its probe has not succeeded yet. */
  get(name: string): OpenCloud | null;
  /** Names of Clouds that became usable, changed or went; and, as they change, none else. */
  readonly changes$: Observable<string>;
}
