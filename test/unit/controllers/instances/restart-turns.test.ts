import type { InstanceSpec, InstanceStatus } from '../../../../api-types/kinds/instance.js';
import type { Restart } from '../../../../api-types/kinds/restart.js';
import type { RoleSpec } from '../../../../api-types/kinds/role.js';
import { millis } from '../../../../api-types/units.js';
import { judgeEdits } from '../../../../controllers/instances/consent.js';
import { planRole } from '../../../../controllers/instances/plan.js';
import { DEFAULT_SETTINGS, type RoleView, type Slot } from '../../../../controllers/instances/view.js';
import { timestamp } from '../../../../runtime/clock.js';
import { EPOCH, cluster, condition, readyInstance, role } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const at = (seconds: number): string => timestamp(Date.parse(EPOCH) + seconds * 1000);

/** A host in a row of letters. */
const HOSTS = {
  /** Ready; recipes want nothing. */
  r: {},
  /** Ready; recipes want a reboot. */
  w: { wish: true },
  /** Its reboot is under way. */
  u: { wish: true, called: true },
  /** Not Ready. */
  n: { ready: false },
  /** Not Ready any more; recipes want a reboot. */
  x: { wish: true, ready: false },
  /** Not configured yet; setup wants a reboot. */
  s: { wish: true, ready: false, configured: false },
  /** In maintenance. */
  m: { ready: false, desired: 'Maintenance' },
  /** Frozen; recipes want a reboot. */
  f: { wish: true, frozen: true },
} as const;

interface Host {
  readonly wish?: boolean;
  readonly called?: boolean;
  readonly ready?: boolean;
  readonly configured?: boolean;
  readonly desired?: InstanceSpec['desired'];
  readonly frozen?: boolean;
}

const statusOf = (id: string, host: Host): Partial<InstanceStatus> => {
  const restart: Restart = { askedAt: 'run-1', machine: id, calledAt: at(990), agentStartedAt: at(1) };
  const ended = { machine: id, event: 'configure-1', state: 'succeeded' as const, at: at(5) };
  return {
    agent: { machine: id, connectedAt: EPOCH, address: '127.10.0.1', version: '1', startedAt: at(1) },
    conditions: { Ready: condition('Ready', host.ready === false ? 'False' : 'True') },
    ...(host.configured === false ? {} : { configure: ended }),
    ...(host.wish === true
      ? { rebootWish: { machine: id, event: 'run-1', at: at(980), finishedAt: at(980) } }
      : {}),
    ...(host.called === true ? { wishRestart: restart } : {}),
  };
};

const slotOf = (letter: string, index: number): Slot => {
  const host: Host = HOSTS[letter as keyof typeof HOSTS];
  const name = `app-${String(index + 1)}`;
  const live = readyInstance(name, {
    spec: { role: 'app', desired: host.desired ?? 'Running' },
    status: statusOf(`i-${name}`, host),
    ...(host.frozen === true ? { frozen: { revision: 1, problems: [] } } : {}),
  });
  return {
    name,
    number: index + 1,
    live,
    seen: { machine: null, gone: false, connected: true },
    doomed: [],
  };
};

const viewOf = (hosts: string, spec: Partial<RoleSpec>): RoleView => ({
  now: millis(Date.parse(at(1000))),
  role: role('app', { spec: { replicas: hosts.length, ...spec } }),
  cluster: cluster(),
  cloud: { state: 'usable', honoursClientTokens: true },
  slots: Array.from(hosts, slotOf),
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
});

interface Row {
  readonly name: string;
  /** A letter for each host, app-1 first. */
  readonly hosts: string;
  readonly spec?: Partial<RoleSpec>;
  /** Numbers of the hosts that are rebooted in this run. */
  readonly reboots: readonly number[];
  /** And of those that say that they wait. */
  readonly waits: readonly number[];
}

const upTo = (maxUnavailable: string | number): Partial<RoleSpec> => ({ healing: { maxUnavailable } });

const TABLE: readonly Row[] = [
  { name: 'one host wants it: now', hosts: 'wrrr', reboots: [1], waits: [] },
  { name: 'a role of one host', hosts: 'w', reboots: [1], waits: [] },
  { name: 'all want it: a quarter at a time', hosts: 'wwwwwwww', reboots: [1, 2], waits: [3, 4, 5, 6, 7, 8] },
  { name: 'one is under way: the next waits', hosts: 'uwww', reboots: [], waits: [2, 3, 4] },
  { name: 'another is not Ready: they wait', hosts: 'nwww', reboots: [], waits: [2, 3, 4] },
  { name: 'the first is back: the second', hosts: 'rwww', reboots: [2], waits: [3, 4] },
  { name: 'as many as people say', hosts: 'wwww', spec: upTo(3), reboots: [1, 2, 3], waits: [4] },
  { name: 'none, if people say so', hosts: 'ww', spec: upTo(0), reboots: [], waits: [1, 2] },
  { name: 'one that fails and wants it counts once', hosts: 'xrrr', reboots: [1], waits: [] },
  { name: 'and several of them one after the other', hosts: 'xxrr', reboots: [1], waits: [2] },
  { name: 'hosts that come up serve nobody yet: all', hosts: 'ssss', reboots: [1, 2, 3, 4], waits: [] },
  { name: 'but those that serve wait for them', hosts: 'swww', reboots: [1], waits: [2, 3, 4] },
  { name: 'a host in maintenance is not counted', hosts: 'mwrrr', reboots: [2], waits: [] },
  { name: 'a frozen host takes nobody its turn', hosts: 'fwrr', reboots: [2], waits: [] },
  { name: 'databases too', hosts: 'www', spec: { type: 'db-replica' }, reboots: [1], waits: [2, 3] },
];

const test = suite('reboots that recipes want, a few hosts at a time');

const numbers = (found: readonly string[]): readonly number[] =>
  found.map((name) => Number(name.replace(/.*app-/, '')));

for (const { name, hosts, spec = {}, reboots, waits } of TABLE)
  test(`${hosts}: ${name}`, () => {
    const { steps, wait } = planRole(viewOf(hosts, spec));
    const called = steps.flatMap((step) => (step.action === 'reboot' ? step.ids : []));
    assert.equal(numbers(called), reboots);
    const patches = steps.flatMap((step) => (step.action === 'record' ? step.slots : []));
    const waiting = patches.filter(({ patch }) => {
      const conditions = patch['conditions'] as InstanceStatus['conditions'];
      return conditions?.['Reconciling']?.reason === 'RebootWaits';
    });
    assert.equal(numbers(waiting.map((one) => one.name)), waits);
    assert.is(waits.length === 0 || (wait !== null && wait <= 15_000), true);
  });

test('the reason names the event and the setting', () => {
  const { steps } = planRole(viewOf('uw', {}));
  const patches = steps.flatMap((step) => (step.action === 'record' ? step.slots : []));
  const patch = patches.find((one) => one.name === 'app-2');
  const { Reconciling } = patch?.patch['conditions'] as NonNullable<InstanceStatus['conditions']>;
  assert.is(
    Reconciling?.message,
    'its machine is to be rebooted (recipes of run-1 want it) after others that are, or are not Ready: healing.maxUnavailable of role app is 25%',
  );
});
