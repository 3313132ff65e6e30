import { planCluster } from '../../../../controllers/instances/cluster-plan.js';
import { judgeEdits } from '../../../../controllers/instances/consent.js';
import type { Conditions } from '../../../../api-types/metadata.js';
import { EPOCH, cluster, role } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('the end of a cluster');

test('a frozen role holds it up, and the cluster says so', () => {
  const shop = cluster('shop', { deletion: { at: EPOCH, revision: 40 } });
  const roles = [
    role('app', { spec: { replicas: 0 } }),
    role('web', { frozen: { revision: 30, problems: [] } }),
  ];
  const fleet = { cluster: shop, roles, instances: [] };
  const consent = judgeEdits(fleet);
  const plan = planCluster({ now: Date.parse(EPOCH), ...fleet, consent, cloud: 'unusable' });
  assert.equal(
    plan.removeRoles.map(({ ref }) => ref.name),
    ['app'],
  );
  assert.is(plan.forget, false);
  const stalled = (plan.patch?.['conditions'] as Conditions)['Stalled'];
  assert.is(stalled?.reason, 'Frozen');
  assert.match(stalled?.message ?? '', /repair or delete Role web/);
});
