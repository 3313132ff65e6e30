/**
 * Amazon's published buckets, per account and region, and what of them we use.
 * Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
import type { Quota } from '../../api-types/kinds/cloud.js';
import type { Bucket } from './bucket.js';

/** The EC2 actions the adapter calls. */
export type Ec2Action =
  | 'RunInstances'
  | 'DescribeInstances'
  | 'DescribeInstanceStatus'
  | 'DescribeInstanceAttribute'
  | 'DescribeAvailabilityZones'
  | 'DescribeImages'
  | 'StartInstances'
  | 'StopInstances'
  | 'RebootInstances'
  | 'TerminateInstances'
  | 'CreateTags';

export interface Buckets {
  readonly request: Bucket;
  /** One token an instance; null: the action has no such bucket. */
  readonly resource: Bucket | null;
}

const describe: Buckets = { request: { burst: 100, perSecond: 20 }, resource: null };

export const PUBLISHED: Readonly<Record<Ec2Action, Buckets>> = {
  RunInstances: { request: { burst: 5, perSecond: 2 }, resource: { burst: 1000, perSecond: 2 } },
  StartInstances: { request: { burst: 5, perSecond: 2 }, resource: { burst: 1000, perSecond: 2 } },
  StopInstances: { request: { burst: 50, perSecond: 5 }, resource: { burst: 1000, perSecond: 20 } },
  TerminateInstances: { request: { burst: 100, perSecond: 5 }, resource: { burst: 1000, perSecond: 20 } },
  RebootInstances: { request: { burst: 50, perSecond: 5 }, resource: null },
  CreateTags: { request: { burst: 100, perSecond: 10 }, resource: null },
  DescribeInstances: describe,
  DescribeInstanceStatus: describe,
  DescribeInstanceAttribute: describe,
  DescribeAvailabilityZones: describe,
  DescribeImages: describe,
};

/** Left to other tools on the account: a tenth of what flows in, and of bursts that can spare it. */
const SHARE = 0.9;
const SPARING_BURST = 50;

const ours = ({ burst, perSecond }: Bucket, spare: boolean): Bucket => ({
  burst: spare && burst >= SPARING_BURST ? Math.floor(burst * SHARE) : burst,
  perSecond: perSecond * SHARE,
});

const raised = (bucket: Bucket, burst: number | undefined, perSecond: number | undefined): Bucket => ({
  burst: burst ?? bucket.burst,
  perSecond: perSecond ?? bucket.perSecond,
});

/**
 * The buckets we keep to: the published ones, with the Cloud's quotas in place of what they name, less our reserve.
 * The burst of instances is used whole: a launch of a thousand must not wait for a refill of two a second.
 */
export const bucketsFor = (action: Ec2Action, quotas: Readonly<Record<string, Quota>>): Buckets => {
  const published = PUBLISHED[action];
  const quota: Quota = quotas[action] ?? {};
  const request = raised(published.request, quota.requestBurst, quota.requestsPerSecond);
  const resource =
    published.resource === null
      ? null
      : raised(published.resource, quota.resourceBurst, quota.resourcesPerSecond);
  return { request: ours(request, true), resource: resource === null ? null : ours(resource, false) };
};
