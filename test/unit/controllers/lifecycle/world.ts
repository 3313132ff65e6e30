/** A cluster for the lifecycle controller in memory: objects, the keys beside them, agents that answer when told. */
import { Subject } from 'rxjs';
import type { ApplicationStatus } from '../../../../api-types/kinds/application.js';
import type { ClusterSpec, ClusterStatus } from '../../../../api-types/kinds/cluster.js';
import type { DeploymentStatus } from '../../../../api-types/kinds/deployment.js';
import type { RoleSpec } from '../../../../api-types/kinds/role.js';
import type { InstanceSpec, InstanceStatus } from '../../../../api-types/kinds/instance.js';
import type { EventResult, LifecycleEventStatus } from '../../../../api-types/kinds/lifecycle-event.js';
import { lifecycleController } from '../../../../controllers/lifecycle/controller.js';
import { seededChance } from '../../../../runtime/chance.js';
import { timestamp } from '../../../../runtime/clock.js';
import type { Hosts, ObservedHost } from '../../../../runtime/hosts.js';
import { silentLog } from '../../../../runtime/log.js';
import { startLoop, type Loop } from '../../../../runtime/loop.js';
import type { RevisionEvents } from '../../../../store/store.js';
import { keyValue, storeOver } from '../../../fake/store-double.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { virtualClock, type VirtualClock } from '../../../fake/clock.js';
import { EPOCH, condition, machine } from '../../../build/objects.js';

const CLUSTER = 'shop';

export interface SentEvent extends LifecycleEventStatus {
  readonly name: string;
}

export class World {
  readonly clock: VirtualClock = virtualClock();
  readonly objects = fakeObjects(() => this.clock.now());
  readonly connected = new Set<string>();
  /** Load balancers that the cloud runs. */
  balancers: readonly unknown[] = [];
  private readonly results = new Map<string, string>();
  private readonly chunks = new Subject<RevisionEvents>();
  private readonly hostChanges = new Subject<string>();
  private loop: Loop | null = null;
  private readonly answered = new Set<string>();
  private chunk = 0;

  constructor() {
    this.objects.has(ref('Cluster', null, CLUSTER), { spec: { cloud: 'local' } });
  }

  /** What the Cluster says, and what its record says of its cookbooks. */
  cluster(spec: Partial<ClusterSpec>, cookbooks: ClusterStatus['cookbooks'] = []): void {
    const of = ref('Cluster', null, CLUSTER);
    this.objects.has(
      of,
      { spec: { cloud: 'local', ...spec } },
      { ...this.objects.get(of)?.status, cookbooks },
    );
  }

  role(name: string, spec: Partial<RoleSpec>): void {
    this.objects.has(ref('Role', CLUSTER, name), { spec: { type: 'nodejs-app', replicas: 1, ...spec } });
  }

  /** A slot; its machine runs and its agent has connected unless `status` says otherwise. */
  boots(name: string, status: Partial<InstanceStatus> = {}, spec: Partial<InstanceSpec> = {}): void {
    const id = `i-${name}`;
    const role = name.replace(/-\d+$/, '');
    this.objects.has(
      ref('Instance', CLUSTER, name),
      { spec: { role, ...spec } },
      {
        machine: machine(id),
        agent: { machine: id, connectedAt: EPOCH, address: `10.0.0.${name}`, version: '1' },
        ...status,
      },
    );
    this.connected.add(id);
  }

  /** An Application whose hosts are those of the role `app`. */
  application(name: string, status: Partial<ApplicationStatus>): void {
    const spec = { type: 'nodejs', source: { type: 'git', url: 'https://git.example/web.git' } };
    const of = ref('Application', CLUSTER, name);
    this.objects.has(of, { spec }, status);
  }

  /** A Deployment of the application of its name, as the deployments controller has written it. */
  async deploys(name: string, status: Partial<DeploymentStatus>): Promise<void> {
    const of = ref('Deployment', CLUSTER, name);
    const spec = { application: name.replace(/-\d+$/, ''), command: 'deploy' };
    if (this.objects.get(of) === null) this.objects.putRaw(of, { spec });
    await this.objects.write(null, [{ write: 'status', ref: of, patch: { ...status } }])();
    await this.clock.settle();
  }

  /** The change that a Deployment's load balancers have been told of. */
  toldOf(name: string): number | undefined {
    return this.objects.get(ref('Deployment', CLUSTER, name))?.status.told;
  }

  async patch(name: string, patch: Readonly<Record<string, unknown>>): Promise<void> {
    await this.objects.write(null, [{ write: 'status', ref: ref('Instance', CLUSTER, name), patch }])();
    await this.clock.settle();
  }

  desires(name: string, desired: 'Running' | 'Stopped'): void {
    const role = name.replace(/-\d+$/, '');
    this.objects.putRaw(ref('Instance', CLUSTER, name), { spec: { role, desired } });
  }

  /** RFC 3339 of now. */
  time(): string {
    return timestamp(this.clock.now());
  }

  sick(name: string, sick: boolean): Promise<void> {
    return this.patch(name, {
      conditions: { Healthy: condition('Healthy', sick ? 'False' : 'True') },
    });
  }

  status(name: string): InstanceStatus {
    return this.objects.get(ref('Instance', CLUSTER, name))!.status;
  }

  isReady(name: string): boolean {
    return this.status(name).conditions?.['Ready']?.status === 'True';
  }

  events(kind?: string): readonly SentEvent[] {
    return this.objects
      .list('LifecycleEvent', CLUSTER)
      .map(({ ref: of, status, incarnation }) => ({ ...status, name: of.name, incarnation }))
      .filter(({ event }) => kind === undefined || event === kind)
      .sort((a, b) => a.incarnation - b.incarnation);
  }

  /** Who was told, event by event: `["setup app-1 app-2", …]`. */
  told(): readonly string[] {
    return this.events().map(({ event, targets }) =>
      [event, ...targets.map(({ instance }) => instance).sort()].join(' '),
    );
  }

  /** The gateway stores what hosts answered to an event; `only` these hosts. */
  answer(event: SentEvent, more: Partial<EventResult> = {}, only?: readonly string[]): void {
    const results = event.targets
      .filter(({ instance }) => only?.includes(instance) ?? true)
      .map((target) => ({
        ...target,
        event: event.name,
        state: 'succeeded',
        attempt: 1,
        startedAt: EPOCH,
        finishedAt: EPOCH,
        ...more,
      }));
    this.answered.add(event.name);
    this.chunk += 1;
    const key = `/scalarium/results/${CLUSTER}/${event.name}/${String(this.chunk)}`;
    const value = JSON.stringify({ event: event.name, results });
    this.results.set(key, value);
    this.chunks.next({ revision: this.chunk, events: [{ type: 'put', kv: keyValue(key, value) }] });
  }

  private hosts(): Hosts {
    return {
      get: (id) => (this.connected.has(id) ? ({ machine: id, connected: true } as ObservedHost) : null),
      changes$: this.hostChanges.asObservable(),
      listeningFor: () => this.clock.monotonic(),
    };
  }

  /** Starts a control plane: one that knows nothing but what is stored. */
  async starts(): Promise<void> {
    const { clock, objects } = this;
    const store = storeOver({
      results: this.results,
      events: this.chunks,
      raw: (key) => objects.raw(key),
    });
    const fence = { compare: { key: 'owner', target: 'create' as const, equals: 1 }, left: () => 10_000 };
    const controller = lifecycleController({
      objects,
      store,
      hosts: this.hosts(),
      ownership: { of: () => fence, changes$: new Subject<string>() },
      clock,
      log: silentLog,
      balancersOf: () => this.balancers,
    });
    this.loop = startLoop({ controller, clock, chance: seededChance(1), log: silentLog });
    await clock.advance(100);
  }

  async stops(): Promise<void> {
    await this.loop?.drain();
    this.loop = null;
  }

  /** Answers everything that is sent, for so long. */
  async runs(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      await this.clock.advance(100);
      for (const event of this.events()) if (!this.answered.has(event.name)) this.answer(event);
    }
  }
}
