/** Gateways over one embedded store, with records as the controllers would have written them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { AgentConfig } from '../../api-types/agent-protocol.js';
import type {
  EventResult,
  LifecycleEventStatus,
  ResultChunk,
} from '../../api-types/kinds/lifecycle-event.js';
import type { Lifecycle } from '../../api-types/lifecycle.js';
import type { RoleSpec } from '../../api-types/kinds/role.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { snapshotDigest } from '../../api-types/snapshot-digest.js';
import { millis } from '../../api-types/units.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock, timestamp } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { sealTexts, type Texts } from '../../runtime/sealing.js';
import { batchToken } from '../../runtime/tokens.js';
import type { TlsIdentity } from '../../server/tls/identity.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';
import { resultsOf, snapshotKey, specKey } from '../../store/keys.js';
import type { Ref } from '../../store/objects/objects.js';
import { type OpenedObjects } from '../../store/objects/open.js';
import type { Store } from '../../store/store.js';
import { PATIENCE_MS } from './patience.js';
import {
  INSTALLATION,
  KEY,
  SEALER,
  startGateway,
  type RunningGateway,
  type WorldOptions,
} from './running-gateway.js';

export const BATCH = 'batch-1';
const CLUSTER = 'shop';

export class World {
  readonly gateways: RunningGateway[] = [];
  private version = 0;

  private constructor(
    readonly folder: string,
    readonly store: Store,
  ) {}

  /** With a gateway for each identity, that is spoken to over TLS only; or this many over plain HTTP. */
  static async open(gateways: number | readonly TlsIdentity[], options: WorldOptions = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'gateways-'));
    const directory = join(folder, 'store');
    const store = await openEmbeddedStore({
      directory,
      clock: systemClock,
      chance: systemChance,
      log: silentLog,
    });
    const world = new World(folder, store);
    const identities = typeof gateways === 'number' ? Array<null>(gateways).fill(null) : gateways;
    for (const [index, identity] of identities.entries()) {
      const packs = join(folder, `packs-${String(index)}`);
      world.gateways.push(await startGateway(store, identity, packs, options));
    }
    return world;
  }

  async close(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.close()));
    await this.store.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  get urls(): readonly string[] {
    return this.gateways.map(({ url }) => url);
  }

  /** The objects of a gateway that lives. */
  get objects(): OpenedObjects {
    return this.at(-1).objects;
  }

  at(index: number): RunningGateway {
    const gateway = this.gateways.at(index);
    if (gateway === undefined) throw new Error(`there is no gateway ${String(index)}`);
    return gateway;
  }

  /** A role with a batch out of which these machines came: `app-1` has `i-1`, and so on. */
  async hosts(count: number, more: Partial<RoleSpec> = {}): Promise<void> {
    const names = Array.from({ length: count }, (_, index) => String(index + 1));
    await this.write([
      {
        write: 'create',
        ref: this.ref('Role', 'app'),
        document: { spec: { type: 'custom', replicas: count, ...more } },
      },
      ...names.map((name) => ({
        write: 'create' as const,
        ref: this.ref('Instance', `app-${name}`),
        document: { spec: { role: 'app' } },
      })),
    ]);
    await this.write([this.status('Role', 'app', { batches: [this.batch()] })]);
    for (const name of names) await this.bind(`app-${name}`, `i-${name}`);
  }

  batch() {
    const slots: readonly { readonly name: string; readonly uid: string }[] = [];
    const more = { zone: 'a', imageId: 'ami', instanceType: 't', parametersHash: '', createdAt: '' };
    return { id: BATCH, slots, gateways: [], ...more };
  }

  async bind(instance: string, machine: string): Promise<void> {
    const launched = timestamp(systemClock.now());
    const more = { zone: 'a', instanceType: 't', imageId: 'ami', launchedAt: launched, state: 'running' };
    await this.write([
      this.status('Instance', instance, { machine: { id: machine, batch: BATCH, ...more } }),
    ]);
  }

  /** The slot has no machine any more. */
  async release(instance: string): Promise<void> {
    await this.write([this.status('Instance', instance, { machine: null })]);
  }

  config(gateways = this.urls): AgentConfig {
    const token = batchToken(KEY, BATCH);
    return { installation: INSTALLATION, cluster: CLUSTER, role: 'app', batch: BATCH, token, gateways };
  }

  /** A snapshot that is in the store. */
  async snapshot(more: Partial<Snapshot> = {}): Promise<{ version: number; digest: string }> {
    const whole: Snapshot = {
      cluster: CLUSTER,
      timeZone: 'UTC',
      attributes: {},
      roles: { app: { type: 'custom', attributes: {}, watches: [] } },
      hosts: {},
      ...more,
    };
    const digest = snapshotDigest(whole);
    const operation = { op: 'put', key: snapshotKey(CLUSTER, digest), value: JSON.stringify(whole) } as const;
    await orThrow(this.store.txn({ compare: [], then: [operation] }));
    this.version += 1;
    return { version: this.version, digest };
  }

  /** Writes an event for these machines (`i-1` is in slot `app-1`). */
  async tell(
    name: string,
    event: Lifecycle,
    machines: readonly string[],
    snapshot = { version: 1, digest: '' },
  ): Promise<void> {
    await this.event(name, machines, { event, snapshot });
  }

  /** Asks these machines what a configure would change, for a Run of this uid. */
  async ask(name: string, machines: readonly string[], run: string): Promise<void> {
    const snapshot = { version: 1, digest: '' };
    await this.event(name, machines, { event: 'configure', snapshot, dryRun: true, run });
  }

  /** A Run that is under way; gives its uid. */
  async run(name: string): Promise<string> {
    const ref: Ref<'Run'> = { kind: 'Run', cluster: CLUSTER, name };
    await this.write([{ write: 'create', ref, document: { spec: { event: 'configure', dryRun: true } } }]);
    return this.objects.get(ref)!.uid;
  }

  private async event(
    name: string,
    machines: readonly string[],
    more: Pick<LifecycleEventStatus, 'event' | 'snapshot' | 'dryRun' | 'run'>,
  ): Promise<void> {
    const targets = machines.map((machine) => ({ instance: machine.replace('i-', 'app-'), machine }));
    const patch = { ...more, cause: 'a test', createdAt: timestamp(systemClock.now()), targets };
    await this.write([this.status('LifecycleEvent', name, patch)]);
  }

  /** Results that are in the store, by machine. */
  async results(event: string): Promise<ReadonlyMap<string, EventResult>> {
    const listed = await this.store.list(resultsOf(CLUSTER, event))();
    if (E.isLeft(listed)) throw new Error(listed.left.message);
    const chunks = listed.right.items.map(({ value }) => JSON.parse(value) as ResultChunk);
    return new Map(chunks.flatMap(({ results }) => results.map((result) => [result.machine, result])));
  }

  async resultOf(event: string, machine: string): Promise<EventResult> {
    const results = await until(`a result of ${event} from ${machine}`, async () => {
      const found = await this.results(event);
      return found.has(machine) ? found : null;
    });
    return results.get(machine)!;
  }

  agentOf(instance: string) {
    return this.objects.get({ kind: 'Instance', cluster: CLUSTER, name: instance })?.status.agent;
  }

  /** A Secret as the API would have stored it. */
  async secret(name: string, texts: Texts): Promise<void> {
    const ref: Ref = { kind: 'Secret', cluster: CLUSTER, name };
    const sealed = sealTexts(SEALER, specKey(ref), texts, {});
    await this.write([{ write: 'create', ref, document: { spec: { sealed } } }]);
  }

  /** The cluster, with a source that was resolved to this pack. */
  async pack(digest: string): Promise<void> {
    const ref: Ref = { kind: 'Cluster', cluster: null, name: CLUSTER };
    await this.write([{ write: 'create', ref, document: { spec: { cloud: 'local' } } }]);
    const cookbooks = [{ name: 'own', revision: 'abc', digest }];
    await this.write([{ write: 'status', ref, patch: { cookbooks } }]);
  }

  private ref<K extends 'Role' | 'Instance' | 'LifecycleEvent'>(kind: K, name: string): Ref<K> {
    return { kind, cluster: CLUSTER, name };
  }

  private status(kind: 'Role' | 'Instance' | 'LifecycleEvent', name: string, patch: object) {
    return { write: 'status' as const, ref: this.ref(kind, name), patch: patch as Record<string, unknown> };
  }

  private async write(writes: Parameters<OpenedObjects['write']>[1]): Promise<void> {
    const revision = await orThrow(this.objects.write(null, writes));
    await this.objects.caughtUp(revision);
  }
}

/** Waits until `look` gives something; fails when it never does. */
export const until = async <A>(
  what: string,
  look: () => A | null | Promise<A | null>,
  within = millis(PATIENCE_MS),
): Promise<A> => {
  const deadline = systemClock.monotonic() + within;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (systemClock.monotonic() > deadline) throw new Error(`waited in vain for ${what}`);
    await systemClock.sleep(millis(10));
  }
};

/** The same for a condition. */
export const untilTrue = async (what: string, holds: () => boolean): Promise<void> => {
  await until(what, () => (holds() ? true : null));
};
