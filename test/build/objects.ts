/** Builders of Live objects with defaults applied; what is given wins. */
import { kindEntry, type KindName, type SpecOf, type StatusOf } from '../../api-types/kinds.js';
import type { BoundMachine } from '../../api-types/kinds/instance.js';
import type { Condition } from '../../api-types/metadata.js';
import type { Live } from '../../store/objects/objects.js';

/** 2026-01-01T00:00:00.000Z, where `virtualClock()` begins. */
export const EPOCH = '2026-01-01T00:00:00.000Z';

export type LiveOverrides<K extends KindName> = Partial<Omit<Live<K>, 'ref' | 'spec' | 'status'>> & {
  readonly cluster?: string | null;
  readonly spec?: Partial<SpecOf<K>>;
  readonly status?: Partial<StatusOf<K>>;
};

const CLUSTER = 'shop';

/** A Live object of any kind: incarnation 10, generation 1, not deleted, not frozen. */
export const live = <K extends KindName>(
  kind: K,
  name: string,
  spec: SpecOf<K>,
  overrides: LiveOverrides<K> = {},
): Live<K> => {
  const entry = kindEntry(kind);
  const { cluster = entry.scope === 'Namespaced' ? CLUSTER : null, ...rest } = overrides;
  const defaults = entry.defaults({ ...(spec as object), ...overrides.spec });
  return {
    uid: `uid-${kind.toLowerCase()}-${name}`,
    incarnation: 10,
    generation: 1,
    specGeneration: 1,
    resourceVersion: 10,
    createdAt: EPOCH,
    labels: {},
    annotations: {},
    owner: null,
    deletion: null,
    succeeded: false,
    frozen: null,
    specRevision: entry.home === 'spec' ? 10 : 0,
    recordRevision: 11,
    ...rest,
    ref: { kind, cluster, name },
    spec: defaults as SpecOf<K>,
    status: (overrides.status ?? {}) as StatusOf<K>,
  };
};

export const cluster = (name = CLUSTER, overrides: LiveOverrides<'Cluster'> = {}): Live<'Cluster'> =>
  live('Cluster', name, { cloud: 'local' }, overrides);

export const role = (name = 'app', overrides: LiveOverrides<'Role'> = {}): Live<'Role'> =>
  live('Role', name, { type: 'nodejs-app', replicas: 1 }, overrides);

/** A slot without a machine; its role is its name without the number. */
export const instance = (name = 'app-1', overrides: LiveOverrides<'Instance'> = {}): Live<'Instance'> =>
  live('Instance', name, { role: name.replace(/-\d+$/, '') }, overrides);

export const lifecycleEvent = (
  name: string,
  overrides: LiveOverrides<'LifecycleEvent'> = {},
): Live<'LifecycleEvent'> => {
  const status = {
    event: 'configure' as const,
    cause: 'app-1 became Ready',
    createdAt: EPOCH,
    snapshot: { version: 1, digest: 'digest-1' },
    targets: [],
    ...overrides.status,
  };
  return live('LifecycleEvent', name, undefined, { ...overrides, status });
};

export const machine = (id = 'i-1', overrides: Partial<BoundMachine> = {}): BoundMachine => ({
  id,
  batch: 'batch-1',
  zone: 'local-1a',
  instanceType: 't3.micro',
  imageId: 'ami-1',
  launchedAt: EPOCH,
  state: 'running',
  privateAddress: '127.10.0.1',
  ...overrides,
});

export const condition = (
  type: string,
  status: Condition['status'] = 'True',
  overrides: Partial<Condition> = {},
): Condition => ({ type, status, reason: type, message: '', lastTransitionTime: EPOCH, ...overrides });

/** A running machine whose agent has connected, was set up and is Ready. */
export const readyInstance = (
  name = 'app-1',
  overrides: LiveOverrides<'Instance'> = {},
): Live<'Instance'> => {
  const bound = overrides.status?.machine ?? machine(`i-${name}`);
  const status = {
    machine: bound,
    agent: { machine: bound.id, connectedAt: EPOCH, address: '127.10.0.1', version: '0.1.0' },
    setup: { machine: bound.id, event: 'setup-1', state: 'succeeded' as const, at: EPOCH },
    conditions: { Ready: condition('Ready') },
    ...overrides.status,
  };
  return instance(name, { ...overrides, status });
};
