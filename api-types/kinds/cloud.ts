/** Cloud: an endpoint that speaks the EC2 API. Cluster-wide. */
import * as t from 'io-ts';
import { NonEmpty, Url, fields, oneOf, wholeNumber } from '../words.js';
import { Conditions } from './conditions.js';

export const PROVIDERS = ['aws', 'eucalyptus', 'openstack', 'opennebula', 'nimbus', 'local'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** A client-side token bucket for one EC2 action; raise it when the account's quota was raised. */
export const Quota = fields(
  'Quota',
  {},
  {
    /** Calls that may be made at once. */
    requestBurst: wholeNumber(1, 100_000),
    /** Calls a second in the long run. */
    requestsPerSecond: wholeNumber(1, 100_000),
    /** Instances that may be named at once (RunInstances, StartInstances, StopInstances, TerminateInstances). */
    resourceBurst: wholeNumber(1, 1_000_000),
    /** Instances a second in the long run. */
    resourcesPerSecond: wholeNumber(1, 1_000_000),
  },
);
export interface Quota extends t.TypeOf<typeof Quota> {}

export const CloudSpec = fields(
  'CloudSpec',
  { provider: oneOf(PROVIDERS) },
  {
    /** The region calls are signed for; default `us-east-1`. */
    region: NonEmpty,
    /** Where the API is, when it is not Amazon's own address for the region. */
    endpoints: fields('Endpoints', {}, { ec2: Url }),
    /** By EC2 action name, as `RunInstances`. What is not named keeps Amazon's published bucket. */
    quotas: t.record(NonEmpty, Quota, 'quotas by EC2 action'),
  },
);
export interface CloudSpec extends t.TypeOf<typeof CloudSpec> {}

export const CloudStatus = fields(
  'CloudStatus',
  {},
  {
    observedGeneration: t.number,
    appliedGeneration: t.number,
    /** What the probe at start found: does a repeated client token launch nothing more? */
    honoursClientTokens: t.boolean,
    zones: t.readonlyArray(t.string),
    conditions: Conditions,
  },
);
export interface CloudStatus extends t.TypeOf<typeof CloudStatus> {}

export const cloudDefaults = (spec: CloudSpec): CloudSpec => ({ region: 'us-east-1', ...spec });
