/**
 * Token buckets as Amazon publishes them, by access key and action: one for calls and, for four actions, one for the
 * machines they name. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
import type { Quota } from '../api-types/kinds/cloud.js';
import type { Clock } from '../runtime/clock.js';
import type { Settings } from './settings.js';

interface Limits {
  readonly burst: number;
  readonly perSecond: number;
}

interface ActionLimits {
  readonly requests: Limits;
  readonly resources: Limits | null;
}

const limits = (burst: number, perSecond: number): Limits => ({ burst, perSecond });

const only = (requests: Limits): ActionLimits => ({ requests, resources: null });

const DESCRIBE = only(limits(100, 20));
const DESCRIBE_ALL = only(limits(50, 10));
const MUTATING = only(limits(50, 5));
const TAGGING = only(limits(100, 10));

const PUBLISHED: Readonly<Record<string, ActionLimits>> = {
  RunInstances: { requests: limits(5, 2), resources: limits(1000, 2) },
  StartInstances: { requests: limits(5, 2), resources: limits(1000, 2) },
  TerminateInstances: { requests: limits(100, 5), resources: limits(1000, 20) },
  StopInstances: { requests: MUTATING.requests, resources: limits(1000, 20) },
  CreateTags: TAGGING,
  DeleteTags: TAGGING,
};

/** Costly when asked for everything at once. */
const COSTLY_UNFILTERED: ReadonlySet<string> = new Set([
  'DescribeInstances',
  'DescribeInstanceStatus',
  'DescribeSecurityGroups',
]);

export interface Taking {
  readonly accessKey: string;
  readonly action: string;
  /** Neither filters nor ids nor MaxResults. */
  readonly everything: boolean;
  /** Machines that the call names or asks for. */
  readonly machines: number;
}

export interface Buckets {
  /** True when the call may go on; it has then paid. */
  take(call: Taking): boolean;
}

const publishedLimits = (call: Taking): ActionLimits => {
  const own = PUBLISHED[call.action];
  if (own !== undefined) return own;
  if (!/^(Describe|Get)/.test(call.action)) return MUTATING;
  return call.everything && COSTLY_UNFILTERED.has(call.action) ? DESCRIBE_ALL : DESCRIBE;
};

const raised = (published: ActionLimits, quota: Quota | undefined): ActionLimits => ({
  requests: limits(
    quota?.requestBurst ?? published.requests.burst,
    quota?.requestsPerSecond ?? published.requests.perSecond,
  ),
  resources:
    published.resources === null
      ? null
      : limits(
          quota?.resourceBurst ?? published.resources.burst,
          quota?.resourcesPerSecond ?? published.resources.perSecond,
        ),
});

interface Bucket {
  tokens: number;
  at: number;
}

/** Full buckets, or none at all with `unlimited`. */
export const makeBuckets = (clock: Clock, quotas: Settings['quotas']): Buckets => {
  if (quotas === 'unlimited') return { take: () => true };
  const buckets = new Map<string, Bucket>();
  const filled = (name: string, { burst, perSecond }: Limits): Bucket => {
    const now = clock.monotonic();
    const bucket = buckets.get(name) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    buckets.set(name, bucket);
    return bucket;
  };
  return {
    take: (call) => {
      const { requests, resources } = raised(publishedLimits(call), quotas[call.action]);
      const kind = call.everything && COSTLY_UNFILTERED.has(call.action) ? 'all' : 'some';
      const name = `${call.accessKey} ${call.action} ${kind}`;
      const request = filled(`${name} requests`, requests);
      const resource = resources === null ? null : filled(`${name} machines`, resources);
      if (request.tokens < 1 || (resource !== null && resource.tokens < call.machines)) return false;
      request.tokens -= 1;
      if (resource !== null) resource.tokens -= call.machines;
      return true;
    },
  };
};
