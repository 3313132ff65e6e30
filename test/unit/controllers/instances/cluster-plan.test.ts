import { planCluster, type ClusterView } from '../../../../controllers/instances/cluster-plan.js';
import { judgeEdits } from '../../../../controllers/instances/consent.js';
import type { Conditions } from '../../../../api-types/metadata.js';
import { EPOCH, cluster, instance, live, role } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('the end of a cluster');

test('a frozen role holds it up, and the cluster says so', () => {
  const shop = cluster('shop', { deletion: { at: EPOCH, revision: 40 } });
  const roles = [
    role('app', { spec: { replicas: 0 } }),
    role('web', { frozen: { revision: 30, problems: [] } }),
  ];
  const fleet = { cluster: shop, roles, instances: [], belongings: [] };
  const consent = judgeEdits(fleet);
  const plan = planCluster({ now: Date.parse(EPOCH), ...fleet, consent, cloud: 'unusable' });
  assert.equal(
    plan.remove.map(({ ref }) => ref.name),
    ['app'],
  );
  assert.is(plan.forget, false);
  const stalled = (plan.patch?.['conditions'] as Conditions)['Stalled'];
  assert.is(stalled?.reason, 'Frozen');
  assert.match(stalled?.message ?? '', /repair or delete Role web/);
});

const gone = { deletion: { at: EPOCH, revision: 40 } };
const grant = live('Grant', 'ann', { user: 'ann', level: 'manage' });
const secret = live('Secret', 'db', { sealed: {} });
const run = live('Run', 'once', { event: 'configure' });

const ends: readonly {
  readonly name: string;
  readonly view: Partial<ClusterView>;
  readonly remove: readonly string[];
  readonly forget: boolean;
}[] = [
  {
    name: 'with roles: those first, hosts shut down with the secrets in place',
    view: { cluster: cluster('shop', gone), roles: [role('app')], belongings: [grant, secret, run] },
    remove: ['Role app'],
    forget: false,
  },
  {
    name: 'with a host that is still there: nothing yet',
    view: { cluster: cluster('shop', gone), instances: [instance('app-1')], belongings: [grant, secret] },
    remove: [],
    forget: false,
  },
  {
    name: 'without hosts: grants, secrets and runs, before the record',
    view: { cluster: cluster('shop', gone), belongings: [grant, secret, run] },
    remove: ['Grant ann', 'Secret db', 'Run once'],
    forget: false,
  },
  {
    name: 'with one on its way out: waits for it',
    view: { cluster: cluster('shop', gone), belongings: [{ ...grant, ...gone, specRevision: 0 }] },
    remove: [],
    forget: false,
  },
  { name: 'empty: forgotten', view: { cluster: cluster('shop', gone) }, remove: [], forget: true },
  { name: 'not deleted: all stay', view: { belongings: [grant, secret] }, remove: [], forget: false },
];

for (const { name, view, remove, forget } of ends)
  test(name, () => {
    const fleet = { cluster: cluster('shop'), roles: [], instances: [], ...view };
    const consent = judgeEdits(fleet);
    const plan = planCluster({
      now: Date.parse(EPOCH),
      belongings: [],
      cloud: 'unusable',
      ...fleet,
      consent,
    });
    assert.equal(
      plan.remove.map(({ ref }) => `${ref.kind} ${ref.name}`),
      remove,
    );
    assert.is(plan.forget, forget);
  });
