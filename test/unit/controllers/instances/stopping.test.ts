import type { InstanceStatus, StopWish } from '../../../../api-types/kinds/instance.js';
import { millis } from '../../../../api-types/units.js';
import { judgeEdits } from '../../../../controllers/instances/consent.js';
import { stopIn, stopPatch } from '../../../../controllers/instances/stopping.js';
import { terminateIn } from '../../../../controllers/instances/teardown.js';
import { DEFAULT_SETTINGS, type RoleView, type Slot } from '../../../../controllers/instances/view.js';
import { timestamp } from '../../../../runtime/clock.js';
import { EPOCH, cluster, condition, machine, readyInstance, role } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const ID = 'i-app-1';
const at = (seconds: number): string => timestamp(Date.parse(EPOCH) + seconds * 1000);
const NOW = 1000;

interface Row {
  readonly name: string;
  readonly desired?: 'Running' | 'Stopped';
  readonly status?: Partial<InstanceStatus>;
  readonly connected?: boolean;
  readonly parked?: boolean;
  readonly listening?: boolean;
  /** Seconds, or null. */
  readonly wait: number | null;
  readonly note: StopWish | null | undefined;
}

const asked = (seconds: number, calledAt?: number): StopWish => ({
  machine: ID,
  askedAt: at(seconds),
  ...(calledAt === undefined ? {} : { calledAt: at(calledAt) }),
});
const told = (seconds: number, state: 'succeeded' | 'expired' = 'succeeded'): Partial<InstanceStatus> => ({
  shutdown: { [ID]: { machine: ID, event: 'shutdown-1', state, at: at(seconds) } },
});
const starting = condition('Reconciling', 'True', { reason: 'Stopping', lastTransitionTime: at(0) });

const table: readonly Row[] = [
  { name: 'wanted Running: nothing', desired: 'Running', wait: null, note: undefined },
  { name: 'wanted Stopped: asked for first', wait: 1, note: asked(NOW) },
  {
    name: 'asked a moment ago, whatever its conditions said before: it has its time to shut down',
    status: { stop: asked(NOW - 10), conditions: { Reconciling: starting } },
    wait: 110,
    note: undefined,
  },
  {
    name: 'it has shut down: stopped at once, and the record says so before',
    status: { stop: asked(NOW - 10), ...told(NOW - 5) },
    wait: 0,
    note: asked(NOW - 10, NOW),
  },
  {
    name: 'it shut down the last time, not this time',
    status: { stop: asked(NOW - 10), ...told(NOW - 500) },
    wait: 110,
    note: undefined,
  },
  {
    name: 'it cannot be told',
    status: { stop: asked(NOW - 1) },
    connected: false,
    wait: 0,
    note: asked(NOW - 1, NOW),
  },
  { name: 'its time is over', status: { stop: asked(NOW - 120) }, wait: 0, note: asked(NOW - 120, NOW) },
  {
    name: 'its time was over while nobody listened: it may still be told',
    status: { stop: asked(NOW - 500) },
    listening: false,
    wait: 1,
    note: undefined,
  },
  {
    name: 'called, and no effect yet: not called again at once',
    status: { stop: asked(NOW - 20, NOW - 5) },
    wait: 10,
    note: undefined,
  },
  {
    name: 'called, and no effect for long: again',
    status: { stop: asked(NOW - 40, NOW - 15) },
    wait: 0,
    note: asked(NOW - 40, NOW),
  },
  {
    name: 'stopped and started since: asked for anew',
    status: { stop: asked(100, 110), machine: machine(ID, { runningAt: at(200) }) },
    wait: 1,
    note: asked(NOW),
  },
  {
    name: 'wanted Running again before it was called: taken back',
    desired: 'Running',
    status: { stop: asked(NOW - 5) },
    wait: null,
    note: null,
  },
  {
    name: 'wanted Running again just after the call: its effect is on its way',
    desired: 'Running',
    status: { stop: asked(NOW - 5, NOW - 1) },
    wait: null,
    note: undefined,
  },
  {
    name: 'stopped: the record keeps when',
    status: { stop: asked(NOW - 5, NOW - 1), machine: machine(ID, { state: 'stopped' }) },
    wait: null,
    note: undefined,
  },
  { name: 'its deletion is parked: nothing is stopped', parked: true, wait: null, note: undefined },
];

const slotOf = (row: Row): Slot => ({
  name: 'app-1',
  number: 1,
  live: readyInstance('app-1', { spec: { desired: row.desired ?? 'Stopped' }, status: row.status }),
  seen: { machine: null, gone: false, connected: row.connected ?? true },
  doomed: [],
});

const viewOf = (slot: Slot, { parked = false, listening = true }: Partial<Row> = {}): RoleView => ({
  now: millis(Date.parse(EPOCH) + NOW * 1000),
  role: role('app', { spec: { shutdownTimeoutSeconds: 120 } }),
  cluster: cluster(),
  cloud: { state: 'usable', honoursClientTokens: true },
  slots: [slot],
  batches: [],
  consent: {
    ...judgeEdits({ cluster: null, roles: [], instances: [] }),
    parkedHosts: new Set(parked ? ['app-1'] : []),
  },
  blind: false,
  listening,
  gateways: [],
  authority: null,
  agent: null,
  settings: DEFAULT_SETTINGS,
  request: () => {
    throw new Error('nothing is launched here');
  },
});

const test = suite('stopping a machine that is kept');

for (const row of table)
  test(row.name, () => {
    const slot = slotOf(row);
    const view = viewOf(slot, row);
    const wait = stopIn(view, slot);
    assert.is(wait, row.wait === null ? null : row.wait * 1000);
    assert.equal(stopPatch(view, slot, wait), row.note);
  });

test('a shutdown from before it was doomed is not the one that ends it', () => {
  const doomed = { machine: ID, reason: 'ScaledDown', message: '', at: at(NOW - 10), when: 'now' } as const;
  const one = { entry: doomed, seen: { machine: null, gone: false, connected: true }, repeatDue: true };
  const waits = [NOW - 500, NOW - 5].map((seconds) => {
    const slot = slotOf({ name: '', wait: null, note: undefined, status: told(seconds) });
    return terminateIn(viewOf(slot), slot, one);
  });
  assert.equal(waits, [110_000, 0]);
});

test('a doomed host whose grace ran out while nobody listened may still be told', () => {
  const doomed = { machine: ID, reason: 'ScaledDown', message: '', at: at(NOW - 500), when: 'now' } as const;
  const one = { entry: doomed, seen: { machine: null, gone: false, connected: null }, repeatDue: true };
  const slot = slotOf({ name: '', wait: null, note: undefined });
  assert.is(terminateIn(viewOf(slot, { listening: false }), slot, one), 1000);
  assert.is(terminateIn(viewOf(slot, { listening: true }), slot, one), 0);
});
