/** How a Deployment proceeds over the hosts of an application. */
import * as t from 'io-ts';
import { described } from './described.js';
import { CountOrPercentage, NonEmpty, Seconds, Url, fields, oneOf, refined, wholeNumber } from './words.js';

export const STRATEGIES = ['rolling', 'canary', 'blue-green', 'all-at-once'] as const;

/** Exactly one bound: what a measured number has to stay on which side of. */
const MetricRuleFields = fields(
  'MetricRule',
  {
    url: described(Url, 'The base URL of a Prometheus, as the control plane reaches it.'),
    query: described(NonEmpty, 'What it is asked: PromQL that gives one number.'),
  },
  {
    below: described(t.number, 'The number has to stay below this.'),
    above: described(t.number, 'The number has to stay above this.'),
  },
);
type MetricRuleFields = t.TypeOf<typeof MetricRuleFields>;

export const MetricRule = refined(
  MetricRuleFields,
  'a rule with either below or above',
  ({ below, above }: MetricRuleFields) => (below === undefined) !== (above === undefined),
);
export interface MetricRule extends MetricRuleFields {}

export const Canary = fields(
  'Canary',
  {},
  {
    hosts: described(CountOrPercentage, 'How many hosts are first; 1 or "10%".', { otherwise: '1' }),
    waitSeconds: described(Seconds, 'How long it is looked at before the rest follows.', {
      otherwise: 'until somebody says so (scalarium deployment promote)',
      unit: 'seconds',
    }),
    metric: described(
      MetricRule,
      'Has to hold all the time while it is waited; where it does not, the Deployment has failed. Where it cannot be measured nothing is promoted.',
      { otherwise: 'nothing is measured' },
    ),
  },
);
export interface Canary extends t.TypeOf<typeof Canary> {}

/** What a process of HAProxy that was replaced has, too (hardStopSeconds). */
export const LONGEST_DRAIN = 600;
export const DRAIN_SECONDS = 5;

export const DeploymentStrategy = fields(
  'DeploymentStrategy',
  {
    type: described(
      oneOf(STRATEGIES),
      'rolling: batch after batch. canary: a first batch, then a wait, then batch after batch. blue-green: as many new hosts, then all requests go to them at once. all-at-once: every host at the same time.',
    ),
  },
  {
    batch: described(CountOrPercentage, 'rolling, canary: how many hosts at a time; 2 or "25%".', {
      otherwise: '25%',
    }),
    maxUnavailable: described(
      CountOrPercentage,
      'rolling, canary: how many hosts may be out of service at a time, those included that are out for other reasons.',
      { otherwise: 'as many as a batch has' },
    ),
    byZone: described(t.boolean, 'A batch has hosts of one zone only.', { otherwise: 'false' }),
    pauseSeconds: described(Seconds, 'Between batches.', { otherwise: '0', unit: 'seconds' }),
    drainSeconds: described(
      wholeNumber(0, LONGEST_DRAIN),
      'How long requests that a host has may take to end after its load balancers gave it its last; nothing is done to it before.',
      { otherwise: `the Application's, or ${String(DRAIN_SECONDS)}`, unit: 'seconds' },
    ),
    canary: described(Canary, 'canary: the first batch, and when it is followed.'),
    keepSeconds: described(
      Seconds,
      'blue-green: how long the hosts of before are kept, to go back to at once.',
      { otherwise: '600', unit: 'seconds' },
    ),
  },
);
export interface DeploymentStrategy extends t.TypeOf<typeof DeploymentStrategy> {}

/** How long requests last is a matter of the application, however it is deployed this time. */
export const drainSecondsOf = (
  wished: DeploymentStrategy | undefined,
  own: DeploymentStrategy | undefined,
): number => wished?.drainSeconds ?? own?.drainSeconds ?? DRAIN_SECONDS;

/** How long a host may take for a step, where a Deployment says nothing. */
export const DEPLOY_TIMEOUT_SECONDS = 600;
export const DeployTimeout = wholeNumber(1, 86_400);
