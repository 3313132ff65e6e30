import type { DeployOrder } from '../../../api-types/deploy-order.js';
import type { DeploymentStatus } from '../../../api-types/kinds/deployment.js';
import { entitledOver } from '../../../controllers/secret-needs.js';
import { EPOCH } from '../../build/objects.js';
import { rolling } from '../../build/releases.js';
import { fakeObjects, ref, type FakeObjects } from '../../fake/objects.js';
import { assert, suite } from '../../suite.js';

const test = suite('which hosts are given which Secrets');

const world = (): FakeObjects => {
  const objects = fakeObjects();
  objects.has(ref('Cluster', null, 'shop'), { spec: { cloud: 'local' } });
  objects.has(ref('Role', 'shop', 'app'), { spec: { type: 'nodejs-app', replicas: 2, secrets: ['mail'] } });
  objects.has(ref('Role', 'shop', 'lb'), { spec: { type: 'load-balancer', replicas: 1 } });
  return objects;
};

const given = (objects: FakeObjects, instance: string): readonly string[] => {
  const role = instance.replace(/-\d+$/, '');
  return [...entitledOver(objects)('shop', [role], instance)].sort();
};

test('what its roles name, and what is built in', () => {
  const objects = world();
  assert.equal(given(objects, 'app-1'), ['mail']);
  assert.equal(given(objects, 'lb-1'), ['lb-statistics']);
});

const fetches = (objects: FakeObjects, status: Partial<DeploymentStatus>, uid?: string): void => {
  const spec = { application: 'web', command: 'deploy' };
  const of = objects.has(ref('Deployment', 'shop', 'web-1'), { spec }, rolling(status));
  const order: DeployOrder = {
    uid: uid ?? of.uid,
    deployment: 'web-1',
    application: 'web',
    step: 'fetch',
    source: { type: 'git', url: 'git@git.example:web.git', secret: 'deploy-key' },
  };
  objects.has(
    ref('LifecycleEvent', 'shop', 'release-fetch-1'),
    { spec: {} },
    {
      ...{ event: 'deploy', cause: 'Deployment web-1', createdAt: EPOCH },
      ...{ snapshot: { version: 1, digest: 'd' }, targets: [{ instance: 'app-1', machine: 'i-app-1' }] },
      deployment: order,
    },
  );
};

const OPENING: readonly {
  readonly name: string;
  readonly status?: Partial<DeploymentStatus>;
  readonly uid?: string;
  readonly given: readonly string[];
}[] = [
  { name: 'while the Deployment goes on', given: ['deploy-key', 'mail'] },
  { name: 'not when it has ended', status: { phase: 'Failed' }, given: ['mail'] },
  { name: 'not for one of the same name that is gone', uid: 'before', given: ['mail'] },
];

for (const { name, status = {}, uid, given: expected } of OPENING)
  test(`what opens a source is for the host that was told to fetch it: ${name}`, () => {
    const objects = world();
    fetches(objects, { phase: 'Fetching', ...status }, uid);
    assert.equal(given(objects, 'app-1'), expected);
    assert.equal(given(objects, 'app-2'), ['mail']);
  });
