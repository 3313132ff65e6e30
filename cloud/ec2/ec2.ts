/** The Cloud port on the EC2 API: Amazon, private clouds and the local cloud alike. */
import type { Provider, Quota } from '../../api-types/kinds/cloud.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Cloud } from '../cloud.js';
import { actingCalls } from './acting.js';
import { createBudget } from './budget.js';
import { createCaller, createClient, type Credentials } from './client.js';
import { probe } from './probe.js';
import { quirksOf } from './quirks.js';
import { readingCalls } from './reading.js';

export type { Credentials } from './client.js';

export interface Ec2Options {
  /** Null: Amazon's own address for the region. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly provider: Provider;
  /** Null: the SDK's default chain. */
  readonly credentials: Credentials | null;
  /** By EC2 action, in place of the published buckets. */
  readonly quotas: Readonly<Record<string, Quota>>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/** Opens an endpoint; nothing is called until the first question. */
export const openEc2Cloud = (options: Ec2Options): Cloud => {
  const { region, provider, clock, chance, log } = options;
  const endpoint = options.endpoint ?? `https://ec2.${region}.amazonaws.com`;
  const client = createClient(options);
  const budget = createBudget(options.quotas, clock);
  const caller = createCaller({ client, endpoint, budget, clock, log: log.with({ endpoint }) });
  return {
    description: `${provider} at ${endpoint} (${region})`,
    ...readingCalls(caller),
    ...actingCalls(caller),
    capabilities: () => probe(caller, quirksOf(provider), chance),
    calls: caller.calls,
  };
};
