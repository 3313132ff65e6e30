/** May this machine have a credential? A pure function of what it asks and what the records say. */
import type { EnrolRequest } from '../../api-types/agent-protocol.js';
import type { LaunchBatch } from '../../api-types/kinds/role.js';
import type { Place } from './places.js';

export type Verdict =
  | { readonly _tag: 'Admit'; readonly place: Place }
  /** Its launch is not recorded yet: ask again. */
  | { readonly _tag: 'NotYet' }
  | {
      readonly _tag: 'Refuse';
      readonly code: 401 | 403;
      readonly reason: 'BadToken' | 'NotOfBatch' | 'Spent';
      readonly message: string;
    };

export interface EnrolFacts {
  readonly tokenHolds: boolean;
  readonly place: Place | null;
  readonly batch: LaunchBatch | null;
  /** The machine's credential is in use, though that may not be recorded yet. */
  readonly inUse: boolean;
}

const refuse = (code: 401 | 403, reason: 'BadToken' | 'NotOfBatch' | 'Spent', message: string): Verdict => ({
  _tag: 'Refuse',
  code,
  reason,
  message,
});

const matches = (request: EnrolRequest, place: Place): boolean =>
  place.batch === request.batch && place.cluster === request.cluster && place.role === request.role;

/** Refusals say which machine and why, never what would have been right. */
export const judgeEnrolment = (request: EnrolRequest, facts: EnrolFacts): Verdict => {
  const { tokenHolds, place, batch, inUse } = facts;
  if (!tokenHolds)
    return refuse(401, 'BadToken', `machine ${request.machine}: the batch token does not hold`);
  if (place === null) {
    if (batch !== null && batch.closed !== true) return { _tag: 'NotYet' };
    return refuse(403, 'NotOfBatch', `machine ${request.machine} fills no slot of batch ${request.batch}`);
  }
  if (!matches(request, place))
    return refuse(403, 'NotOfBatch', `machine ${request.machine} fills no slot of batch ${request.batch}`);
  if (place.spoken || inUse)
    return refuse(
      403,
      'Spent',
      `machine ${request.machine} has enrolled and used its credential: its place is spent`,
    );
  return { _tag: 'Admit', place };
};
