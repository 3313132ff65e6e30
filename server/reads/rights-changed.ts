/** Whether what a caller may see has changed since they listed: a watch from there would leave things out. */
import type { GrantSpec } from '../../api-types/kinds/grant.js';
import type { Change, Live } from '../../store/objects/objects.js';
import type { Caller } from '../access/access.js';
import type { Context } from '../context.js';
import { expired } from '../statuses.js';

/** Clients list again: what they may not see any more is not in it, and what they may see now is. */
export const RIGHTS_CHANGED = expired(
  'what this watch may show has changed, since rights or the token have: list again and watch from there',
);

const names = (live: Live | null, { user, groups }: Caller): boolean => {
  if (live === null) return false;
  const spec = live.spec as GrantSpec;
  return spec.user === user || (spec.group !== undefined && groups.includes(spec.group));
};

const concerns = ({ ref, before, after }: Change, caller: Caller): boolean => {
  if (ref.kind === 'Grant') return names(before, caller) || names(after, caller);
  // tokens that come and go are in the record
  if (ref.kind !== 'User' || ref.name !== caller.user) return false;
  return JSON.stringify(before?.spec) !== JSON.stringify(after?.spec);
};

/** A Grant that names them, or their own User, has changed since this revision. */
export const rightsChangedSince = ({ ring }: Context, revision: number, caller: Caller): boolean => {
  for (const change of ring.since(revision)) if (concerns(change, caller)) return true;
  return false;
};
