/** What the API says of a User's record, and of kinds that no controller has anything to say about. */
import type { UserStatus } from '../../api-types/kinds/user.js';
import { type Condition, type Conditions, withCondition } from '../../api-types/metadata.js';
import { problemText } from '../../api-types/problems.js';
import type { Live } from '../../store/objects/objects.js';

/** Kinds that are in force the moment they are written. */
const AT_ONCE = ['User', 'Grant', 'Secret'];

/** When a password was set and what tokens there are; never a hash. */
export const shownUserStatus = (status: UserStatus): object => {
  const { password, tokens, ...rest } = status;
  const shown = Object.entries(tokens ?? {}).map(([name, { createdAt, expiresAt }]) => [
    name,
    { createdAt, ...(expiresAt === undefined ? {} : { expiresAt }) },
  ]);
  return {
    ...rest,
    ...(password === undefined ? {} : { password: { changedAt: password.changedAt } }),
    ...(shown.length === 0 ? {} : { tokens: Object.fromEntries(shown) as object }),
  };
};

const readyOf = (live: Live): Condition => {
  const frozen = live.frozen;
  return {
    type: 'Ready',
    status: frozen === null ? 'True' : 'False',
    reason: frozen === null ? 'InForce' : 'Frozen',
    message:
      frozen === null
        ? ''
        : `the newest edit does not decode and is not in force: ${frozen.problems.map(problemText).join('; ')}`,
    lastTransitionTime: live.createdAt,
    observedGeneration: live.generation,
  };
};

/** The conditions of the record, and `Ready` for kinds without a controller: people wait for it. */
export const shownConditions = (live: Live): Conditions | undefined => {
  const { conditions } = live.status as { readonly conditions?: Conditions };
  return AT_ONCE.includes(live.ref.kind) ? withCondition(conditions ?? {}, readyOf(live)) : conditions;
};
