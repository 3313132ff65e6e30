import { judgeEdits, type Fleet } from '../../../../controllers/instances/consent.js';
import type { Live } from '../../../../store/objects/objects.js';
import { cluster, readyInstance, role, type LiveOverrides } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const SIZES: Readonly<Record<string, number>> = { lb: 1, app: 8, db: 1, 'db-replica': 2, cache: 1 };

const namesOf = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${String(index + 1)}`);

interface Scene {
  readonly roles?: Readonly<Record<string, LiveOverrides<'Role'>>>;
  readonly instances?: Readonly<Record<string, LiveOverrides<'Instance'>>>;
  readonly cluster?: LiveOverrides<'Cluster'>;
}

/** Monster World, 13 hosts, with these edits. */
const monsterWorld = (scene: Scene): Fleet => {
  const names = Object.entries(SIZES);
  const made = (name: string, of: string): Live<'Instance'> => ({
    ...readyInstance(name, scene.instances?.[name]),
    owner: { kind: 'Role', name: of, uid: `uid-role-${of}` },
  });
  return {
    cluster: cluster('shop', scene.cluster),
    roles: names.map(([name, count]) => role(name, { spec: { replicas: count }, ...scene.roles?.[name] })),
    instances: names.flatMap(([name, count]) => namesOf(name, count).map((slot) => made(slot, name))),
  };
};

const deletion = (revision: number) => ({ at: '2026-01-01T00:00:00.000Z', revision });
const everyRole = (overrides: LiveOverrides<'Role'>): Readonly<Record<string, LiveOverrides<'Role'>>> =>
  Object.fromEntries(
    Object.entries(SIZES).map(([name, replicas]) => [name, { spec: { replicas }, ...overrides }]),
  );
const gone = (reason: string): LiveOverrides<'Instance'> => ({
  status: {
    machine: null,
    doomed: [{ machine: 'i-old', reason, message: '', at: '2026-01-01T00:00:00.000Z', when: 'now' }],
  },
});

const table: readonly (Scene & {
  readonly name: string;
  readonly parked: readonly string[];
  readonly of: number;
})[] = [
  { name: 'no edit', parked: [], of: 13 },
  { name: 'a share that is allowed', roles: { app: { spec: { replicas: 2 } } }, parked: [], of: 13 },
  {
    name: 'one host more than half',
    roles: { app: { spec: { replicas: 1 } } },
    parked: ['Role app'],
    of: 13,
  },
  { name: 'most of a cluster to 0', roles: { app: { spec: { replicas: 0 } } }, parked: ['Role app'], of: 13 },
  {
    name: 'two edits, each small, together too many',
    roles: { app: { spec: { replicas: 2 } }, 'db-replica': { spec: { replicas: 1 } } },
    parked: ['Role app', 'Role db-replica'],
    of: 13,
  },
  { name: 'a small role deleted', roles: { cache: { deletion: deletion(50) } }, parked: [], of: 13 },
  {
    name: 'all roles deleted by prefix',
    roles: everyRole({ deletion: deletion(50) }),
    parked: ['Role lb', 'Role app', 'Role db', 'Role db-replica', 'Role cache'],
    of: 13,
  },
  { name: 'the cluster deleted', cluster: { deletion: deletion(50) }, parked: ['Cluster shop'], of: 13 },
  {
    name: 'the cluster deleted, with consent',
    cluster: { deletion: deletion(50), status: { consentRevision: 50 } },
    parked: [],
    of: 13,
  },
  {
    name: 'consent to an older edit is none to this one',
    cluster: { deletion: deletion(50), status: { consentRevision: 49 } },
    parked: ['Cluster shop'],
    of: 13,
  },
  {
    name: 'consent on the role',
    roles: { app: { spec: { replicas: 0 }, specRevision: 40, status: { consentRevision: 40 } } },
    parked: [],
    of: 13,
  },
  {
    name: 'consent on the cluster covers its roles',
    roles: { app: { spec: { replicas: 0 }, specRevision: 40 } },
    cluster: { status: { consentRevision: 41 } },
    parked: [],
    of: 13,
  },
  {
    name: 'an annotation that names the generation',
    roles: { app: { spec: { replicas: 0 }, generation: 3, annotations: { 'scalarium.dev/consent': '3' } } },
    parked: [],
    of: 13,
  },
  {
    name: 'an annotation of an older generation',
    roles: { app: { spec: { replicas: 0 }, generation: 4, annotations: { 'scalarium.dev/consent': '3' } } },
    parked: ['Role app'],
    of: 13,
  },
  {
    name: 'an annotation says nothing about a deletion',
    roles: { app: { deletion: deletion(50), generation: 3, annotations: { 'scalarium.dev/consent': '3' } } },
    parked: ['Role app'],
    of: 13,
  },
  {
    name: "the limit is the cluster's",
    cluster: { spec: { maxTerminationPercent: 100 } },
    roles: everyRole({ deletion: deletion(50) }),
    parked: [],
    of: 13,
  },
  {
    name: 'two hosts never wait',
    cluster: { spec: { maxTerminationPercent: 0 } },
    roles: { app: { spec: { replicas: 6 } } },
    parked: [],
    of: 13,
  },
  {
    name: 'three hosts over a limit of nothing wait',
    cluster: { spec: { maxTerminationPercent: 0 } },
    roles: { app: { spec: { replicas: 5 } } },
    parked: ['Role app'],
    of: 13,
  },
  {
    name: 'hosts being removed by an edit before count along',
    roles: { app: { spec: { replicas: 2 } } },
    instances: { 'db-1': gone('RoleDeleted') },
    parked: ['Role app'],
    of: 13,
  },
  {
    name: 'hosts being replaced because they failed do not',
    roles: { app: { spec: { replicas: 2 } } },
    instances: { 'app-8': gone('BootTimeout') },
    parked: [],
    of: 12,
  },
  {
    name: 'instances deleted by prefix',
    instances: Object.fromEntries(namesOf('app', 8).map((name) => [name, { deletion: deletion(60) }])),
    parked: namesOf('app', 8).map((name) => `Instance ${name}`),
    of: 13,
  },
  {
    name: 'a frozen role has no edits',
    roles: { app: { spec: { replicas: 0 }, frozen: { revision: 70, problems: [] } } },
    parked: [],
    of: 13,
  },
  {
    name: 'a frozen cluster has none either',
    cluster: { frozen: { revision: 70, problems: [] } },
    roles: everyRole({ deletion: deletion(50) }),
    parked: [],
    of: 13,
  },
];

const test = suite('consent: what parks and what does not');

for (const row of table)
  test(row.name, () => {
    const consent = judgeEdits(monsterWorld(row));
    assert.equal(
      consent.parked.map(({ kind, name }) => `${kind} ${name}`),
      row.parked,
    );
    assert.is(consent.total, row.of);
  });
