/**
 * What the roles of a cluster share: who is a slot of which role, and which edits wait for consent. Kept from run to run,
 * so that a run for one role costs what has changed and not what the whole cluster is made of.
 */
import type { Live, Objects } from '../../store/objects/objects.js';
import { gathered, tallyOf, weighed, type Consent, type Edit, type Fleet, type Tally } from './consent.js';
import { roleOfSlot } from './slot-names.js';

interface KnownFleet extends Fleet {
  /** Instances that are slots of the role, in no order. */
  slotsOf(role: string): readonly Live<'Instance'>[];
  /** As `judgeEdits` has it. */
  consent(): Consent;
}

export interface Fleets {
  /** The cluster as the cache has it now. */
  of(cluster: string): KnownFleet;
}

type Instance = Live<'Instance'>;

/** Tells each object that is another than before; both lists are sorted by name, and what never changed is skipped. */
const compared = <A extends Live>(
  before: readonly A[],
  after: readonly A[],
  tell: (was: A | null, is: A | null) => void,
): void => {
  let at = 0;
  for (const is of after) {
    if (before[at] === is) {
      at += 1;
      continue;
    }
    for (let was = before[at]; was !== undefined && was.ref.name < is.ref.name; was = before[(at += 1)])
      tell(was, null);
    const was = before[at];
    const same = was?.ref.name === is.ref.name;
    if (same) at += 1;
    if (was !== is) tell(same ? was : null, is);
  }
  for (const was of before.slice(at)) tell(was, null);
};

/** Of a Cluster, what edits of people depend on. */
const mattersAlike = (one: Live<'Cluster'> | null, other: Live<'Cluster'> | null): boolean =>
  one?.deletion === other?.deletion &&
  (one === null) === (other === null) &&
  one?.frozen === other?.frozen &&
  one?.status.consentRevision === other?.status.consentRevision;

const groupOf = (instance: Instance): string => roleOfSlot(instance) ?? instance.spec.role;

/** The same edits from several groups as one; in the order of the hosts they end. */
const merged = (all: Iterable<readonly Edit[]>): readonly Edit[] => {
  const edits = new Map<string, { readonly edit: Edit; readonly hosts: string[] }>();
  for (const group of all)
    for (const edit of group) {
      const key = `${edit.kind}/${edit.name}`;
      const entry = edits.get(key) ?? { edit, hosts: [] };
      entry.hosts.push(...edit.hosts);
      edits.set(key, entry);
    }
  return [...edits.values()]
    .map(({ edit, hosts }) => ({ ...edit, hosts: hosts.sort() }))
    .sort((left, right) => ((left.hosts[0] ?? '') < (right.hosts[0] ?? '') ? -1 : 1));
};

class Followed implements KnownFleet {
  cluster: Live<'Cluster'> | null = null;
  roles: readonly Live<'Role'>[] = [];
  instances: readonly Instance[] = [];
  private readonly byName = new Map<string, Live<'Role'>>();
  private readonly groups = new Map<string, Map<string, Instance>>();
  private readonly edits = new Map<string, readonly Edit[]>();
  /** Groups whose edits must be looked for anew. */
  private readonly dirty = new Set<string>();
  private readonly tally: { -readonly [K in keyof Tally]: Tally[K] } = { bound: 0, removing: 0 };
  private judged: Consent | null = null;

  take({ cluster, roles, instances }: Fleet): void {
    if (cluster === this.cluster && roles === this.roles && instances === this.instances) return;
    this.judged = null;
    if (!mattersAlike(cluster, this.cluster)) for (const group of this.groups.keys()) this.dirty.add(group);
    compared(this.roles, roles, (was, is) => {
      const name = (is ?? was)?.ref.name ?? '';
      this.dirty.add(name);
      if (is === null) this.byName.delete(name);
      else this.byName.set(name, is);
    });
    compared(this.instances, instances, (was, is) => {
      if (was !== null) this.remove(was);
      if (is !== null) this.add(is);
    });
    Object.assign(this, { cluster, roles, instances });
  }

  slotsOf(role: string): readonly Instance[] {
    return [...(this.groups.get(role)?.values() ?? [])].filter((instance) => roleOfSlot(instance) === role);
  }

  consent(): Consent {
    for (const group of this.dirty) {
      const edits = this.editsOf(group);
      if (edits.length === 0) this.edits.delete(group);
      else this.edits.set(group, edits);
    }
    this.dirty.clear();
    this.judged ??= weighed(this.cluster, merged(this.edits.values()), this.tally);
    return this.judged;
  }

  private editsOf(group: string): readonly Edit[] {
    const role = this.byName.get(group);
    const instances = [...(this.groups.get(group)?.values() ?? [])];
    return gathered({ cluster: this.cluster, roles: role === undefined ? [] : [role], instances });
  }

  private remove(instance: Instance): void {
    const group = groupOf(instance);
    const there = this.groups.get(group);
    there?.delete(instance.ref.name);
    if (there?.size === 0) this.groups.delete(group);
    this.count(instance, -1);
    this.dirty.add(group);
  }

  private add(instance: Instance): void {
    const group = groupOf(instance);
    const there = this.groups.get(group) ?? new Map<string, Instance>();
    this.groups.set(group, there);
    there.set(instance.ref.name, instance);
    this.count(instance, 1);
    this.dirty.add(group);
  }

  private count(instance: Instance, sign: number): void {
    const { bound, removing } = tallyOf(instance);
    this.tally.bound += sign * bound;
    this.tally.removing += sign * removing;
  }
}

/** No cluster is known yet. */
export const createFleets = (objects: Objects): Fleets => {
  const known = new Map<string, Followed>();
  return {
    of: (name) => {
      const fleet = known.get(name) ?? new Followed();
      const cluster = objects.get({ kind: 'Cluster', cluster: null, name });
      fleet.take({
        cluster,
        roles: objects.list('Role', name),
        instances: objects.list('Instance', name),
      });
      if (cluster === null && fleet.roles.length === 0 && fleet.instances.length === 0) known.delete(name);
      else known.set(name, fleet);
      return fleet;
    },
  };
};
