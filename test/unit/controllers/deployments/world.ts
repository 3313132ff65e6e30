/** A cluster for the deployments controller in memory: objects, hosts that do what they are told, load balancers that confirm. */
import { Subject } from 'rxjs';
import type { ApplicationSpec, ApplicationStatus } from '../../../../api-types/kinds/application.js';
import {
  ABORT,
  PROMOTE,
  isEnded,
  type DeploymentSpec,
  type DeploymentStatus,
} from '../../../../api-types/kinds/deployment.js';
import type { InstanceSpec, InstanceStatus } from '../../../../api-types/kinds/instance.js';
import type { EventResult } from '../../../../api-types/kinds/lifecycle-event.js';
import type { RoleSpec } from '../../../../api-types/kinds/role.js';
import type { Release } from '../../../../api-types/release.js';
import { seconds } from '../../../../api-types/units.js';
import { deploymentsController } from '../../../../controllers/deployments/controller.js';
import { runsOf } from '../../../../controllers/host-releases.js';
import { seededChance } from '../../../../runtime/chance.js';
import { timestamp } from '../../../../runtime/clock.js';
import { silentLog } from '../../../../runtime/log.js';
import { startLoop, type Loop } from '../../../../runtime/loop.js';
import type { Sealer } from '../../../../runtime/sealing.js';
import type { Live } from '../../../../store/objects/objects.js';
import type { RevisionEvents } from '../../../../store/store.js';
import { EPOCH, condition, machine } from '../../../build/objects.js';
import { virtualClock, type VirtualClock } from '../../../fake/clock.js';
import { fakeObjects, ref, type FakeObjects } from '../../../fake/objects.js';
import { keyValue, storeOver } from '../../../fake/store-double.js';
import { shelfOf } from './doubles.js';
import { APP, CLUSTER, release, resultOf, type HostOrder } from './parts.js';

export { APP, CLUSTER, release, rolling } from './parts.js';

export type { HostOrder } from './parts.js';
export type Answer = Partial<EventResult> | null;
/** What a host does; null: it says nothing. Undefined: it succeeds. */
export type Behaviour = (order: HostOrder) => Answer | undefined;

interface Options {
  /** Milliseconds until load balancers have confirmed; null: never. */
  telling: number | null;
  /** Milliseconds that a host takes for an order. */
  pace: number;
}

export class World {
  readonly clock: VirtualClock = virtualClock();
  readonly objects: FakeObjects = fakeObjects(() => this.clock.now());
  readonly options: Options = { telling: 20, pace: 10 };
  behaviour: Behaviour = () => undefined;
  /** What a fetch gives; an Error: it fails; null: it never ends. */
  source: { revision: string; digest: string } | Error | null = { revision: 'rev-1', digest: 'a'.repeat(64) };
  metric: number | null = null;
  readonly packs = new Set<string>();
  readonly lacking = new Subject<string>();
  readonly fetched: { readonly revision: string | undefined; readonly pinned: string | null }[] = [];
  /** Orders in the order in which hosts got them: `app-1 activate 2`. */
  readonly orders: string[] = [];
  private readonly results = new Map<string, string>();
  private readonly chunks = new Subject<RevisionEvents>();
  private readonly carried = new Set<string>();
  private chunk = 0;
  private machines = 0;
  private loop: Loop | null = null;
  private stop = new AbortController();

  constructor() {
    this.objects.has(
      ref('Cluster', null, CLUSTER),
      { spec: { cloud: 'local' } },
      { snapshot: { version: 1, digest: 'snapshot-1' } },
    );
    this.role('app', {});
    this.objects.changes$.subscribe((changes) => {
      for (const { after } of changes) {
        if (after?.ref.kind === 'LifecycleEvent') this.deliver(after as Live<'LifecycleEvent'>);
        if (after?.ref.kind === 'Deployment') this.confirm(after as Live<'Deployment'>);
      }
    });
  }

  role(name: string, spec: Partial<RoleSpec>): void {
    this.objects.has(ref('Role', CLUSTER, name), { spec: { type: 'nodejs-app', replicas: 1, ...spec } });
  }

  application(spec: Partial<ApplicationSpec> = {}, annotations: Readonly<Record<string, string>> = {}): void {
    const of = ref('Application', CLUSTER, APP);
    this.objects.putRaw(of, {
      annotations,
      spec: { type: 'nodejs', source: { type: 'git', url: 'https://git.example.com/web' }, ...spec },
    });
  }

  /** In force since before, as if some Deployment had brought it. */
  inForce(...releases: readonly Release[]): void {
    const current = releases.at(-1);
    this.objects.has(
      ref('Application', CLUSTER, APP),
      {
        spec: { type: 'nodejs', source: { type: 'git', url: 'https://git.example.com/web' } },
      },
      { current, releases: [...releases].reverse(), lastNumber: current?.number ?? 0 },
    );
    for (const { digest } of releases) this.packs.add(digest);
  }

  /** A host that is Ready, and runs this release. */
  host(
    name: string,
    release?: number,
    more: Partial<InstanceStatus> = {},
    spec: Partial<InstanceSpec> = {},
  ): void {
    const id = `i-${name}`;
    this.objects.has(
      ref('Instance', CLUSTER, name),
      { spec: { role: name.replace(/-\d+$/, ''), ...spec } },
      {
        ...this.machineOf(id),
        ...(release === undefined
          ? {}
          : {
              applications: {
                [APP]: { machine: id, deployment: 'before', release, revision: `rev-${String(release)}` },
              },
            }),
        ...more,
      },
    );
  }

  private machineOf(id: string): Partial<InstanceStatus> {
    const done = { machine: id, state: 'succeeded' as const, at: EPOCH };
    return {
      machine: machine(id),
      agent: { machine: id, connectedAt: EPOCH, address: '10.0.0.1', version: '1' },
      setup: { ...done, event: 'setup-1' },
      configure: { ...done, event: 'configure-1' },
      conditions: { Ready: condition('Ready') },
    };
  }

  /** Its machine dies, and another one takes its place. */
  async replace(name: string, release?: number): Promise<void> {
    this.machines += 1;
    const id = `i-${name}-${String(this.machines)}`;
    const first = release === undefined ? {} : { [APP]: { release, revision: `rev-${String(release)}` } };
    const deploy = {
      machine: id,
      event: 'deploy-1',
      state: 'succeeded' as const,
      at: timestamp(this.clock.now()),
      releases: first,
    };
    await this.patch('Instance', name, { ...this.machineOf(id), deploy });
  }

  async dies(name: string): Promise<void> {
    await this.patch('Instance', name, { machine: null, conditions: { Ready: condition('Ready', 'False') } });
  }

  async patch(
    kind: 'Instance' | 'Application' | 'Deployment' | 'Role',
    name: string,
    patch: object,
  ): Promise<void> {
    await this.objects.write(null, [
      { write: 'status', ref: ref(kind, CLUSTER, name), patch: patch as Record<string, unknown> },
    ])();
    await this.clock.settle();
  }

  deploy(name: string, spec: Partial<DeploymentSpec> = {}): void {
    this.objects.putRaw(ref('Deployment', CLUSTER, name), {
      annotations: { 'scalarium.dev/made-by': 'ada' },
      spec: { application: APP, command: 'deploy', ...spec },
    });
  }

  says(name: string, word: 'promote' | 'abort', at = timestamp(this.clock.now())): void {
    const live = this.objects.get(ref('Deployment', CLUSTER, name))!;
    this.objects.putRaw(live.ref, {
      annotations: { ...live.annotations, [word === 'promote' ? PROMOTE : ABORT]: at },
      spec: live.spec,
    });
  }

  deployment(name: string): DeploymentStatus {
    return this.objects.get(ref('Deployment', CLUSTER, name))!.status;
  }

  deployments(): readonly Live<'Deployment'>[] {
    return this.objects.list('Deployment', CLUSTER);
  }

  app(): ApplicationStatus {
    return this.objects.get(ref('Application', CLUSTER, APP))!.status;
  }

  instance(name: string): InstanceStatus {
    return this.objects.get(ref('Instance', CLUSTER, name))!.status;
  }

  runs(name: string): number | undefined {
    return runsOf(this.objects.get(ref('Instance', CLUSTER, name))!, APP)?.release;
  }

  /** `done done failed`, in the order of the hosts' names. */
  stages(name: string): string {
    const hosts = Object.entries(this.deployment(name).hosts ?? {});
    return hosts
      .sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
      .map(([, { stage }]) => stage)
      .join(' ');
  }

  why(name: string, type = 'Ready'): { readonly reason: string; readonly message: string } {
    const { reason = '', message = '' } = this.deployment(name).conditions?.[type] ?? {};
    return { reason, message };
  }

  events(): readonly string[] {
    return this.objects.list('Event', CLUSTER).map(({ status }) => status.reason);
  }

  private deliver({ ref: of, status }: Live<'LifecycleEvent'>): void {
    if (this.carried.has(of.name)) return;
    this.carried.add(of.name);
    const { deployment } = status;
    if (deployment === undefined) return;
    for (const target of status.targets) {
      this.orders.push(
        [target.instance, deployment.step, deployment.release?.number]
          .filter((x) => x !== undefined)
          .join(' '),
      );
      this.clock.after(this.options.pace as never, () => {
        this.answer({ ...deployment, event: of.name, ...target });
      });
    }
  }

  private answer(order: HostOrder): void {
    const said = this.behaviour(order);
    if (said !== null) this.store(resultOf(order, said));
  }

  /** As a gateway does. */
  store(result: EventResult): void {
    this.chunk += 1;
    const key = `/scalarium/results/${CLUSTER}/${result.event}/${String(this.chunk)}`;
    const value = JSON.stringify({ event: result.event, results: [result] });
    this.results.set(key, value);
    this.chunks.next({ revision: this.chunk, events: [{ type: 'put', kv: keyValue(key, value) }] });
  }

  private confirm({ ref: of, status }: Live<'Deployment'>): void {
    const { telling } = this.options;
    const { change } = status;
    if (telling === null || change === undefined || (status.told ?? 0) >= change || isEnded(status)) return;
    this.clock.after(telling as never, () => {
      void this.objects.write(null, [{ write: 'status', ref: of, patch: { told: change } }])();
    });
  }

  /** Starts a control plane: one that knows nothing but what is stored. */
  async starts(): Promise<void> {
    const { clock, objects } = this;
    this.stop = new AbortController();
    const fence = { compare: { key: 'owner', target: 'create' as const, equals: 1 }, left: () => 10_000 };
    const controller = deploymentsController({
      objects,
      store: storeOver({ results: this.results, events: this.chunks }),
      ownership: { of: () => fence, changes$: new Subject<string>() },
      sealer: {} as Sealer,
      artifacts: shelfOf(this.packs, this.lacking),
      localSources: false,
      stopped: this.stop.signal,
      clock,
      log: silentLog,
      metrics: { ask: () => Promise.resolve(this.metric) },
      fetchPacked: async (_on, { revision, pinned }) => {
        this.fetched.push({ revision, pinned });
        await Promise.resolve();
        if (this.source instanceof Error) throw this.source;
        if (this.source === null) return new Promise(() => undefined);
        this.packs.add(this.source.digest);
        return this.source;
      },
    });
    this.loop = startLoop({ controller, clock, chance: seededChance(1), log: silentLog });
    await clock.advance(50);
  }

  async stops(): Promise<void> {
    this.stop.abort();
    const draining = this.loop?.drain();
    await this.clock.settle();
    await draining;
    this.loop = null;
  }

  async passes(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** Until the Deployment has ended, or `most` seconds are over. */
  async ends(name: string, most = 60): Promise<string> {
    for (let left = seconds(most); left > 0; left = (left - 50) as never) {
      await this.clock.advance(50);
      if (isEnded(this.deployment(name))) return this.deployment(name).phase ?? '';
    }
    return this.deployment(name).phase ?? '';
  }
}

/** A world with hosts that run release 1. */
export const worldWith = (hosts: number, config: Partial<Release['config']> = {}): World => {
  const world = new World();
  world.inForce(release(1, config));
  for (let number = 1; number <= hosts; number += 1) world.host(`app-${String(number)}`, 1);
  world.source = { revision: 'rev-2', digest: 'b'.repeat(64) };
  return world;
};
