import { homeless, planSweep, type SweepView } from '../../../../controllers/sweeper/plan.js';
import type { LaunchBatch } from '../../../../api-types/kinds/role.js';
import { TAGS, type Machine } from '../../../../cloud/cloud.js';
import { EPOCH, instance, machine as bound, role } from '../../../build/objects.js';
import { timestamp } from '../../../../runtime/clock.js';
import { assert, suite } from '../../../suite.js';

const HOUR = 3_600_000;

const machine = (id: string, overrides: Partial<Machine> = {}): Machine => ({
  id,
  state: 'running',
  zone: 'zone-a',
  instanceType: 't3.micro',
  imageId: 'ami-1',
  launchedAt: EPOCH,
  launchIndex: 0,
  privateAddress: null,
  publicAddress: null,
  clientToken: null,
  tags: { [TAGS.installation]: 'ours', [TAGS.cluster]: 'shop', [TAGS.batch]: 'batch-old' },
  stateReason: null,
  ...overrides,
});

const batch: LaunchBatch = {
  id: 'batch-old',
  zone: 'zone-a',
  imageId: 'ami-1',
  instanceType: 't3.micro',
  parametersHash: '',
  slots: [],
  createdAt: EPOCH,
  gateways: [],
};

const tombstone = (id: string) => ({ machine: id, instance: 'app-1', uid: 'uid', at: EPOCH });
const buried = (...ids: readonly string[]) => [role('app', { status: { tombstones: ids.map(tombstone) } })];
const inSlot = [instance('app-1', { status: { machine: bound('i-1') } })];
const many = Array.from({ length: 25 }, (_, index) => `i-${String(index)}`);

interface Row extends Partial<SweepView> {
  readonly name: string;
  readonly terminate?: readonly string[];
  readonly strangers?: readonly string[];
}

const table: readonly Row[] = [
  { name: 'a machine that nobody names is a stranger, never killed', strangers: ['i-1'] },
  { name: 'a machine in a slot is left alone', instances: inSlot },
  {
    name: 'a doomed machine is its own controller’s business',
    instances: [
      instance('app-1', {
        status: { doomed: [{ machine: 'i-1', reason: 'X', message: '', at: EPOCH, when: 'now' }] },
      }),
    ],
  },
  { name: 'a released machine that is found again goes', roles: buried('i-1'), terminate: ['i-1'] },
  { name: 'in a slot in spite of its tombstone: left alone', roles: buried('i-1'), instances: inSlot },
  { name: 'on hold nothing goes', roles: buried('i-1'), hold: true },
  { name: 'already going', roles: buried('i-1'), machines: [machine('i-1', { state: 'shutting-down' })] },
  { name: 'younger than the launch window', now: Date.parse(EPOCH) + 1000 },
  { name: 'of an age nobody can tell', machines: [machine('i-1', { launchedAt: 'soon' })] },
  { name: 'of a batch in a record', roles: [role('app', { status: { batches: [batch] } })] },
  {
    name: 'of another installation',
    machines: [machine('i-1', { tags: { [TAGS.installation]: 'theirs', [TAGS.cluster]: 'shop' } })],
    roles: buried('i-1'),
  },
  {
    name: 'one at least, a tenth at most',
    machines: many.map((id) => machine(id)),
    roles: buried(...many),
    terminate: ['i-0', 'i-1'],
  },
];

const test = suite('the sweeper terminates only what was released');

for (const { name, terminate = [], strangers = [], ...view } of table)
  test(name, () => {
    const plan = planSweep({
      now: Date.parse(EPOCH) + HOUR,
      installation: 'ours',
      machines: [machine('i-1')],
      roles: [role('app')],
      instances: [],
      launchWindow: HOUR / 6,
      hold: false,
      ...view,
    });
    assert.equal(plan, { terminate, strangers });
  });

test('machines whose cluster is no more: old, alive and ours', () => {
  const tags = { [TAGS.installation]: 'ours', [TAGS.cluster]: 'gone' };
  const machines = [
    machine('i-lost', { tags }),
    machine('i-untagged', { tags: { [TAGS.installation]: 'ours' } }),
    machine('i-theirs', { tags: { ...tags, [TAGS.installation]: 'theirs' } }),
    machine('i-ended', { tags, state: 'terminated' }),
    machine('i-young', { tags, launchedAt: timestamp(Date.parse(EPOCH) + HOUR - 60_000) }),
    machine('i-ours'),
  ];
  const found = homeless({
    now: Date.parse(EPOCH) + HOUR,
    installation: 'ours',
    machines,
    clusters: new Set(['shop']),
    launchWindow: 600_000,
  });
  assert.equal(
    found.map(({ id }) => id),
    ['i-lost', 'i-untagged'],
  );
});
