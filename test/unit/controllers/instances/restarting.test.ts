import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
import { phaseOf } from '../../../../api-types/kinds/phase.js';
import type { RebootWish, Restart } from '../../../../api-types/kinds/restart.js';
import { millis } from '../../../../api-types/units.js';
import { judgeEdits } from '../../../../controllers/instances/consent.js';
import { restartOf } from '../../../../controllers/instances/restarting.js';
import { planSlot } from '../../../../controllers/instances/slots.js';
import { DEFAULT_SETTINGS, type RoleView, type Slot } from '../../../../controllers/instances/view.js';
import { timestamp } from '../../../../runtime/clock.js';
import { EPOCH, cluster, machine, readyInstance, role } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const ID = 'i-app-1';
const at = (seconds: number): string => timestamp(Date.parse(EPOCH) + seconds * 1000);
const NOW = 1000;
const ASKED = at(990);

interface Row {
  readonly name: string;
  readonly desired?: 'Running' | 'Stopped' | 'Maintenance';
  readonly status?: Partial<InstanceStatus>;
  readonly asked?: string | null;
  readonly connected?: boolean;
  /** The machine that the slot is given in this run. */
  readonly arrived?: string;
  readonly calls: boolean;
  /** Null: the record stays as it is. */
  readonly note: Partial<Record<keyof Restart, string | null>> | null;
}

const agent = (startedAt: string | null, of = ID): InstanceStatus['agent'] => ({
  machine: of,
  connectedAt: EPOCH,
  address: '127.10.0.1',
  version: '0.1.0',
  ...(startedAt === null ? {} : { startedAt }),
});

const called = (seconds: number, more: Partial<Restart> = {}): Restart => ({
  askedAt: ASKED,
  machine: ID,
  calledAt: at(seconds),
  agentStartedAt: at(1),
  ...more,
});

const calledNow = { askedAt: ASKED, machine: ID, calledAt: at(NOW), agentStartedAt: at(1), doneAt: null };

const TABLE: readonly Row[] = [
  { name: 'never asked for: nothing', asked: null, calls: false, note: null },
  { name: 'asked for: called, and the record says so', calls: true, note: calledNow },
  {
    name: 'in maintenance too',
    desired: 'Maintenance',
    calls: true,
    note: calledNow,
  },
  {
    name: 'asked for anew after an earlier one',
    status: { restart: called(500, { askedAt: at(490), doneAt: at(550) }) },
    calls: true,
    note: calledNow,
  },
  {
    name: 'called, and not back yet: waited for',
    status: { restart: called(NOW - 10) },
    connected: false,
    calls: false,
    note: null,
  },
  {
    name: 'called, the same agent still talks: it may be shutting down',
    status: { restart: called(NOW - 10) },
    calls: false,
    note: null,
  },
  {
    name: 'back: another agent has connected',
    status: { restart: called(NOW - 10), agent: agent(at(995)) },
    calls: false,
    note: { ...called(NOW - 10), doneAt: at(NOW) },
  },
  {
    name: 'done: once a value',
    status: { restart: called(NOW - 100, { doneAt: at(NOW - 50) }), agent: agent(at(950)) },
    calls: false,
    note: null,
  },
  {
    name: 'the call was lost (we died between record and call): the same agent talks much later',
    status: { restart: called(NOW - 301) },
    calls: true,
    note: calledNow,
  },
  {
    name: 'gone down and not back: not called again',
    status: { restart: called(NOW - 301) },
    connected: false,
    calls: false,
    note: null,
  },
  {
    name: 'an agent that does not say since when it runs: done once a call must have shown effect',
    status: {
      restart: { askedAt: ASKED, machine: ID, calledAt: at(NOW - 301) },
      agent: agent(null),
    },
    calls: false,
    note: { askedAt: ASKED, machine: ID, calledAt: at(NOW - 301), agentStartedAt: null, doneAt: at(NOW) },
  },
  {
    name: 'still booting: not before its agent was heard',
    status: { agent: agent(at(1), 'i-before') },
    calls: false,
    note: null,
  },
  {
    name: 'to be stopped: never',
    desired: 'Stopped',
    calls: false,
    note: { askedAt: ASKED, machine: ID, calledAt: null, agentStartedAt: null, doneAt: at(NOW) },
  },
  {
    name: 'stopped: never, and not when it is started again either',
    status: { machine: machine(ID, { state: 'stopped' }) },
    calls: false,
    note: { askedAt: ASKED, machine: ID, calledAt: null, agentStartedAt: null, doneAt: at(NOW) },
  },
  {
    name: 'a machine that comes after it was asked for is new enough',
    arrived: 'i-new',
    calls: false,
    note: { askedAt: ASKED, machine: 'i-new', calledAt: null, agentStartedAt: null, doneAt: at(NOW) },
  },
  {
    name: 'replaced while it was rebooted: the new one is left alone',
    status: { restart: called(NOW - 10, { machine: 'i-before' }) },
    calls: false,
    note: { askedAt: ASKED, machine: ID, calledAt: null, agentStartedAt: null, doneAt: at(NOW) },
  },
];

const sceneOf = (row: Row): { readonly view: RoleView; readonly slot: Slot } => {
  const restartedAt = row.asked === null ? {} : { restartedAt: row.asked ?? ASKED };
  const live = readyInstance('app-1', {
    spec: { role: 'app', desired: row.desired ?? 'Running', ...restartedAt },
    status: { agent: agent(at(1)), ...row.status },
  });
  const seen = { machine: null, gone: false, connected: row.connected ?? true };
  const slot: Slot = { name: 'app-1', number: 1, live, seen, doomed: [] };
  const view: RoleView = {
    now: millis(Date.parse(at(NOW))),
    role: role('app', { spec: { replicas: 1 } }),
    cluster: cluster(),
    cloud: { state: 'usable', honoursClientTokens: true },
    slots: [slot],
    batches: [],
    consent: judgeEdits({ cluster: cluster(), roles: [], instances: [] }),
    blind: false,
    listening: true,
    gateways: [],
    authority: null,
    agent: null,
    settings: DEFAULT_SETTINGS,
    request: () => {
      throw new Error('nothing is launched');
    },
  };
  return { view, slot };
};

const test = suite('restarts that a person or recipes want');

for (const row of TABLE)
  test(row.name, () => {
    const { view, slot } = sceneOf(row);
    const { call, patch } = restartOf(view, slot, row.arrived ?? null);
    assert.is(call, row.calls ? ID : null);
    assert.equal(patch.restart ?? null, row.note);
  });

const wished = (seconds: number, more: Partial<RebootWish> = {}): RebootWish => ({
  machine: ID,
  event: 'setup-1',
  at: at(seconds),
  finishedAt: at(seconds),
  ...more,
});

const byWish = { ...calledNow, askedAt: 'setup-1' };

/** What recipes want, beside what a person has asked for. */
const WISHES: readonly Row[] = [
  { name: 'recipes want it: called', status: { rebootWish: wished(990) }, calls: true, note: byWish },
  {
    name: 'for each event once',
    status: { rebootWish: wished(990), wishRestart: called(995, { askedAt: 'setup-1', doneAt: at(996) }) },
    calls: false,
    note: null,
  },
  {
    name: 'another event wants it again',
    status: {
      rebootWish: wished(990, { event: 'setup-2' }),
      wishRestart: called(900, { askedAt: 'setup-1', doneAt: at(910) }),
    },
    calls: true,
    note: { ...byWish, askedAt: 'setup-2' },
  },
  {
    name: 'the wish went with its machine',
    status: { rebootWish: wished(990, { machine: 'i-before' }) },
    calls: false,
    note: null,
  },
  {
    name: 'called, and another agent is back: done',
    status: {
      rebootWish: wished(980),
      wishRestart: called(985, { askedAt: 'setup-1' }),
      agent: agent(at(995)),
    },
    calls: false,
    note: { ...called(985, { askedAt: 'setup-1' }), doneAt: at(NOW) },
  },
  {
    name: 'a person had it rebooted since: enough',
    status: { rebootWish: wished(980), restart: called(985, { askedAt: 'x', doneAt: at(990) }) },
    calls: false,
    note: { askedAt: 'setup-1', machine: ID, calledAt: null, agentStartedAt: null, doneAt: at(NOW) },
  },
  {
    name: 'what a person had done before does not count',
    status: { rebootWish: wished(980), restart: called(700, { askedAt: 'x', doneAt: at(710) }) },
    calls: true,
    note: byWish,
  },
];

for (const row of WISHES)
  test(row.name, () => {
    const { view, slot } = sceneOf({ ...row, asked: null });
    const { call, patch } = restartOf(view, slot, null);
    assert.is(call, row.calls ? ID : null);
    assert.equal(patch.wishRestart ?? null, row.note);
    assert.is(patch.restart, undefined);
  });

test('a person goes first, and nothing that was done is done again', () => {
  const { view, slot } = sceneOf({ name: '', status: { rebootWish: wished(990) }, calls: true, note: null });
  assert.equal(Object.keys(restartOf(view, slot, null).patch), ['restart']);
  const done = called(995, { doneAt: at(996) });
  const after = sceneOf({
    name: '',
    status: { rebootWish: wished(997), restart: done },
    calls: true,
    note: null,
  });
  assert.equal(restartOf(after.view, after.slot, null).patch, { wishRestart: byWish });
});

const NO_ARRIVALS = { binding: null, surplus: [], failed: null };

test('the call goes out in the run that notes it', () => {
  const { view, slot } = sceneOf({ name: '', calls: true, note: null });
  const { reboot, patch } = planSlot(view, slot, NO_ARRIVALS);
  assert.is(reboot, ID);
  assert.equal(patch?.patch['restart'], calledNow);
  assert.is(patch?.patch['rebooted'], undefined);
});

test('a machine that must go is not rebooted', () => {
  const { view, slot } = sceneOf({ name: '', calls: false, note: null });
  const scaled = { ...view, role: role('app', { spec: { replicas: 0 } }) };
  const { reboot, patch } = planSlot(scaled, slot, NO_ARRIVALS);
  assert.is(reboot, null);
  assert.is(patch?.patch['restart'], undefined);
  assert.is((patch?.patch['doomed'] as readonly unknown[]).length, 1);
});

test('the phase is rebooting until it is back', () => {
  const phase = (restart: Restart): string =>
    phaseOf(readyInstance('app-1', { status: { restart } }).status, false);
  assert.is(phase(called(NOW)), 'rebooting');
  assert.is(phase(called(NOW, { doneAt: at(NOW + 9) })), 'online');
  assert.is(phase(called(NOW, { machine: 'i-before' })), 'online');
});
