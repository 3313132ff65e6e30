/**
 * The port for load balancers that a cloud runs (target groups, classic load balancers): who their members are, and making
 * them so. HAProxy hosts are none of these: they are told by configure. Suite: test/conformance/balancers.ts.
 *
 * Contract
 * - Every call is idempotent: registering a member, or deregistering what is none, has no further effect. Registering one
 *   that is draining makes it a member again.
 * - `members` is whole or a failure: an error, a throttle or a short page never reads as "nobody is a member".
 * - Calls may take effect late (at most the endpoint's consistency window): callers look at `members` for what is so.
 * - One that leaves is given no new requests from then on. It is listed as `draining` until those that it has are through, or
 *   the balancer's own patience has ended; then it is listed no more.
 * - A machine that the cloud does not know is refused for itself; the others of the call are registered.
 * - Failures: `Transient` (`Throttled`, `CloudUnavailable`), `Stalled` (`NoSuchBalancer`, `BadCredentials`, `BadParameter`).
 *   Each call ends within 15 s.
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Failure } from '../runtime/failure.js';
import type { BatchOutcome } from './cloud.js';

/**
 * What the balancer itself says. joining: its first checks are not through; healthy: it is given requests; unhealthy: it is
 * not, until checks succeed; draining: it leaves; unknown: the balancer does not check, or cannot say.
 */
export const MEMBER_HEALTH = ['joining', 'healthy', 'unhealthy', 'draining', 'unknown'] as const;
export type MemberHealth = (typeof MEMBER_HEALTH)[number];

export interface BalancerMember {
  /** The id of the machine at the cloud. */
  readonly machine: string;
  readonly health: MemberHealth;
  /** Why, in the balancer's words; null: it says nothing. */
  readonly reason: string | null;
}

export interface Balancers {
  readonly description: string;
  /** All members, those that drain included. */
  members(balancer: string): TaskEither<Failure, readonly BalancerMember[]>;
  register(balancer: string, machines: readonly string[]): TaskEither<Failure, BatchOutcome>;
  deregister(balancer: string, machines: readonly string[]): TaskEither<Failure, BatchOutcome>;
}
