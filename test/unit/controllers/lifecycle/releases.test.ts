import type { DeploymentHost, DeploymentStatus } from '../../../../api-types/kinds/deployment.js';
import type { ApplicationStatus } from '../../../../api-types/kinds/application.js';
import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
import type { SnapshotHost } from '../../../../api-types/snapshot.js';
import { applicationsOf, releasesIn, releasesOn } from '../../../../controllers/lifecycle/releases.js';
import { EPOCH, machine } from '../../../build/objects.js';
import { deploymentHost, release, rolling, type ReleaseOverrides } from '../../../build/releases.js';
import { fakeObjects, ref, type FakeObjects } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('what snapshots say of Applications and Deployments');

const GIT = { type: 'git' as const, url: 'https://git.example/web.git' };

const has = (objects: FakeObjects, status: Partial<ApplicationStatus>, name = 'web'): void => {
  objects.has(ref('Application', 'shop', name), { spec: { type: 'nodejs', source: GIT } }, status);
};

const deploys = (
  objects: FakeObjects,
  hosts: Readonly<Record<string, DeploymentHost>>,
  more: Partial<DeploymentStatus> = {},
  name = 'web-1',
): void => {
  const spec = { application: name.replace(/-\d+$/, ''), command: 'deploy' };
  objects.has(ref('Deployment', 'shop', name), { spec }, rolling({ hosts, ...more }));
};

const OF_MACHINE: InstanceStatus = { machine: machine('i-app-1') };

const runs = (number: number, more: object = {}): NonNullable<InstanceStatus['applications']>[string] => ({
  machine: 'i-app-1',
  deployment: 'web-1',
  release: number,
  revision: `revision-${String(number)}`,
  ...more,
});

const setUp = (at: string, number: number, port?: number, of = 'i-app-1'): InstanceStatus['deploy'] => ({
  machine: of,
  event: 'deploy-000001-1',
  state: 'succeeded',
  at,
  releases: { web: { release: number, revision: 'r', ...(port === undefined ? {} : { port }) } },
});

test('applications that were deployed are in it, until they are deleted', () => {
  const objects = fakeObjects();
  has(objects, {}, 'new');
  assert.equal(applicationsOf(releasesIn(objects, 'shop')), {});
  has(objects, { current: release(3) });
  assert.equal(applicationsOf(releasesIn(objects, 'shop')), {
    applications: { web: { release: release(3) } },
  });
  objects.deleteRaw(ref('Application', 'shop', 'web'));
  assert.equal(applicationsOf(releasesIn(objects, 'shop')), {});
});

const ASKED: readonly {
  readonly name: string;
  readonly coming: ReleaseOverrides;
  readonly phase?: DeploymentStatus['phase'];
  readonly alike: boolean;
}[] = [
  { name: 'the next release is asked the same', coming: { config: { environment: { A: 1 } } }, alike: true },
  { name: 'at another path', coming: { config: { health: { path: '/well' } } }, alike: false },
  { name: 'as another host', coming: { config: { domains: ['new.example.com'] } }, alike: false },
  {
    name: 'its Deployment has ended',
    coming: { config: { health: { path: '/well' } } },
    phase: 'Succeeded',
    alike: true,
  },
];

for (const { name, coming, phase = 'Rolling', alike } of ASKED)
  test(`how load balancers ask its hosts: ${name}`, () => {
    const objects = fakeObjects();
    has(objects, { current: release(1), releases: [release(1)] });
    deploys(objects, {}, { release: release(2, coming), phase });
    assert.equal(applicationsOf(releasesIn(objects, 'shop')), {
      applications: {
        web: {
          release: release(1),
          ...(alike ? {} : { askedAlike: false }),
          ...(phase === 'Succeeded' ? {} : { drainSeconds: 5 }),
        },
      },
    });
  });

const OUT: readonly {
  readonly name: string;
  readonly host: Partial<DeploymentHost>;
  readonly more?: Partial<DeploymentStatus>;
  readonly out: readonly string[] | undefined;
}[] = [
  { name: 'a host that leaves', host: { out: true }, out: ['web'] },
  { name: 'one that is back', host: { out: false }, out: undefined },
  { name: 'one that never left', host: {}, out: undefined },
  { name: 'one whose machine was replaced', host: { out: true, machine: 'i-before' }, out: undefined },
  { name: 'one that has no machine yet: whichever it gets', host: { out: true, machine: '' }, out: ['web'] },
  { name: 'of a Deployment that has ended', host: { out: true }, more: { phase: 'Aborted' }, out: undefined },
  { name: 'of one that waits for a person', host: { out: true }, more: { phase: 'Paused' }, out: ['web'] },
];

for (const { name, host, more, out } of OUT)
  test(`out: ${name}`, () => {
    const objects = fakeObjects();
    deploys(objects, { 'app-1': deploymentHost('app-1', host) }, more);
    assert.equal(releasesOn(releasesIn(objects, 'shop'), 'app-1', OF_MACHINE).out, out);
  });

test('out: of several applications, each once', () => {
  const objects = fakeObjects();
  for (const name of ['web-1', 'web-2', 'api-1'])
    deploys(objects, { 'app-1': deploymentHost('app-1', { out: true }) }, {}, name);
  assert.equal(releasesOn(releasesIn(objects, 'shop'), 'app-1', OF_MACHINE).out, ['api', 'web']);
});

const CURRENT = release(1, { config: { port: 3000 } });
const NEXT = release(2, { config: { port: 4000 } });

const PORTS: readonly {
  readonly name: string;
  readonly status: Partial<InstanceStatus>;
  readonly ports: SnapshotHost['ports'];
}[] = [
  { name: 'nothing is known: that of the release', status: {}, ports: undefined },
  { name: 'the release in force, at its port', status: { applications: { web: runs(1) } }, ports: undefined },
  {
    name: 'at its other port, after an overlap',
    status: { applications: { web: runs(1, { port: 3100 }) } },
    ports: { web: 3100 },
  },
  {
    name: 'the release that is being deployed, which has another port',
    status: { applications: { web: runs(2) } },
    ports: { web: 4000 },
  },
  {
    name: 'what was said of another machine does not count',
    status: { applications: { web: runs(1, { machine: 'i-before', port: 3100 }) } },
    ports: undefined,
  },
  {
    name: 'what the deploy after setup said counts where no Deployment was there',
    status: { deploy: setUp(EPOCH, 1, 3100) },
    ports: { web: 3100 },
  },
  {
    name: 'nor what another machine said after its setup',
    status: { deploy: setUp(EPOCH, 1, 3100, 'i-before') },
    ports: undefined,
  },
  {
    name: 'a Deployment after that setup',
    status: {
      deploy: setUp('2026-01-01T00:00:00.000Z', 1, 3100),
      applications: { web: runs(1, { port: 3200, at: '2026-01-01T00:01:00.000Z' }) },
    },
    ports: { web: 3200 },
  },
  {
    name: 'a setup after that Deployment: the machine was stopped and started',
    status: {
      deploy: setUp('2026-01-01T00:02:00.000Z', 1),
      applications: { web: runs(1, { port: 3200, at: '2026-01-01T00:01:00.000Z' }) },
    },
    ports: undefined,
  },
];

for (const { name, status, ports } of PORTS)
  test(`port: ${name}`, () => {
    const objects = fakeObjects();
    has(objects, { current: CURRENT, releases: [CURRENT] });
    deploys(objects, {}, { release: NEXT });
    const found = releasesOn(releasesIn(objects, 'shop'), 'app-1', { ...OF_MACHINE, ...status });
    assert.equal(found.ports, ports);
  });

test('port: a host that still runs a release of before has its port, once the next one is in force', () => {
  const objects = fakeObjects();
  has(objects, { current: NEXT, releases: [NEXT, CURRENT] });
  const of = { ...OF_MACHINE, applications: { web: runs(1) } };
  assert.equal(releasesOn(releasesIn(objects, 'shop'), 'app-1', of).ports, { web: 3000 });
});
