import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
import type { ClusterSpec } from '../../../../api-types/kinds/cluster.js';
import type { RoleSpec, RoleStatus } from '../../../../api-types/kinds/role.js';
import { planHealing, type HealingPlan } from '../../../../controllers/healing/plan.js';
import type { Live } from '../../../../store/objects/objects.js';
import { cluster, role } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';
import { NOW, ago, hostOf, type HostRow } from './hosts.js';

const test = suite('healing: unknown is not failed, absence is not death');

interface Case {
  readonly name: string;
  readonly hosts: readonly HostRow[];
  readonly role?: Partial<RoleSpec>;
  readonly roleStatus?: Partial<RoleStatus>;
  readonly cluster?: Partial<ClusterSpec>;
  readonly frozen?: 'role' | 'cluster';
  /** `app-1 replace` or `app-1 replace held: Budget`. */
  readonly does: readonly string[];
}

const frozen = { frozen: { revision: 1, problems: [] } };

const planOf = (row: Case): HealingPlan => {
  const app = role('app', {
    spec: { type: 'nodejs-app', replicas: 8, ...row.role },
    status: row.roleStatus,
    ...(row.frozen === 'role' ? frozen : {}),
  });
  return planHealing({
    cluster: cluster('shop', { spec: row.cluster, ...(row.frozen === 'cluster' ? frozen : {}) }),
    roles: new Map<string, Live<'Role'>>([['app', app]]),
    hosts: row.hosts.map(hostOf),
    now: NOW,
  });
};

const doesOf = ({ remedies }: HealingPlan): readonly string[] =>
  remedies.map(({ judged, action, held }) => {
    const what = `${judged.signs.instance.ref.name} ${action}`;
    return held === null ? what : `${what} held: ${held}`;
  });

const well = (count: number, from = 2): readonly HostRow[] =>
  Array.from({ length: count }, (_value, index) => ({ name: `app-${String(index + from)}` }));

const named = (count: number, row: HostRow): readonly HostRow[] =>
  Array.from({ length: count }, (_value, index) => ({ ...row, name: `app-${String(index + 1)}` }));

const NOT_READY: Partial<InstanceStatus> = { conditions: {} };

const asked = (action: 'reboot' | 'replace', name = 'app-1'): Partial<InstanceStatus> => ({
  remediation: { machine: `i-${name}`, action, reason: 'Silent', message: '', at: ago(60) },
});

const table: readonly Case[] = [
  { name: 'all well: nothing', hosts: well(8), does: [] },
  { name: 'gone: replaced at once', hosts: [{ cloud: 'gone' }, ...well(7)], does: ['app-1 replace'] },
  {
    name: 'gone before its agent ever connected: replaced',
    hosts: [{ cloud: 'gone', enrolled: false, silentSeconds: null }, ...well(7)],
    does: ['app-1 replace'],
  },
  {
    name: 'nothing is known of it in the cloud: nothing',
    hosts: [{ cloud: 'unknown' }, ...well(7)],
    does: [],
  },
  {
    name: 'silent and nothing known in the cloud, however long: nothing',
    hosts: [{ cloud: 'unknown', silentSeconds: 4000 }, ...well(7)],
    does: [],
  },
  {
    name: 'silent and stopped in the cloud: replaced',
    hosts: [{ cloud: 'stopped', silentSeconds: 26 }, ...well(7)],
    does: ['app-1 replace'],
  },
  {
    name: 'stopped in the cloud but heard: nothing yet',
    hosts: [{ cloud: 'stopped', silentSeconds: 3 }, ...well(7)],
    does: [],
  },
  {
    name: 'silent and impaired: replaced',
    hosts: [{ impaired: true, silentSeconds: 26 }, ...well(7)],
    does: ['app-1 replace'],
  },
  { name: 'impaired but heard: nothing', hosts: [{ impaired: true }, ...well(7)], does: [] },
  { name: 'silent but otherwise well: only said', hosts: [{ silentSeconds: 26 }, ...well(7)], does: [] },
  { name: 'silent for 179 s: nothing', hosts: [{ silentSeconds: 179 }, ...well(7)], does: [] },
  { name: 'silent for 180 s: rebooted', hosts: [{ silentSeconds: 180 }, ...well(7)], does: ['app-1 reboot'] },
  {
    name: 'reboot asked for: not asked again',
    hosts: [{ silentSeconds: 200, status: asked('reboot') }, ...well(7)],
    does: [],
  },
  {
    name: 'rebooted during this silence: not again',
    hosts: [{ silentSeconds: 300, status: { rebooted: { machine: 'i-app-1', at: ago(100) } } }, ...well(7)],
    does: [],
  },
  {
    name: 'rebooted in an earlier silence: rebooted',
    hosts: [{ silentSeconds: 200, status: { rebooted: { machine: 'i-app-1', at: ago(5000) } } }, ...well(7)],
    does: ['app-1 reboot'],
  },
  {
    name: 'silent for 600 s: replaced, also when a reboot was asked for',
    hosts: [{ silentSeconds: 600, status: asked('reboot') }, ...well(7)],
    does: ['app-1 replace'],
  },
  {
    name: 'replacement asked for: not asked again',
    hosts: [{ cloud: 'gone', status: asked('replace') }, ...well(7)],
    does: [],
  },
  {
    name: 'replacement asked for another machine of the slot: asked',
    hosts: [{ cloud: 'gone', status: asked('replace', 'old') }, ...well(7)],
    does: ['app-1 replace'],
  },
  { name: 'start-up grace: nothing can be said', hosts: [{ silentSeconds: null }, ...well(7)], does: [] },
  {
    name: 'its agent never connected: not judged by silence',
    hosts: [{ enrolled: false, silentSeconds: 4000 }, ...well(7)],
    does: [],
  },
  {
    name: 'database: left alone',
    role: { type: 'db-master', replicas: 1 },
    hosts: [{ cloud: 'gone' }],
    does: ['app-1 replace held: Disabled'],
  },
  {
    name: 'database with healing enabled: replaced when gone',
    role: { type: 'db-master', replicas: 1, healing: { enabled: true } },
    hosts: [{ cloud: 'gone' }],
    does: ['app-1 replace'],
  },
  {
    name: 'database with healing enabled: never for silence alone',
    role: { type: 'db-master', replicas: 1, healing: { enabled: true } },
    hosts: [{ silentSeconds: 4000, status: asked('reboot') }],
    does: [],
  },
  {
    name: 'healing disabled',
    role: { healing: { enabled: false } },
    hosts: [{ cloud: 'gone' }, ...well(7)],
    does: ['app-1 replace held: Disabled'],
  },
  {
    name: 'Maintenance: left alone',
    hosts: [{ desired: 'Maintenance', cloud: 'gone' }, ...well(7)],
    does: [],
  },
  {
    name: 'wanted Stopped: left alone',
    hosts: [{ desired: 'Stopped', cloud: 'stopped', silentSeconds: 99 }],
    does: [],
  },
  { name: 'being deleted: left alone', hosts: [{ deleting: true, cloud: 'gone' }, ...well(7)], does: [] },
  {
    name: 'frozen instance',
    hosts: [{ frozen: true, cloud: 'gone' }, ...well(7)],
    does: ['app-1 replace held: Frozen'],
  },
  {
    name: 'frozen role',
    frozen: 'role',
    hosts: [{ cloud: 'gone' }, ...well(7)],
    does: ['app-1 replace held: Frozen'],
  },
  {
    name: 'frozen cluster',
    frozen: 'cluster',
    hosts: [{ cloud: 'gone' }, ...well(7)],
    does: ['app-1 replace held: Frozen'],
  },
  {
    name: 'budget: 25 % of eight are two at a time',
    hosts: [...named(3, { impaired: true, silentSeconds: 26 }), ...well(5, 4)],
    does: ['app-1 replace', 'app-2 replace', 'app-3 replace held: Budget'],
  },
  {
    name: 'budget: hosts that are not Ready count',
    hosts: [
      { impaired: true, silentSeconds: 26 },
      { name: 'app-2', status: NOT_READY },
      { name: 'app-3', status: NOT_READY },
      ...well(5, 4),
    ],
    does: ['app-1 replace held: Budget'],
  },
  {
    name: 'budget: hosts in Maintenance do not',
    hosts: [
      { impaired: true, silentSeconds: 26 },
      { name: 'app-2', status: NOT_READY, desired: 'Maintenance' },
      { name: 'app-3', status: NOT_READY, desired: 'Maintenance' },
      ...well(5, 4),
    ],
    does: ['app-1 replace'],
  },
  {
    name: 'budget: what is gone is out of service anyway',
    hosts: named(8, { cloud: 'gone' }),
    does: named(8, {}).map(({ name }) => `${String(name)} replace`),
  },
  {
    name: 'budget of none',
    role: { healing: { maxUnavailable: 0 } },
    hosts: [{ impaired: true, silentSeconds: 26 }, ...well(7)],
    does: ['app-1 replace held: Budget'],
  },
  {
    name: 'cap an hour',
    role: { healing: { maxReplacementsPerHour: 2 } },
    roleStatus: { replacements: [ago(3000), ago(2000)] },
    hosts: [{ impaired: true, silentSeconds: 26 }, ...well(7)],
    does: ['app-1 replace held: Cap'],
  },
  {
    name: 'cap an hour: older ones do not count',
    role: { healing: { maxReplacementsPerHour: 2 } },
    roleStatus: { replacements: [ago(4000), ago(2000)] },
    hosts: [{ impaired: true, silentSeconds: 26 }, ...well(7)],
    does: ['app-1 replace'],
  },
  {
    name: 'back-off: gone again seconds after its launch, after a first round',
    role: { replicas: 1 },
    roleStatus: { replacements: [ago(20)] },
    hosts: [{ cloud: 'gone', launchedAt: ago(4) }],
    does: ['app-1 replace held: BackOff'],
  },
  {
    name: 'back-off: over',
    role: { replicas: 1 },
    roleStatus: { replacements: [ago(20)] },
    hosts: [{ cloud: 'gone', launchedAt: ago(6) }],
    does: ['app-1 replace'],
  },
  {
    name: 'breaker: more than half of the cluster silent together',
    hosts: [...named(5, { impaired: true, silentSeconds: 26 }), ...well(3, 6)],
    does: named(5, {}).map(({ name }) => `${String(name)} replace held: Breaker`),
  },
  {
    name: 'breaker: hosts that are nearly silent count',
    hosts: [
      { impaired: true, silentSeconds: 26 },
      ...well(4).map((row) => ({ ...row, silentSeconds: 20 })),
      ...well(3, 6),
    ],
    does: ['app-1 replace held: Breaker'],
  },
  {
    name: 'breaker: two are no mass failure',
    role: { replicas: 2, healing: { maxUnavailable: 2 } },
    hosts: named(2, { impaired: true, silentSeconds: 26 }),
    does: ['app-1 replace', 'app-2 replace'],
  },
  {
    name: 'breaker: a zone of its own',
    hosts: [
      ...named(3, { impaired: true, silentSeconds: 26, zone: 'b' }),
      ...well(4, 4),
      { name: 'app-8', impaired: true, silentSeconds: 26 },
    ],
    does: [
      'app-1 replace held: Breaker',
      'app-2 replace held: Breaker',
      'app-3 replace held: Breaker',
      'app-8 replace',
    ],
  },
  {
    name: 'breaker: percent of the cluster',
    cluster: { healing: { breakerPercent: 100 } },
    role: { healing: { maxUnavailable: 8 } },
    hosts: named(3, { impaired: true, silentSeconds: 26 }),
    does: ['app-1 replace', 'app-2 replace', 'app-3 replace'],
  },
  {
    name: 'breaker: what the cloud says is gone is no loss of view',
    hosts: [...named(6, { cloud: 'gone', silentSeconds: 60 }), ...well(2, 7)],
    does: named(6, {}).map(({ name }) => `${String(name)} replace`),
  },
];

for (const row of table) {
  test(row.name, () => {
    assert.equal(doesOf(planOf(row)), row.does);
  });
}
