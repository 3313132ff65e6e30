import type { DeployOrder } from '../../../api-types/deploy-order.js';
import type { DeploymentStatus } from '../../../api-types/kinds/deployment.js';
import type { ApplicationStatus } from '../../../api-types/kinds/application.js';
import { builtInNeeds, entitledOver } from '../../../controllers/secret-needs.js';
import { EPOCH } from '../../build/objects.js';
import { release, rolling, type ReleaseOverrides } from '../../build/releases.js';
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

const given = (objects: FakeObjects, instance: string, machine = `i-${instance}`): readonly string[] => {
  const role = instance.replace(/-\d+$/, '');
  return [...entitledOver(objects)('shop', [role], { instance, machine })].sort();
};

test('what its roles name, and what is built in', () => {
  const objects = world();
  assert.equal(given(objects, 'app-1'), ['mail']);
  assert.equal(given(objects, 'lb-1'), ['lb-statistics']);
});

const naming = (secret: string, more: ReleaseOverrides = {}): ReleaseOverrides => ({
  ...more,
  config: { environment: { TOKEN: { secret, key: 'token' }, PLAIN: 'x' }, ...more.config },
});

const application = (objects: FakeObjects, status: Partial<ApplicationStatus>): void => {
  const source = { type: 'git', url: 'https://git.example/web.git' };
  const environment = { TOKEN: { secret: 'of-the-spec', key: 'token' } };
  objects.has(ref('Application', 'shop', 'web'), { spec: { type: 'nodejs', source, environment } }, status);
};

const deploys = (objects: FakeObjects, status: Partial<DeploymentStatus>): void => {
  const spec = { application: 'web', command: 'deploy' };
  objects.has(ref('Deployment', 'shop', 'web-9'), { spec }, rolling(status));
};

test('what releases name that its hosts may run: in force, to go back to, on its way; not what only the spec names', () => {
  const objects = world();
  application(objects, {});
  assert.equal(given(objects, 'app-1'), ['mail']);
  deploys(objects, { release: release(3, naming('three')) });
  assert.equal(given(objects, 'app-1'), ['mail', 'three']);
  const [one, two] = [release(1, naming('one')), release(2, naming('two'))];
  application(objects, { current: two, releases: [two, one] });
  assert.equal(given(objects, 'app-1'), ['mail', 'one', 'three', 'two']);
  deploys(objects, { release: release(3, naming('three')), phase: 'Failed' });
  assert.equal(given(objects, 'app-1'), ['mail', 'one', 'two']);
  assert.equal(given(objects, 'lb-1'), ['lb-statistics']);
});

test('certificates of domains are for load balancers, and for nobody else', () => {
  const objects = world();
  const config = { domains: ['shop.example.com'], tls: { secret: 'shop-tls' } };
  application(objects, { current: release(1, { config }) });
  assert.equal(given(objects, 'lb-1'), ['lb-statistics', 'shop-tls']);
  assert.equal(given(objects, 'app-1'), ['mail']);
});

test('hosts of roles that a release does not name get nothing of it', () => {
  const objects = world();
  objects.has(ref('Role', 'shop', 'api'), { spec: { type: 'nodejs-app', replicas: 1 } });
  application(objects, { current: release(1, naming('one')) });
  assert.equal(given(objects, 'api-1'), []);
});

test('nothing of it is made by chance: only people know it', () => {
  const objects = world();
  application(objects, { current: release(1, naming('one')) });
  const cluster = objects.get(ref('Cluster', null, 'shop'))!;
  const candidates = new Map([['web', [release(1, naming('one', { config: { tls: { secret: 'tls' } } }))]]]);
  const needs = [...builtInNeeds(cluster, objects.list('Role', 'shop'), { candidates }).values()].flat();
  assert.equal(
    needs.filter(({ name }) => name === 'one' || name === 'tls').map(({ byPeople }) => byPeople),
    [true, true],
  );
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
  readonly machine?: string;
  readonly given: readonly string[];
}[] = [
  { name: 'while the Deployment waits for it', given: ['deploy-key', 'mail'] },
  { name: 'not when it has ended', status: { phase: 'Failed' }, given: ['mail'] },
  { name: 'not when there is a release', status: { phase: 'Paused', release: release(1) }, given: ['mail'] },
  { name: 'not for another machine of its slot', machine: 'i-other', given: ['mail'] },
  { name: 'not for one of the same name that is gone', uid: 'before', given: ['mail'] },
];

for (const { name, status = {}, uid, machine, given: expected } of OPENING)
  test(`what opens a source is for the host that was told to fetch it: ${name}`, () => {
    const objects = world();
    fetches(objects, { phase: 'Fetching', release: undefined, ...status }, uid);
    assert.equal(given(objects, 'app-1', machine), expected);
    assert.equal(given(objects, 'app-2'), ['mail']);
  });
