import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoleType } from '../../../api-types/kinds/role.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import { applyResources } from '../../../recipes/apply.js';
import { recipeFor } from '../../../recipes/catalog.js';
import { resourceId } from '../../../recipes/resource.js';
import { assert, suite } from '../../suite.js';
import { optionsFor } from './options.js';
import { fakeServices } from './services.js';
import { fileOf, namedSecrets } from './texts.js';
import { role, snapshotOf } from './world.js';

const test = suite('roles on a host that is a folder');

const ofType = (type: RoleType): readonly [Snapshot, string] => [
  snapshotOf({ roles: { ...snapshotOf().roles, app: role(type) } }),
  'app-1',
];

const hosts: readonly (readonly [Snapshot, string])[] = [
  ...['lb-1', 'app-1', 'db-1', 'db-replica-1', 'cache-1'].map((name) => [snapshotOf(), name] as const),
  ...(['rails-app', 'php-app', 'java-app', 'static-web', 'monitoring'] as const).map(ofType),
];

test('a host that is a folder gets files, services of applications and nothing else, at every event', async () => {
  for (const [snapshot, instance] of hosts)
    for (const event of ['setup', 'configure', 'deploy', 'undeploy', 'shutdown'] as const) {
      const root = await mkdtemp(join(tmpdir(), 'scalarium-roles-'));
      const plain = optionsFor(root, { secrets: namedSecrets });
      const services = fakeServices({ 'scalarium-app-app': {} });
      const options = { ...plain, platform: { ...plain.platform, services } };
      const resources = recipeFor(event, snapshot, instance);
      const { failure, changed } = await applyResources(resources, options);
      assert.is(failure, null, `${event} of ${instance}`);
      assert.equal(
        changed.filter((id) => !/^(file|template|directory|link)\[|^service\[scalarium-/.test(id)),
        [],
      );
      assert.equal(
        services.calls.filter(
          (call) => !/^(readUnits|(start|enable|stop|restart) scalarium-app-app)$/.test(call),
        ),
        [],
      );
      assert.equal((await applyResources(resources, options)).changed, [], `${event} of ${instance} again`);
      await rm(root, { recursive: true, force: true });
    }
});

test('nothing that root makes or writes is in a folder of a user', () => {
  for (const [snapshot, instance] of hosts) {
    const all = recipeFor('setup', snapshot, instance).flatMap((one) => ('path' in one ? [one] : []));
    const users = all
      .filter((one) => one.type === 'directory' && one.owner !== undefined && one.owner !== 'root')
      .map(({ path }) => `${path}/`);
    const within = all.filter(({ path }) => users.some((folder) => path.startsWith(folder)));
    assert.equal(within.map(resourceId), [], instance);
  }
});

test('files of the other family are left out', async () => {
  const root = await mkdtemp(join(tmpdir(), 'scalarium-roles-'));
  const options = optionsFor(root, { secrets: namedSecrets });
  for (const [family, there, not] of [
    ['debian', '/etc/memcached.conf', '/etc/sysconfig/memcached'],
    ['redhat', '/etc/sysconfig/memcached', '/etc/memcached.conf'],
  ] as const) {
    const platform = { ...options.platform, family };
    const { changed } = await applyResources(recipeFor('setup', snapshotOf(), 'cache-1'), {
      ...options,
      platform,
    });
    assert.ok(changed.includes(`template[${there}]`), family);
    assert.ok(!changed.includes(`template[${not}]`), family);
  }
  await rm(root, { recursive: true, force: true });
});

test('a role that is not there makes nothing', async () => {
  assert.is(await fileOf(snapshotOf(), 'gone-1', '/etc/haproxy/haproxy.cfg'), null);
});

test('everything that is notified is in the run, of every type, family and event', () => {
  for (const type of ['rails-app', 'php-app', 'java-app', 'static-web', 'nodejs-app', 'monitoring'] as const)
    for (const event of ['setup', 'deploy', 'undeploy', 'shutdown'] as const)
      for (const family of ['debian', 'redhat']) {
        const here = recipeFor(event, ...ofType(type)).filter((one) => (one.family ?? family) === family);
        const ids = new Set(here.map(resourceId));
        const lacking = here
          .flatMap(({ notifies = [] }) => notifies.map(({ resource }) => resource))
          .filter((id) => !ids.has(id));
        assert.equal(lacking, [], `${type} ${event} ${family}`);
      }
});
