/** A small world for the instances controller: records, a cloud, agents that behave; all on virtual time. */
import { NEVER, Subject } from 'rxjs';
import * as E from 'fp-ts/lib/Either.js';
import { instancesController } from '../../../../controllers/instances/controller.js';
import type { AgentRelease } from '../../../../api-types/agent-release.js';
import type { InstancesSettings } from '../../../../controllers/instances/view.js';
import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
import { millis } from '../../../../api-types/units.js';
import type { Cloud, Clouds } from '../../../../cloud/cloud.js';
import { seededChance } from '../../../../runtime/chance.js';
import { timestamp } from '../../../../runtime/clock.js';
import type { Controller } from '../../../../runtime/controller.js';
import type { Failure } from '../../../../runtime/failure.js';
import type { Hosts, ObservedHost } from '../../../../runtime/hosts.js';
import { silentLog } from '../../../../runtime/log.js';
import type { Fence, Objects } from '../../../../store/objects/objects.js';
import type { Ownership } from '../../../../store/ownership.js';
import { virtualClock, type VirtualClock } from '../../../fake/clock.js';
import { fakeCloud, type FakeCloud, type FakeCloudOptions } from '../../../fake/cloud.js';
import { fakeClouds } from '../../../fake/clouds.js';
import { fakeObjects, ref, type FakeObjects } from '../../../fake/objects.js';

export const SHOP = 'shop';

export interface WorldOptions {
  readonly replicas?: number;
  readonly roles?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly cloud?: Partial<FakeCloudOptions>;
  readonly settings?: Partial<InstancesSettings>;
  readonly provider?: 'local' | 'aws' | 'eucalyptus';
  /** PEM; gateways are https then. */
  readonly authority?: string;
  /** The agent that is built at the moment. */
  readonly release?: () => AgentRelease | null;
}

export interface World {
  readonly clock: VirtualClock;
  readonly objects: FakeObjects;
  readonly cloud: FakeCloud;
  readonly ownership: { lost: boolean };
  /** Agents of these machines (or of all) never connect. */
  readonly deaf: Set<string>;
  allDeaf: boolean;
  /** A fresh process: a controller that remembers nothing. */
  restart(): void;
  /** Before every await of the controller at a port; throws to crash it. */
  gate: (() => void) | null;
  /** One second: every key runs once, then agents and time move. */
  tick(): Promise<readonly Failure[]>;
  ticks(count: number): Promise<void>;
  /** Ticks until `slots` machines live, all bound, and nothing is doomed or open; at most `most` times. */
  rest(slots: number, most?: number): Promise<void>;
  roleRef(name?: string): ReturnType<typeof ref<'Role'>>;
  setReplicas(replicas: number, role?: string): void;
  readonly controllers: { current: Controller };
}

export class Crash extends Error {}

const observed = (machine: string): ObservedHost => ({
  machine,
  session: 1,
  sequence: 1,
  connected: true,
  silentFor: millis(0),
  load1: 0,
  memoryUsedBytes: 0,
  memoryTotalBytes: 1,
  diskUsedBytes: 0,
  diskTotalBytes: 1,
});

const gatedObjects = (objects: FakeObjects, gate: () => void): Objects => ({
  ...bound(objects),
  write: (fence, writes) => async () => {
    gate();
    const result = await objects.write(fence, writes)();
    gate();
    return result;
  },
});

const bound = (objects: FakeObjects): Objects => ({
  installation: objects.installation,
  revision: () => objects.revision(),
  get: (of) => objects.get(of),
  list: (kind, cluster) => objects.list(kind, cluster),
  changes$: objects.changes$,
  caughtUp: (revision) => objects.caughtUp(revision),
  write: (fence, writes) => objects.write(fence, writes),
});

const gatedCloud = (cloud: Cloud, gate: () => void): Cloud => {
  const around =
    <P extends readonly unknown[], A>(call: (...args: P) => () => Promise<A>) =>
    (...args: P) =>
    async (): Promise<A> => {
      gate();
      const result = await call(...args)();
      gate();
      return result;
    };
  return {
    ...cloud,
    runInstances: around((argument: Parameters<Cloud['runInstances']>[0]) => cloud.runInstances(argument)),
    terminate: around((argument: Parameters<Cloud['terminate']>[0]) => cloud.terminate(argument)),
    stop: around((argument: Parameters<Cloud['stop']>[0]) => cloud.stop(argument)),
    start: around((argument: Parameters<Cloud['start']>[0]) => cloud.start(argument)),
    reboot: around((argument: Parameters<Cloud['reboot']>[0]) => cloud.reboot(argument)),
    tag: around((argument: Parameters<Cloud['tag']>[0]) => cloud.tag(argument)),
  };
};

/** Builds a world with a cluster `shop` and a role `app`. */
export const createWorld = (options: WorldOptions = {}): World => {
  const clock = virtualClock();
  const objects = fakeObjects(() => clock.now());
  const cloud = fakeCloud({
    clock,
    pendingFor: 2000,
    shuttingDownFor: 1000,
    sweepEvery: millis(10_000),
    ...options.cloud,
  });
  objects.has(ref('Cloud', null, 'local'), { spec: { provider: options.provider ?? 'local' } });
  objects.has(ref('Cluster', null, SHOP), { spec: { cloud: 'local', ...options.cluster } });
  const roles = options.roles ?? { app: { type: 'nodejs-app', replicas: options.replicas ?? 3 } };
  for (const [name, spec] of Object.entries(roles)) objects.has(ref('Role', SHOP, name), { spec });
  const gate = (): void => {
    world.gate?.();
  };
  const clouds: Clouds = fakeClouds({ local: { ...cloud.open, cloud: gatedCloud(cloud.cloud, gate) } });
  const connected = new Set<string>();
  const hosts: Hosts = {
    get: (machine) => (connected.has(machine) ? observed(machine) : null),
    changes$: NEVER,
    listeningFor: () => millis(1_000_000),
  };
  const fence: Fence = {
    compare: { key: '/scalarium/leases/owners/shop', target: 'create', equals: 1 },
    left: () => (world.ownership.lost ? 0 : 60_000),
  };
  const ownership: Ownership = { of: () => fence, changes$: new Subject<string>().asObservable() };
  const make = (): Controller =>
    instancesController({
      objects: gatedObjects(objects, gate),
      clouds,
      ownership,
      hosts,
      clock,
      chance: seededChance(1),
      log: silentLog,
      installationKey: Buffer.alloc(32, 7),
      gateways: () => [`http${options.authority === undefined ? '' : 's'}://127.0.0.1:7420`],
      ...(options.authority === undefined ? {} : { authority: options.authority }),
      ...(options.release === undefined ? {} : { release: options.release }),
      ...(options.settings === undefined ? {} : { settings: options.settings }),
    });
  const agents = async (): Promise<void> => {
    const alive = new Set(
      cloud
        .alive()
        .filter(({ state }) => state === 'running')
        .map(({ id }) => id),
    );
    connected.clear();
    for (const id of alive) if (!world.allDeaf && !world.deaf.has(id)) connected.add(id);
    for (const live of objects.list('Instance', SHOP)) await serve(objects, live.ref.name, connected, clock);
  };
  const world: World = {
    clock,
    objects,
    cloud,
    ownership: { lost: false },
    deaf: new Set(),
    allDeaf: false,
    gate: null,
    controllers: { current: make() },
    restart: () => {
      world.controllers.current = make();
    },
    tick: async () => {
      const failures: Failure[] = [];
      for (const key of [SHOP, ...objects.list('Role', SHOP).map(({ ref: of }) => `${SHOP}/${of.name}`)]) {
        const result = await world.controllers.current.reconcile(key)();
        if (E.isLeft(result)) failures.push(result.left);
      }
      await clock.advance(1000);
      await agents();
      return failures;
    },
    ticks: async (count) => {
      for (let done = 0; done < count; done += 1) await world.tick();
    },
    rest: async (slots, most = 80) => {
      for (let done = 0; done < most && !atRest(objects, cloud, slots); done += 1) await world.tick();
    },
    roleRef: (name = 'app') => ref('Role', SHOP, name),
    setReplicas: (replicas, role = 'app') => {
      const live = objects.get(ref('Role', SHOP, role));
      objects.putRaw(ref('Role', SHOP, role), { spec: { type: live?.spec.type, replicas } });
    },
  };
  return world;
};

const atRest = (objects: FakeObjects, cloud: FakeCloud, slots: number): boolean => {
  const instances = objects.list('Instance', SHOP);
  const bound_ = instances.filter(({ status }) => status.machine != null).length;
  const doomed = instances.some(({ status }) => (status.doomed ?? []).length > 0);
  const open = objects
    .list('Role', SHOP)
    .some(({ status }) => (status.batches ?? []).some((one) => one.closed !== true));
  return instances.length === slots && bound_ === slots && cloud.alive().length === slots && !doomed && !open;
};

const shutDown = (status: InstanceStatus, connected: ReadonlySet<string>, at: string): object | null => {
  const ended = (status.doomed ?? []).filter((one) => connected.has(one.machine));
  const event = 'shutdown-1';
  return ended.length === 0
    ? null
    : Object.fromEntries(ended.map(({ machine }) => [machine, { machine, event, state: 'succeeded', at }]));
};

/** What agent, gateway and lifecycle would write. */
const serve = async (
  objects: FakeObjects,
  name: string,
  connected: ReadonlySet<string>,
  clock: VirtualClock,
): Promise<void> => {
  const of = ref('Instance', SHOP, name);
  const status: InstanceStatus = objects.get(of)?.status ?? {};
  const at = timestamp(clock.now());
  const machine = status.machine ?? null;
  const patch: Record<string, unknown> = {};
  const fresh = machine !== null && connected.has(machine.id) && status.setup?.machine !== machine.id;
  if (fresh) {
    patch['agent'] = { machine: machine.id, connectedAt: at, address: '127.1.1.1', version: '1' };
    patch['setup'] = { machine: machine.id, event: 'setup-1', state: 'succeeded', at };
    patch['conditions'] = {
      Ready: { type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime: at },
    };
  }
  const shutdown = shutDown(status, connected, at);
  if (shutdown !== null) patch['shutdown'] = shutdown;
  if (Object.keys(patch).length > 0) await objects.write(null, [{ write: 'status', ref: of, patch }])();
};
