/** Agents older than the control plane: what they cannot do they are not told, since they would do something else. Pure. */
import { ABILITIES, type Ability } from '../../api-types/agent-protocol.js';
import type { EventResult, LifecycleEventStatus } from '../../api-types/kinds/lifecycle-event.js';
import type { Link } from './link.js';
import type { Order } from './orders.js';

const WORDS: Readonly<Record<Ability, string>> = {
  deploy: 'deploy',
  undeploy: 'undeploy',
  recipes: 'runs of recipes',
  dryRun: 'dry runs',
  releases: 'releases of applications',
};

/** What an agent must be able to do to carry this out. */
export const needsOf = ({
  event,
  recipes,
  dryRun,
  deployment,
}: Pick<LifecycleEventStatus, 'event' | 'recipes' | 'dryRun' | 'deployment'>): readonly Ability[] => {
  const needed: Readonly<Record<Ability, boolean>> = {
    deploy: event === 'deploy',
    undeploy: event === 'undeploy',
    recipes: recipes !== undefined,
    dryRun: dryRun === true,
    releases: deployment !== undefined,
  };
  return ABILITIES.filter((ability) => needed[ability]);
};

/** The result of an order that the agent at the other end cannot carry out; null: it can. `at`: RFC 3339. */
export const refusalOf = (
  { host, agent }: Pick<Link, 'host' | 'agent'>,
  { name, needs }: Pick<Order, 'name' | 'needs'>,
  at: string,
): EventResult | null => {
  const lacks = needs.filter((ability) => !agent.can.includes(ability)).map((ability) => WORDS[ability]);
  if (lacks.length === 0) return null;
  const { instance } = host.place;
  return {
    event: name,
    instance,
    machine: host.machine,
    state: 'failed',
    attempt: 1,
    startedAt: at,
    finishedAt: at,
    message: `the agent on ${instance} (version ${agent.version}) is too old for ${lacks.join(' and ')}: update it or replace the host`,
  };
};
