/** Cloud: an endpoint that speaks the EC2 API. Cluster-wide. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { Name, Integer, NonEmpty, Url, fields, oneOf, wholeNumber } from '../words.js';
import { APPLIED_GENERATION, Conditions, OBSERVED_GENERATION } from './conditions.js';

export const PROVIDERS = ['aws', 'eucalyptus', 'openstack', 'opennebula', 'nimbus', 'local'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** The region of a Cloud that names none. */
export const REGION = 'us-east-1';

const AMAZONS = { otherwise: 'the bucket that Amazon publishes for the action' };

/** A client-side token bucket for one EC2 action. */
export const Quota = fields(
  'Quota',
  {},
  {
    requestBurst: described(
      wholeNumber(1, 100_000),
      'How many calls of the action may be made at once, before the bucket is empty.',
      { ...AMAZONS, unit: 'calls' },
    ),
    requestsPerSecond: described(
      wholeNumber(1, 100_000),
      'How fast the bucket of calls fills up again: what can be kept up in the long run.',
      { ...AMAZONS, unit: 'calls per second' },
    ),
    resourceBurst: described(
      wholeNumber(1, 1_000_000),
      'How many instances may be named at once, all calls together. Counts for RunInstances, StartInstances, StopInstances and TerminateInstances only.',
      { ...AMAZONS, unit: 'instances' },
    ),
    resourcesPerSecond: described(
      wholeNumber(1, 1_000_000),
      'How fast the bucket of instances fills up again.',
      { ...AMAZONS, unit: 'instances per second' },
    ),
  },
);
export interface Quota extends t.TypeOf<typeof Quota> {}

const Endpoints = fields(
  'Endpoints',
  {},
  {
    ec2: described(Url, 'The address of the EC2 API, as http://cloud.example:8773/services/Cloud.', {
      otherwise: "Amazon's own address for the region",
    }),
  },
);

export const CloudCredentialsReference = fields(
  'CloudCredentialsReference',
  {
    secret: described(
      Name,
      'The name of a Secret in the namespace scalarium-system. It holds accessKeyId and secretAccessKey, and may hold sessionToken. A change of it is taken up at once.',
    ),
  },
  {},
);

export const CloudSpec = fields(
  'CloudSpec',
  {
    provider: described(
      oneOf(PROVIDERS),
      'Which implementation of the EC2 API answers there. It decides which calls are avoided and how errors are read; `local` is the cloud that `scalarium up` brings up on this machine.',
    ),
  },
  {
    region: described(
      NonEmpty,
      'The region that calls are signed for. Private clouds mostly do not care; Amazon refuses a wrong one.',
      { default: REGION },
    ),
    endpoints: described(Endpoints, "Where the APIs are, when they are not at Amazon's own addresses.", {
      otherwise: "Amazon's own addresses for the region",
    }),
    credentials: described(CloudCredentialsReference, 'What calls are signed with.', {
      otherwise:
        'the keys the control plane was started with, else what the AWS SDK finds (environment, shared files, instance profile)',
    }),
    quotas: described(
      t.record(NonEmpty, Quota, 'quotas by EC2 action'),
      'Budgets of calls by the name of the EC2 action, as RunInstances. The control plane slows itself down before the endpoint does. Raise one when the quota of the account was raised.',
      { otherwise: 'for each action the bucket that Amazon publishes' },
    ),
  },
);
export interface CloudSpec extends t.TypeOf<typeof CloudSpec> {}

export const CloudStatus = fields(
  'CloudStatus',
  {},
  {
    observedGeneration: described(Integer, OBSERVED_GENERATION),
    appliedGeneration: described(Integer, APPLIED_GENERATION),
    honoursClientTokens: described(
      t.boolean,
      'What a probe found: does a launch that is repeated with the same client token start nothing more? Where it is false, a launch whose answer was lost is looked for by its tag before it is repeated.',
    ),
    zones: described(t.readonlyArray(t.string), 'The zones that the endpoint offers to this account.'),
    conditions: described(
      Conditions,
      'Ready: the endpoint answers and takes the credentials; the message says what is wrong otherwise. Reconciling, Stalled: work is going on, or cannot. Valid: the spec can be read.',
    ),
  },
);
export interface CloudStatus extends t.TypeOf<typeof CloudStatus> {}

export const cloudDefaults = (spec: CloudSpec): CloudSpec => ({ region: REGION, ...spec });
