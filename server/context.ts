/** What every request handler is given, and what it answers. */
import type * as E from 'fp-ts/lib/Either.js';
import type { Planner } from '../api-types/plan.js';
import type { Status } from '../api-types/status.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import type { Sealer } from '../runtime/sealing.js';
import type { Objects } from '../store/objects/objects.js';
import type { Access } from './access/access.js';
import type { Audit } from './audit/audit.js';
import type { Logs } from './logs/logs.js';
import type { Metric } from './metrics.js';
import type { Patience } from './patience.js';
import type { Webhooks } from './webhooks/webhooks.js';
import type { Watches } from './reads/watches.js';
import type { Ring } from './ring.js';

export interface Context {
  readonly objects: Objects;
  readonly plan: Planner;
  readonly access: Access;
  readonly audit: Audit;
  /** Opens and seals the values of Secrets. */
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly metrics: () => readonly Metric[];
  readonly ring: Ring;
  readonly watches: Watches;
  readonly logs: Logs;
  readonly webhooks: Webhooks;
  readonly patience: Patience;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

/**
 * What a write made of its object, for the audit log: the object as the API shows it, without status and managed fields.
 * Secret values are as the API would show them to somebody who may read them: who writes the log masks them.
 */
export interface AuditedChange {
  /** Null: it was not there. */
  readonly before: unknown;
  /** Null: it was deleted. */
  readonly after: unknown;
  /** What was done, where the request does not say it (`reveal`, `login`): with it, a read is worth a line. */
  readonly verb?: string;
  /** Who it turned out to be, or said they were, where nobody had to say so before. */
  readonly user?: string;
  /** Nothing was stored, where the query does not say so (DeleteOptions). */
  readonly dryRun?: boolean;
}

export interface Reply {
  readonly code: number;
  /** JSON when it is neither text nor bytes. */
  readonly body: unknown;
  readonly type?: string;
  /** For people, each in a `Warning:` header. */
  readonly warnings?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly audit?: AuditedChange;
}

export type Answer = E.Either<Status, Reply>;
