/** The status of a Cloud, from what its probe said. Pure. */
import type { CloudStatus } from '../../api-types/kinds/cloud.js';
import { withCondition, type Condition, type Conditions } from '../../api-types/metadata.js';
import type { Capabilities } from '../../cloud/cloud.js';
import type { Failure } from '../../runtime/failure.js';

/** How it stands with the endpoint. */
export type Standing =
  | { readonly _tag: 'Usable'; readonly capabilities: Capabilities }
  | { readonly _tag: 'Failing'; readonly failure: Failure }
  | { readonly _tag: 'Leaving'; readonly clusters: readonly string[] };

export interface StatusInput {
  readonly name: string;
  /** The endpoint, for people. */
  readonly description: string;
  readonly standing: Standing;
  readonly generation: number;
  readonly before: CloudStatus;
  /** RFC 3339. */
  readonly now: string;
}

const ADVICE: Readonly<Record<string, string>> = {
  BadCredentials: "check the access key and what it may do, and this machine's clock",
  CloudUnavailable: 'check that the endpoint is right, up and reachable from here',
  Throttled: 'other tools on the account may use up its API quota',
  SecretNotFound: 'put the keys there: scalarium secret set NAME accessKeyId=- -n scalarium-system',
  SecretIncomplete: 'give the Secret what it lacks',
  SecretUnreadable: 'give the Secret its values anew',
  BadParameter: 'check provider, region and endpoints.ec2 of this Cloud',
};

const adviceOn = (failure: Failure): string => {
  const advice = ADVICE[failure.reason] ?? 'look at the endpoint';
  const again = failure._tag === 'Stalled' ? 'tried again every minute' : 'tried again in some seconds';
  return `${advice}; ${again}`;
};

type Said = Readonly<Record<'Ready' | 'Reconciling' | 'Stalled', Condition['status']>> & {
  readonly reason: string;
  readonly message: string;
};

const said = ({ name, description, standing }: StatusInput): Said => {
  if (standing._tag === 'Usable')
    return {
      Ready: 'True',
      Reconciling: 'False',
      Stalled: 'False',
      reason: 'Probed',
      message: `${description} answers`,
    };
  if (standing._tag === 'Leaving') {
    const message = `Cloud ${name} is deleted; kept until its clusters are gone: ${standing.clusters.join(', ')}`;
    return { Ready: 'False', Reconciling: 'True', Stalled: 'False', reason: 'InUse', message };
  }
  const { failure } = standing;
  const stuck = failure._tag === 'Stalled';
  return {
    Ready: 'False',
    Reconciling: stuck ? 'False' : 'True',
    Stalled: stuck ? 'True' : 'False',
    reason: failure.reason,
    message: `Cloud ${name} (${description}): ${failure.message}; ${adviceOn(failure)}`,
  };
};

const conditionsOf = (input: StatusInput): Conditions => {
  const { Ready, Reconciling, Stalled, reason, message } = said(input);
  const states = Object.entries({ Ready, Reconciling, Stalled });
  return states.reduce<Conditions>(
    (conditions, [type, status]) =>
      withCondition(conditions, {
        type,
        status,
        reason,
        message,
        lastTransitionTime: input.now,
        observedGeneration: input.generation,
      }),
    input.before.conditions ?? {},
  );
};

/** The merge patch on the Cloud's status; what was probed stays when a later probe fails. */
export const statusPatch = (input: StatusInput): Readonly<Record<string, unknown>> => {
  const { standing, generation } = input;
  const { Ready, Reconciling, Stalled } = conditionsOf(input);
  const found =
    standing._tag === 'Usable'
      ? {
          appliedGeneration: generation,
          honoursClientTokens: standing.capabilities.honoursClientTokens,
          zones: standing.capabilities.zones,
        }
      : {};
  return { observedGeneration: generation, ...found, conditions: { Ready, Reconciling, Stalled } };
};
