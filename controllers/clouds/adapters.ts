/** The adapters of Cloud objects: opened with a spec and credentials, probed, replaced when these change, closed when it goes. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { Subject } from 'rxjs';
import type { CloudSpec } from '../../api-types/kinds/cloud.js';
import type { Millis } from '../../api-types/units.js';
import type { Capabilities, Cloud, Clouds, Machines, OpenCloud } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import type { Failure } from '../../runtime/failure.js';
import type { CloudCredentials } from './credentials.js';

/** A Machines view that sweeps until it is closed. */
export type Watched = Machines & { close(): void };

export interface AdapterFactories {
  /** Opens the endpoint a Cloud names; calls nothing yet. `credentials` null: the Cloud names none. */
  readonly open: (name: string, spec: CloudSpec, credentials: CloudCredentials | null) => Cloud;
  /** Begins to sweep an endpoint whose probe succeeded. */
  readonly watch: (cloud: Cloud) => Watched;
}

interface Adapter {
  readonly fingerprint: string;
  readonly cloud: Cloud;
  readonly use: {
    readonly machines: Watched;
    readonly capabilities: Capabilities;
    readonly since: Millis;
  } | null;
}

export interface Adapters {
  readonly clouds: Clouds;
  /** The adapter for this spec and these credentials: the one there is, or a new one in its place. */
  ensure(name: string, spec: CloudSpec, credentials: CloudCredentials | null): Cloud;
  /** Asks the endpoint what it can do; a first success puts it to use. */
  probe(name: string): TaskEither<Failure, Capabilities>;
  /** When the last complete sweep began, or the adapter was put to use when there was none yet. */
  lastSign(name: string): Millis | null;
  /** Ends the adapter, if there is one. */
  drop(name: string): void;
  readonly close: () => void;
}

const fingerprintOf = (spec: CloudSpec, credentials: CloudCredentials | null): string =>
  createHash('sha256')
    .update(JSON.stringify([spec, credentials]))
    .digest('hex');

/** Opens an empty set of adapters. */
export const createAdapters = ({ open, watch }: AdapterFactories, clock: Clock): Adapters => {
  const adapters = new Map<string, Adapter>();
  const changes = new Subject<string>();

  const drop: Adapters['drop'] = (name) => {
    const adapter = adapters.get(name);
    adapters.delete(name);
    adapter?.use?.machines.close();
    if (adapter?.use !== null && adapter !== undefined) changes.next(name);
  };

  const ensure: Adapters['ensure'] = (name, spec, credentials) => {
    const fingerprint = fingerprintOf(spec, credentials);
    const adapter = adapters.get(name);
    if (adapter?.fingerprint === fingerprint) return adapter.cloud;
    // while the new endpoint is not proven, none is better than one nobody wants any more
    drop(name);
    const cloud = open(name, spec, credentials);
    adapters.set(name, { fingerprint, cloud, use: null });
    return cloud;
  };

  const use = (name: string, adapter: Adapter, capabilities: Capabilities): void => {
    const machines = adapter.use?.machines ?? watch(adapter.cloud);
    const before = adapter.use?.capabilities ?? null;
    const since = adapter.use?.since ?? clock.monotonic();
    adapters.set(name, { ...adapter, use: { machines, capabilities, since } });
    if (JSON.stringify(before) !== JSON.stringify(capabilities)) changes.next(name);
  };

  const probe: Adapters['probe'] = (name) => async () => {
    const asked = adapters.get(name);
    if (asked === undefined) throw new Error(`the Cloud ${name} is probed before it was opened`);
    const result = await asked.cloud.capabilities()();
    const adapter = adapters.get(name);
    // the adapters may have been closed meanwhile
    if (E.isRight(result) && adapter?.cloud === asked.cloud) use(name, adapter, result.right);
    return result;
  };

  const get = (name: string): OpenCloud | null => {
    const adapter = adapters.get(name);
    if (adapter?.use === null || adapter === undefined) return null;
    const { machines, capabilities } = adapter.use;
    return { cloud: adapter.cloud, machines, capabilities };
  };

  return {
    clouds: { get, changes$: changes.asObservable() },
    ensure,
    probe,
    lastSign: (name) => {
      const use = adapters.get(name)?.use ?? null;
      return use === null ? null : (use.machines.lastFullSweep() ?? use.since);
    },
    drop,
    close: () => {
      for (const name of [...adapters.keys()]) drop(name);
      changes.complete();
    },
  };
};
