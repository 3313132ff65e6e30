/**
 * A cluster whose lifecycle and deployments controllers run side by side in memory, with load balancers and hosts that do what
 * they are told, in their own time: who is given requests is compared with who answers them, at every step.
 */
import { Subject } from 'rxjs';
import type { DeploymentSpec, DeploymentStatus } from '../../../../api-types/kinds/deployment.js';
import type { EventResult, LifecycleEventStatus } from '../../../../api-types/kinds/lifecycle-event.js';
import type { Release } from '../../../../api-types/release.js';
import type { Snapshot } from '../../../../api-types/snapshot.js';
import { millis } from '../../../../api-types/units.js';
import { deploymentsController } from '../../../../controllers/deployments/controller.js';
import { lifecycleController } from '../../../../controllers/lifecycle/controller.js';
import { backendsOf } from '../../../../recipes/roles/haproxy-routes.js';
import { seededChance, type Chance } from '../../../../runtime/chance.js';
import { silentLog } from '../../../../runtime/log.js';
import { startLoop, type Loop } from '../../../../runtime/loop.js';
import type { Sealer } from '../../../../runtime/sealing.js';
import type { Live } from '../../../../store/objects/objects.js';
import type { RevisionEvents } from '../../../../store/store.js';
import { EPOCH, machine } from '../../../build/objects.js';
import { release } from '../../../build/releases.js';
import { virtualClock } from '../../../fake/clock.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { keyValue, storeOver } from '../../../fake/store-double.js';
import { shelfOf } from '../deployments/doubles.js';

const CLUSTER = 'shop';
const APP = 'web';
const PORT = 8080;
const OTHER_PORT = 18_080;

type Event = LifecycleEventStatus & { readonly name: string };

/** A host: what it was told and is to do, and where its application listens. */
interface Host {
  readonly name: string;
  readonly queue: Event[];
  busy: boolean;
  readonly ports: Set<number>;
  release: number;
}

export interface Behaviour {
  /** Of a hundred runs of a load balancer's configure, how many fail. */
  readonly balancersFail?: number;
  /** Hosts whose next activation fails: they go on with what they had. */
  readonly failing?: readonly string[];
}

export class Scene {
  readonly clock = virtualClock();
  readonly objects = fakeObjects(() => this.clock.now());
  /** What went wrong for somebody's requests. */
  readonly lost: string[] = [];
  private readonly chance: Chance;
  private readonly hosts = new Map<string, Host>();
  /** By load balancer: where it sends requests. */
  private readonly routes = new Map<string, readonly { readonly name: string; readonly port: number }[]>();
  private readonly results = new Map<string, string>();
  private readonly chunks = new Subject<RevisionEvents>();
  private readonly told = new Set<string>();
  private readonly failing: Set<string>;
  private loops: readonly Loop[] = [];
  private stop = new AbortController();

  constructor(
    seed: number,
    private readonly behaviour: Behaviour = {},
  ) {
    this.chance = seededChance(seed);
    this.failing = new Set(behaviour.failing);
    const { objects } = this;
    objects.has(ref('Cluster', null, CLUSTER), { spec: { cloud: 'local' } });
    objects.changes$.subscribe((changes) => {
      for (const { after } of changes)
        if (after?.ref.kind === 'LifecycleEvent') this.deliver(after as Live<'LifecycleEvent'>);
    });
  }

  /** Load balancers and hosts that boot; what is in force is told of by `current`. */
  boots(balancers: number, apps: number, current: Release): void {
    const { objects } = this;
    objects.has(ref('Role', CLUSTER, 'lb'), { spec: { type: 'load-balancer', replicas: balancers } });
    objects.has(ref('Role', CLUSTER, 'app'), { spec: { type: 'nodejs-app', replicas: apps } });
    const source = { type: 'git', url: 'https://git.example/web.git' };
    const status = { current, releases: [current], lastNumber: current.number };
    objects.has(ref('Application', CLUSTER, APP), { spec: { type: 'nodejs', source } }, status);
    const names = [
      ...Array.from({ length: balancers }, (_, at) => `lb-${String(at + 1)}`),
      ...Array.from({ length: apps }, (_, at) => `app-${String(at + 1)}`),
    ];
    for (const name of names) this.boot(name);
  }

  private boot(name: string): void {
    const id = `i-${name}`;
    this.hosts.set(name, { name, queue: [], busy: false, ports: new Set(), release: 0 });
    const agent = { machine: id, connectedAt: EPOCH, address: `10.0.0.${name}`, version: '1' };
    const spec = { role: name.replace(/-\d+$/, '') };
    this.objects.has(ref('Instance', CLUSTER, name), { spec }, { machine: machine(id), agent });
  }

  /** Its machine dies: it does and says nothing any more, and a record says so. */
  async dies(name: string): Promise<void> {
    this.hosts.delete(name);
    this.routes.delete(name);
    const of = ref('Instance', CLUSTER, name);
    await this.objects.write(null, [{ write: 'status', ref: of, patch: { machine: null } }])();
  }

  deploys(name: string, spec: Partial<DeploymentSpec>): void {
    const of = ref('Deployment', CLUSTER, name);
    this.objects.putRaw(of, { spec: { application: APP, command: 'deploy', ...spec } });
  }

  deployment(name: string): DeploymentStatus {
    return this.objects.get(ref('Deployment', CLUSTER, name))!.status;
  }

  /** By host, what it runs. */
  running(): Readonly<Record<string, number>> {
    const apps = [...this.hosts.values()].filter(({ name }) => name.startsWith('app'));
    return Object.fromEntries(apps.map(({ name, release: of }) => [name, of]));
  }

  /** By load balancer, whom it gives requests. */
  routed(): readonly string[] {
    return [...this.routes.values()].map((servers) => servers.map(({ name }) => name).join(' '));
  }

  /** Both controllers, knowing nothing but what is stored. */
  async starts(): Promise<void> {
    const { clock, objects } = this;
    this.stop = new AbortController();
    const fence = { compare: { key: 'owner', target: 'create' as const, equals: 1 }, left: () => 10_000 };
    const ownership = { of: () => fence, changes$: new Subject<string>() };
    const store = storeOver({
      results: this.results,
      events: this.chunks,
      raw: (key) => objects.raw(key),
    });
    const hosts = {
      get: () => null,
      changes$: new Subject<string>(),
      listeningFor: () => clock.monotonic(),
    };
    const on = { objects, store, ownership, clock, log: silentLog };
    const controllers = [
      lifecycleController({ ...on, hosts }),
      deploymentsController({
        ...on,
        sealer: {} as Sealer,
        artifacts: shelfOf(new Set([release(1).digest, 'next']), new Subject()),
        localSources: false,
        stopped: this.stop.signal,
        metrics: { ask: () => Promise.resolve(null) },
        fetchPacked: () => Promise.resolve({ revision: 'next', digest: 'next' }),
      }),
    ];
    this.loops = controllers.map((controller) =>
      startLoop({ controller, clock, chance: seededChance(1), log: silentLog }),
    );
    await clock.advance(50);
  }

  async stops(): Promise<void> {
    this.stop.abort();
    const draining = this.loops.map((loop) => loop.drain());
    await this.clock.settle();
    await Promise.all(draining);
    this.loops = [];
  }

  /** In small steps, so that nothing that is due waits for others. */
  async passes(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 20) await this.clock.advance(20);
  }

  /** Until it has ended, or `most` milliseconds have passed. */
  async ends(name: string, most = 300_000): Promise<string> {
    for (let left = most; left > 0 && this.deployment(name).finishedAt === undefined; left -= 20)
      await this.clock.advance(20);
    return this.deployment(name).phase ?? '';
  }

  private deliver({ ref: of, status }: Live<'LifecycleEvent'>): void {
    if (this.told.has(of.name)) return;
    this.told.add(of.name);
    for (const { instance } of status.targets) {
      const host = this.hosts.get(instance);
      host?.queue.push({ ...status, name: of.name });
      if (host !== undefined) this.next(host);
    }
  }

  /** One after the other; of configures that wait only the newest. */
  private next(host: Host): void {
    if (host.busy) return;
    const event = host.queue.shift();
    if (event === undefined) return;
    if (event.event === 'configure' && host.queue.some((later) => later.event === 'configure')) {
      this.answer(host, event, { state: 'superseded' });
      this.next(host);
      return;
    }
    host.busy = true;
    this.begins(host, event);
    const takes = event.deployment?.step === 'activate' ? 400 : 150;
    this.clock.after(millis(20 + Math.floor(this.chance.number() * takes)), () => {
      if (this.hosts.get(host.name) !== host) return;
      host.busy = false;
      this.answer(host, event, this.does(host, event));
      this.next(host);
    });
  }

  /** Between this and its end, a release that comes into force without an overlap answers nobody. */
  private begins(host: Host, { deployment }: Event): void {
    if (deployment?.step !== 'activate' || deployment.overlap === true) return;
    host.ports.clear();
    this.look(`${host.name} restarts`);
  }

  private does(host: Host, event: Event): Partial<EventResult> {
    if (event.deployment !== undefined) return this.deployed(host, event.deployment);
    if (event.event === 'deploy') return this.broughtFirst(host);
    if (event.event === 'configure' && host.name.startsWith('lb')) return this.configured(host, event);
    return {};
  }

  /** After its setup: what is in force then. */
  private broughtFirst(host: Host): Partial<EventResult> {
    host.ports.add(PORT);
    const { current } = this.objects.get(ref('Application', CLUSTER, APP))?.status ?? {};
    if (current === undefined) return {};
    host.release = current.number;
    return { releases: { [APP]: { release: current.number, revision: current.revision } } };
  }

  private configured({ name }: Host, { snapshot: { digest } }: Event): Partial<EventResult> {
    if (this.chance.number() * 100 < (this.behaviour.balancersFail ?? 0))
      return { state: 'failed', message: 'haproxy: no' };
    const text = this.objects.raw(`/scalarium/snapshots/${CLUSTER}/${digest}`) ?? '{}';
    const found = backendsOf(JSON.parse(text) as Snapshot).find((backend) => backend.name === APP);
    this.routes.set(name, found?.servers ?? []);
    this.look(`${name} was configured`);
    return {};
  }

  private deployed(host: Host, order: NonNullable<Event['deployment']>): Partial<EventResult> {
    if (order.step === 'finish') return this.finished(host);
    if (order.step !== 'activate' || order.release === undefined) return {};
    if (this.failing.delete(host.name)) {
      host.ports.add(PORT);
      return { state: 'failed', stage: 'health', message: 'health: no answer' };
    }
    const [at = PORT] = host.ports;
    const port = order.overlap === true ? (at === PORT ? OTHER_PORT : PORT) : PORT;
    host.ports.add(port);
    host.release = order.release.number;
    const { number, revision } = order.release;
    const said = { release: number, revision, ...(port === PORT ? {} : { port }) };
    return { releases: { [APP]: said } };
  }

  private finished(host: Host): Partial<EventResult> {
    const newest = [...host.ports].at(-1);
    for (const port of host.ports) if (port !== newest) host.ports.delete(port);
    this.look(`${host.name} has ended its processes of before`);
    return {};
  }

  private look(after: string): void {
    for (const [name, servers] of this.routes) {
      const dead = servers.filter((server) => this.hosts.get(server.name)?.ports.has(server.port) !== true);
      if (dead.length === 0 && servers.length > 0) continue;
      const whom = dead.map((server) => `${server.name}:${String(server.port)}`).join(' ');
      this.lost.push(`${after}: ${name} gives requests to ${servers.length === 0 ? 'nobody' : whom}`);
    }
  }

  private answer(host: Host, { name }: Event, said: Partial<EventResult>): void {
    const result: EventResult = {
      ...{ event: name, instance: host.name, machine: `i-${host.name}`, state: 'succeeded', attempt: 1 },
      ...{ startedAt: EPOCH, finishedAt: EPOCH },
      ...said,
    };
    const key = `/scalarium/results/${CLUSTER}/${name}/${host.name}`;
    const value = JSON.stringify({ event: name, results: [result] });
    this.results.set(key, value);
    this.chunks.next({ revision: this.results.size, events: [{ type: 'put', kv: keyValue(key, value) }] });
  }
}
