/** Launch attempts, pure: which slots go into which batch, the call a batch stands for, and which machine fills which slot. */
import { createHash } from 'node:crypto';
import type { AgentConfig } from '../../api-types/agent-protocol.js';
import type { LaunchBatch } from '../../api-types/kinds/role.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import { batchToken } from '../../runtime/tokens.js';
import { TAGS, type LaunchRequest, type Machine } from '../../cloud/cloud.js';
import { userData } from './user-data.js';
import type { BatchView, RoleView, Slot } from './view.js';

/** More hosts in one call are launched more slowly (Amazon's own advice). */
const MOST_SLOTS = 100;

export interface LaunchContext {
  readonly installation: string;
  readonly installationKey: Buffer;
  readonly cluster: string;
  readonly role: string;
}

const configOf = (context: LaunchContext, batch: LaunchBatch): AgentConfig => ({
  installation: context.installation,
  cluster: context.cluster,
  role: context.role,
  batch: batch.id,
  token: batchToken(context.installationKey, batch.id),
  gateways: batch.gateways,
  ...(batch.ca === undefined ? {} : { ca: batch.ca }),
});

/** The call a batch stands for: made of the record and the installation key alone, so a repeat is the same call. */
export const requestOf = (context: LaunchContext, batch: LaunchBatch): LaunchRequest => ({
  token: batch.id,
  count: batch.slots.length,
  zone: batch.zone,
  subnetId: batch.subnetId ?? null,
  imageId: batch.imageId,
  instanceType: batch.instanceType,
  keyName: batch.keyName ?? null,
  tags: {
    [TAGS.installation]: context.installation,
    [TAGS.cluster]: context.cluster,
    [TAGS.role]: context.role,
    [TAGS.batch]: batch.id,
  },
  userData: userData(configOf(context, batch), batch.agent ?? null),
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Of everything the call is made of. */
export const hashOf = (request: LaunchRequest): string => sha256(JSON.stringify(request));

type Draft = Omit<LaunchBatch, 'id' | 'parametersHash'>;

/** A batch's id is new for each attempt: the record's revision has moved since any earlier one. */
const idOf = (view: RoleView, draft: Draft): string =>
  sha256(
    JSON.stringify([view.role.uid, view.role.recordRevision, draft.createdAt, draft.zone, draft.slots]),
  ).slice(0, 32);

export const zonesOf = (view: RoleView): readonly string[] =>
  view.role.spec.zones ?? view.cluster?.status.zones ?? [];

/** Unfilled slots of a closed batch say that its zone had no more of such machines to give, for a while. */
const shortFor = (view: RoleView, zone: string): number => {
  const wanted = machineOf(view);
  const left = view.batches
    .filter(({ batch }) => batch.closed === true && batch.zone === zone)
    .filter(({ batch }) => batch.imageId === wanted?.imageId && batch.instanceType === wanted.instanceType)
    .filter(({ batch }) => freePlaces(view, batch) > 0)
    .map(
      ({ batch }) => parseTimestamp(batch.calledAt ?? batch.createdAt) + view.settings.zoneShort - view.now,
    );
  return Math.max(0, ...left);
};

/** Zones a launch may go to now: those that were short lately are left out. */
export const openZones = (view: RoleView): readonly string[] =>
  zonesOf(view).filter((zone) => shortFor(view, zone) === 0);

/** Milliseconds until a launch may go somewhere; 0: now. */
export const zoneOpensIn = (view: RoleView): number =>
  Math.min(...zonesOf(view).map((zone) => shortFor(view, zone)));

const countByZone = (view: RoleView): Map<string, number> => {
  const counts = new Map<string, number>();
  const add = (zone: string, more: number): void => {
    counts.set(zone, (counts.get(zone) ?? 0) + more);
  };
  for (const { live } of view.slots) if (live.status.machine) add(live.status.machine.zone, 1);
  for (const { batch } of view.batches) if (batch.closed !== true) add(batch.zone, freePlaces(view, batch));
  return counts;
};

const freePlaces = (view: RoleView, batch: LaunchBatch): number => {
  const filled = view.slots.filter(({ live }) => live.status.machine?.batch === batch.id).length;
  return Math.max(0, batch.slots.length - filled);
};

/** Slots spread evenly: each goes where the role has fewest. */
const spread = (view: RoleView, slots: readonly Slot[]): ReadonlyMap<string, readonly Slot[]> => {
  const zones = openZones(view);
  const counts = countByZone(view);
  const placed = new Map<string, Slot[]>();
  for (const slot of slots) {
    const zone = zones.reduce((best, next) =>
      (counts.get(next) ?? 0) < (counts.get(best) ?? 0) ? next : best,
    );
    counts.set(zone, (counts.get(zone) ?? 0) + 1);
    const there = placed.get(zone) ?? [];
    there.push(slot);
    placed.set(zone, there);
  }
  return placed;
};

const chunks = <A>(items: readonly A[], size: number): readonly (readonly A[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

/** Image and type of a launch; null while the cluster has not resolved them. */
export const machineOf = (
  view: RoleView,
): { readonly imageId: string; readonly instanceType: string } | null => {
  const imageId = view.role.spec.imageId ?? view.cluster?.spec.imageId ?? view.cluster?.status.imageId;
  const instanceType = view.role.spec.instanceType ?? view.cluster?.spec.instanceType;
  return imageId === undefined || instanceType === undefined ? null : { imageId, instanceType };
};

/** In the record, so that a repeat after another authority came is still the same call. */
const trusted = ({ gateways, authority }: RoleView): { readonly ca?: string } =>
  authority !== null && gateways.some((url) => url.startsWith('https:')) ? { ca: authority } : {};

const draftOf = (view: RoleView, zone: string, slots: readonly Slot[]): Draft | null => {
  const machine = machineOf(view);
  if (machine === null || view.cluster === null) return null;
  const { subnets, keyName } = view.cluster.spec;
  const at = timestamp(view.now);
  const subnetId = subnets?.[zone];
  return {
    ...machine,
    zone,
    slots: slots.map(({ name, live }) => ({ name, uid: live.uid })),
    createdAt: at,
    gateways: view.gateways,
    ...trusted(view),
    ...(view.agent === null ? {} : { agent: view.agent }),
    calledAt: at,
    calls: 1,
    ...(subnetId === undefined ? {} : { subnetId }),
    ...(keyName === undefined ? {} : { keyName }),
  };
};

const finished = (view: RoleView, draft: Draft): LaunchBatch => {
  const unhashed: LaunchBatch = { ...draft, id: idOf(view, draft), parametersHash: '' };
  return { ...unhashed, parametersHash: hashOf(view.request(unhashed)) };
};

/** New attempts for these slots; they count as called from the moment they are in the record. */
export const newBatches = (view: RoleView, slots: readonly Slot[]): readonly LaunchBatch[] => {
  if (openZones(view).length === 0) return [];
  return [...spread(view, slots)].flatMap(([zone, there]) =>
    chunks(there, MOST_SLOTS)
      .map((chunk) => draftOf(view, zone, chunk))
      .filter((draft) => draft !== null)
      .map((draft) => finished(view, draft)),
  );
};

/** Names of slots that an open batch may still fill. */
export const reserved = (batches: readonly BatchView[]): ReadonlySet<string> =>
  new Set(
    batches
      .filter(({ batch }) => batch.closed !== true)
      .flatMap(({ batch }) => batch.slots.map(({ name }) => name)),
  );

/** By launch index, else by id: the order in which machines go to slots. */
export const inLaunchOrder = (machines: readonly Machine[]): readonly Machine[] =>
  [...machines].sort((left, right) => left.launchIndex - right.launchIndex || (left.id < right.id ? -1 : 1));

export const isAlive = (machine: Machine): boolean =>
  machine.state !== 'terminated' && machine.state !== 'shutting-down';

/** Machine ids that some record of the role already names. */
export const accounted = (view: RoleView): ReadonlySet<string> => {
  const ids = new Set<string>();
  for (const { live } of view.slots) {
    if (live.status.machine) ids.add(live.status.machine.id);
    for (const { machine } of live.status.doomed ?? []) ids.add(machine);
  }
  for (const { machine } of view.role.status.tombstones ?? []) ids.add(machine);
  return ids;
};

export interface Binding {
  readonly slot: Slot;
  readonly machine: Machine;
  readonly batch: LaunchBatch;
}

export interface Surplus {
  /** The slot whose record is to doom it; null when the role has none any more. */
  readonly slot: Slot | null;
  readonly machine: Machine;
  readonly batch: LaunchBatch;
}

export interface Found {
  readonly bindings: readonly Binding[];
  readonly surplus: readonly Surplus[];
}

/** Machines of batches that nobody names yet: each to the next free slot of its batch, what is left over is surplus. */
export const findMachines = (view: RoleView): Found => {
  const known = accounted(view);
  const byName = new Map(view.slots.map((slot) => [slot.name, slot]));
  const taken = new Set<string>();
  const bindings: Binding[] = [];
  const surplus: Surplus[] = [];
  const open = reserved(view.batches);
  for (const { batch, machines } of view.batches) {
    const places = freeSlots(batch, byName, batch.closed === true ? open : new Set());
    for (const machine of machines.filter((one) => isAlive(one) && !known.has(one.id))) {
      const slot = places.find(({ name }) => !taken.has(name));
      if (slot === undefined) surplus.push({ slot: holder(batch, byName, view), machine, batch });
      else {
        taken.add(slot.name);
        bindings.push({ slot, machine, batch });
      }
    }
  }
  return { bindings, surplus };
};

const freeSlots = (
  batch: LaunchBatch,
  byName: ReadonlyMap<string, Slot>,
  waited: ReadonlySet<string>,
): readonly Slot[] =>
  batch.slots.flatMap(({ name, uid }) => {
    const slot = byName.get(name);
    const free = slot?.live.uid === uid && (slot.live.status.machine ?? null) === null && !waited.has(name);
    return free ? [slot] : [];
  });

const holder = (batch: LaunchBatch, byName: ReadonlyMap<string, Slot>, view: RoleView): Slot | null =>
  batch.slots.map(({ name }) => byName.get(name)).find((slot) => slot !== undefined) ?? view.slots[0] ?? null;
