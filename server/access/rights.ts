/** May they? From what is known of the caller and their grants to an answer with its reason. Pure. */
import type { Level } from '../../api-types/kinds/grant.js';
import type { KindName } from '../../api-types/kinds.js';
import { API_GROUP } from '../../api-types/metadata.js';
import type { Live, Ref } from '../../store/objects/objects.js';
import type { Attributes, Decision } from './access.js';
import { type Content, type Look, rolesConcerned } from './concerns.js';
import { type Held, type Part, grantGiving, heldText, insteadText } from './grants.js';
import { type Need, type Reach, needOf, needOfPath } from './least.js';

/** What is known of a caller at this moment. */
export interface Facts {
  readonly user: string;
  readonly groups: readonly string[];
  readonly admin: boolean;
  /** The slot whose machine's agent it is, or null. */
  readonly agent: { readonly cluster: string; readonly instance: string; readonly role: string } | null;
  /** Grants that name them, by cluster. */
  readonly grants: ReadonlyMap<string, readonly Held[]>;
}

const yes = (reason: string): Decision => ({ allowed: true, reason });
const no = (reason: string): Decision => ({ allowed: false, reason });

const heldIn = ({ grants }: Facts, cluster: string): readonly Held[] => grants.get(cluster) ?? [];

/** Their own grant: it names them or a group of theirs, and nobody denies them the cluster. */
const isOwn = (facts: Facts, { ref }: Content): boolean => {
  const held = heldIn(facts, ref.cluster ?? '');
  return held.some(({ name }) => name === ref.name) && grantGiving(held, 'show', { part: 'any' }) !== null;
};

const wordsOf = (level: Level, cluster: string, part: Part): string => {
  const scope =
    part.part === 'whole'
      ? `the whole of cluster ${cluster}`
      : part.part === 'roles' && part.roles.length > 0
        ? `role ${part.roles.join(', ')} in cluster ${cluster}`
        : `cluster ${cluster}`;
  return `needs ${level} in ${scope}`;
};

const byGrant = (facts: Facts, level: Level, cluster: string, part: Part): Decision => {
  const held = heldIn(facts, cluster);
  const by = grantGiving(held, level, part);
  if (by !== null) return yes(heldText(by));
  return no(`${wordsOf(level, cluster, part)}; ${facts.user} has ${insteadText(held, part)}`);
};

const anywhere = (facts: Facts): Decision => {
  for (const held of facts.grants.values()) {
    const by = grantGiving(held, 'show', { part: 'any' });
    if (by !== null) return yes(heldText(by));
  }
  return no(`needs show in any cluster; ${facts.user} has no grant that gives it`);
};

/** What of a cluster a request is about, by what is there now. */
interface About {
  readonly kind: KindName | null;
  readonly cluster: string | null;
  readonly name: string | null;
  readonly live: Content | null;
  /** All roles must be covered: something is changed. */
  readonly every: boolean;
}

const partOf = (reach: Reach, { kind, name, live, every }: About, look: Look): Part => {
  if (reach !== 'roles') return { part: reach };
  // a Role's name is its role: whether it is there makes no difference to who may not see it
  if (kind === 'Role' && name !== null) return { part: 'roles', roles: [name], every };
  // collections are filtered; of what is not there, the answer may say so
  if (name === null || live === null) return { part: 'any' };
  return { part: 'roles', roles: rolesConcerned(live, look), every };
};

type LevelNeed = Extract<Need, { need: 'level' }>;

const leveled = (facts: Facts, need: LevelNeed, about: About, look: Look): Decision => {
  if (about.cluster === null) return no(`needs an admin; ${facts.user} is none`);
  if (need.orOwn === true && about.live !== null && isOwn(facts, about.live)) return yes('their own grant');
  return byGrant(facts, need.level, about.cluster, partOf(need.reach, about, look));
};

const weighed = (facts: Facts, need: Need, about: About, look: Look): Decision => {
  switch (need.need) {
    case 'anyone':
      return yes('open to everybody who has a token');
    case 'anywhere':
      return anywhere(facts);
    case 'self':
      if (about.name === facts.user) return yes('their own User');
      return no(`needs an admin, or to be the User "${about.name ?? ''}"; ${facts.user} is neither`);
    case 'admin':
      return no(`needs an admin; ${facts.user} is none`);
    case 'level':
      return leveled(facts, need, about, look);
  }
};

const ADMIN = yes('an admin');
const READS = ['get', 'head', 'list', 'watch'];
const COLLECTIONS = ['list', 'watch'];

/** An agent gets its own Instance, its Cluster and its Role. */
const agentGets = ({ agent }: Facts, { kind, cluster, name }: Ref): boolean => {
  if (agent === null) return false;
  if (kind === 'Cluster') return name === agent.cluster;
  if (cluster !== agent.cluster) return false;
  return (kind === 'Instance' && name === agent.instance) || (kind === 'Role' && name === agent.role);
};

const ofAgent = (facts: Facts, { verb, resource }: Attributes): Decision => {
  const refused = no('an agent may get its own Instance, its Cluster and its Role, and nothing else');
  if (resource === null || !['get', 'head'].includes(verb) || resource.sub !== null) return refused;
  const { view, cluster, name } = resource;
  if (view.group !== API_GROUP || name === null) return refused;
  return agentGets(facts, { kind: view.source, cluster, name }) ? yes('its own') : refused;
};

type Resource = NonNullable<Attributes['resource']>;

/** Clusters have no cluster, they are one. */
const clusterOf = ({ view, cluster, name }: Resource): string | null =>
  view.source === 'Cluster' && !view.namespaced ? name : cluster;

const ofResource = (facts: Facts, verb: string, resource: Resource, look: Look): Decision => {
  const { view, name, sub } = resource;
  const collection = COLLECTIONS.includes(verb);
  const cluster = clusterOf(resource);
  if (collection && view.namespaced && cluster === null)
    return yes('across clusters, everybody sees what they may see');
  const live = name === null ? null : look({ kind: view.source, cluster: resource.cluster, name });
  const need = needOf(view.kind, verb, sub);
  // "watch one object" is that object's affair; a list by name is filtered like any
  return weighed(facts, need, { kind: view.source, cluster, name, live, every: !READS.includes(verb) }, look);
};

/** Whether the caller may do what is asked. */
export const decide = (facts: Facts, asked: Attributes, look: Look): Decision => {
  if (facts.agent !== null) return ofAgent(facts, asked);
  if (facts.admin) return ADMIN;
  if (asked.resource !== null) return ofResource(facts, asked.verb, asked.resource, look);
  return weighed(
    facts,
    needOfPath(asked),
    { kind: null, cluster: null, name: null, live: null, every: false },
    look,
  );
};

const aboutLive = (live: Content, every: boolean): About => ({
  kind: live.ref.kind,
  cluster: live.ref.kind === 'Cluster' ? live.ref.name : live.ref.cluster,
  name: live.ref.name,
  live,
  every,
});

/** Whether an object is in the caller's lists and watches. */
export const sees = (facts: Facts, live: Live, look: Look): boolean => {
  if (facts.admin) return true;
  if (facts.agent !== null) return agentGets(facts, live.ref);
  return weighed(facts, needOf(live.ref.kind, 'get'), aboutLive(live, false), look).allowed;
};

/** Whether the caller may do `verb` to this very object. */
export const mayDo = (facts: Facts, verb: string, live: Content, look: Look): Decision => {
  if (facts.agent !== null) return no('an agent changes nothing');
  if (facts.admin) return ADMIN;
  return weighed(facts, needOf(live.ref.kind, verb), aboutLive(live, true), look);
};
