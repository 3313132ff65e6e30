import { judgeEdits } from '../../../../controllers/instances/consent.js';
import { troubleOf } from '../../../../controllers/instances/troubles.js';
import {
  DEFAULT_SETTINGS,
  type RoleView,
  type Seen,
  type Slot,
} from '../../../../controllers/instances/view.js';
import { millis } from '../../../../api-types/units.js';
import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
import {
  EPOCH,
  cluster,
  instance,
  machine,
  readyInstance,
  role,
  type LiveOverrides,
} from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

interface Row {
  readonly name: string;
  readonly role?: LiveOverrides<'Role'>;
  readonly instance?: LiveOverrides<'Instance'>;
  /** Bound and running, but its agent never connected. */
  readonly booting?: boolean;
  readonly state?: 'pending' | 'running' | 'stopped' | 'terminated' | 'shutting-down';
  readonly gone?: boolean;
  readonly view?: Partial<RoleView>;
  readonly seconds?: number;
  readonly found: string | null;
}

const setup = (state: 'failed' | 'expired'): LiveOverrides<'Instance'> => ({
  status: { setup: { machine: 'i-app-1', event: 'setup-1', state, at: EPOCH } },
});
const remediation = (of: string, action: 'replace' | 'reboot'): LiveOverrides<'Instance'> => ({
  status: { remediation: { machine: of, action, reason: 'Silent', message: '', at: EPOCH } },
});
const db = { spec: { type: 'db-master' as const } };
const deletion = { at: EPOCH, revision: 40 };

const table: readonly Row[] = [
  { name: 'a Ready host is left alone', found: null },
  { name: 'the cloud says terminated', state: 'terminated', found: 'doom CloudGone now' },
  { name: 'the cloud says shutting down', state: 'shutting-down', found: 'doom CloudGone now' },
  { name: 'absent from complete sweeps', gone: true, found: 'doom CloudGone now' },
  { name: 'absent with half the cluster: not believed', gone: true, view: { blind: true }, found: null },
  {
    name: 'terminated is believed all the same',
    state: 'terminated',
    view: { blind: true },
    found: 'doom CloudGone now',
  },
  { name: 'a lost database asks a person', role: db, state: 'terminated', found: 'stalled MachineLost' },
  {
    name: 'a lost database that never served is replaced',
    role: db,
    booting: true,
    state: 'terminated',
    found: 'doom CloudGone now',
  },
  {
    name: 'a lost database whose role allows healing',
    role: { spec: { ...db.spec, healing: { enabled: true } } },
    state: 'terminated',
    found: 'doom CloudGone now',
  },
  {
    name: 'a lost host whose role forbids healing',
    role: { spec: { healing: { enabled: false } } },
    state: 'terminated',
    found: 'stalled MachineLost',
  },
  { name: 'no word from the agent, in time', booting: true, seconds: 299, found: null },
  { name: 'no word from the agent, too late', booting: true, seconds: 301, found: 'doom BootTimeout now' },
  {
    name: 'still pending, too late',
    booting: true,
    state: 'pending',
    seconds: 301,
    found: 'doom PendingTimeout now',
  },
  {
    name: 'no word, but nobody listened',
    booting: true,
    seconds: 301,
    view: { listening: false },
    found: null,
  },
  {
    name: 'no word, in maintenance',
    booting: true,
    seconds: 301,
    instance: { spec: { desired: 'Maintenance' } },
    found: null,
  },
  {
    name: 'no word, wanted Stopped',
    booting: true,
    seconds: 301,
    instance: { spec: { desired: 'Stopped' } },
    found: null,
  },
  { name: 'setup failed', instance: setup('failed'), found: 'doom SetupFailed now' },
  { name: 'setup failed on a database', role: db, instance: setup('failed'), found: 'stalled SetupFailed' },
  { name: 'no word of its setup', instance: setup('expired'), found: 'doom SetupFailed now' },
  {
    name: 'no word of its setup, but nobody listened: the agent may tell any moment',
    instance: setup('expired'),
    view: { listening: false },
    found: null,
  },
  {
    name: 'healing replaces: the new one first',
    instance: remediation('i-app-1', 'replace'),
    found: 'doom Silent replaced',
  },
  {
    name: 'healing replaces a database: the old one first',
    role: db,
    instance: remediation('i-app-1', 'replace'),
    found: 'doom Silent now',
  },
  { name: 'healing wanted another machine replaced', instance: remediation('i-old', 'replace'), found: null },
  { name: 'healing reboots: no doom', instance: remediation('i-app-1', 'reboot'), found: null },
  { name: 'beyond the replicas', role: { spec: { replicas: 0 } }, found: 'doom ScaledDown now' },
  { name: 'its role deleted', role: { deletion }, found: 'doom RoleDeleted now' },
  {
    name: 'its cluster deleted',
    view: { cluster: cluster('shop', { deletion }) },
    found: 'doom ClusterDeleted now',
  },
  { name: 'its Instance deleted', instance: { deletion }, found: 'doom InstanceDeleted now' },
  {
    name: 'an edit that is parked does nothing',
    role: { spec: { replicas: 0 } },
    view: {
      consent: {
        ...judgeEdits({ cluster: null, roles: [], instances: [] }),
        parkedHosts: new Set(['app-1']),
      },
    },
    found: null,
  },
];

const slotOf = (row: Row): Slot => {
  const state = row.state ?? 'running';
  const bound = machine('i-app-1', { state: state === 'pending' ? 'pending' : 'running' });
  const status: InstanceStatus = { machine: bound, requestedAt: EPOCH, ...row.instance?.status };
  const make = row.booting === true ? instance : readyInstance;
  const live = make('app-1', { ...row.instance, status });
  const seen: Seen = {
    machine:
      row.gone === true
        ? null
        : {
            ...bound,
            state,
            launchIndex: 0,
            privateAddress: null,
            publicAddress: null,
            clientToken: null,
            tags: {},
            stateReason: null,
          },
    gone: row.gone === true || state === 'terminated',
    connected: null,
  };
  return { name: 'app-1', number: 1, live, seen, doomed: [] };
};

const viewOf = (row: Row): RoleView => {
  const slot = slotOf(row);
  return {
    now: millis(Date.parse(EPOCH) + (row.seconds ?? 10) * 1000),
    role: role('app', row.role),
    cluster: cluster(),
    cloud: { state: 'usable', honoursClientTokens: true },
    slots: [slot],
    batches: [],
    consent: judgeEdits({ cluster: null, roles: [], instances: [] }),
    blind: false,
    listening: true,
    gateways: [],
    authority: null,
    agent: null,
    settings: DEFAULT_SETTINGS,
    request: () => {
      throw new Error('nothing is launched here');
    },
    ...row.view,
  };
};

const told = (view: RoleView): string | null => {
  const [slot] = view.slots;
  const trouble = slot === undefined ? null : troubleOf(view, slot);
  if (trouble === null) return null;
  return trouble.trouble === 'doom' ? `doom ${trouble.reason} ${trouble.when}` : `stalled ${trouble.reason}`;
};

const test = suite('what is wrong with a slot’s machine');

for (const row of table)
  test(row.name, () => {
    assert.is(told(viewOf(row)), row.found);
  });
