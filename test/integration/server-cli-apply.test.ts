import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CliScene, cliScene } from '../build/cli-scene.js';
import { API } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('who writes what, from the command line');
const app = ref('Role', 'shop', 'app');

const roleFile = ({ folder }: CliScene, replicas: number): string => {
  const file = join(folder, 'role.yaml');
  const role = {
    apiVersion: 'scalarium.dev/v1',
    kind: 'Role',
    metadata: { name: 'app', namespace: 'shop' },
    spec: { type: 'nodejs-app', replicas },
  };
  writeFileSync(file, JSON.stringify(role));
  return file;
};

interface Managed {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
}

const managersOf = async ({ ask }: CliScene): Promise<readonly string[]> => {
  const { json } = await ask('GET', `${API}/namespaces/shop/roles/app`);
  const { managedFields = [] } = json['metadata'] as { readonly managedFields?: readonly Managed[] };
  return managedFields
    .filter(({ manager }) => manager !== 'etcdctl')
    .map(({ manager, operation, subresource = '' }) => `${manager} ${operation} ${subresource}`.trim())
    .sort();
};

test(
  'a plain apply and a scale are noted as of scalarium',
  cliScene(async (scene) => {
    assert.is((await scene.run('apply', '-f', roleFile(scene, 3))).out, 'role/app configured\n');
    assert.equal(await managersOf(scene), ['scalarium Update']);
    await scene.run('scale', 'role/app', '--replicas', '4', '-n', 'shop');
    assert.ok((await managersOf(scene)).includes('scalarium Update scale'));
  }),
);

test(
  'server-side apply: fields of others are a conflict, unless they are taken over',
  cliScene(async (scene) => {
    const applied = await scene.run(
      'apply',
      '--server-side',
      '-f',
      roleFile(scene, 2),
      '--field-manager',
      'ci',
    );
    assert.equal(applied, { out: 'role/app serverside-applied\n', err: '', code: 0 });
    assert.ok((await managersOf(scene)).includes('ci Apply'));
    const conflict = await scene.run('apply', '--server-side', '-f', roleFile(scene, 7));
    assert.is(conflict.code, 5, conflict.err);
    assert.match(conflict.err, /conflict with "ci".*replicas/);
    assert.is(scene.objects.get(app)?.spec.replicas, 2);
    const forced = ['apply', '--server-side', '--force-conflicts', '-f', roleFile(scene, 7)];
    assert.is((await scene.run(...forced)).code, 0);
    assert.is(scene.objects.get(app)?.spec.replicas, 7);
    assert.is((await scene.run('apply', '--force-conflicts', '-f', roleFile(scene, 7))).code, 64);
  }),
);

test(
  'apply --dry-run=server says what would be, and stores nothing',
  cliScene(async (scene) => {
    const before = scene.objects.revision();
    const dry = ['apply', '--dry-run=server', '-f', roleFile(scene, 9)];
    assert.is((await scene.run(...dry)).out, 'role/app configured (server dry run)\n');
    assert.is(
      (await scene.run(...dry, '--server-side', '--force-conflicts')).out,
      'role/app serverside-applied (server dry run)\n',
    );
    assert.is(scene.objects.revision(), before);
    assert.is((await scene.run('apply', '--dry-run=maybe', '-f', roleFile(scene, 9))).code, 64);
  }),
);

test(
  'get shows who owns which field only when asked',
  cliScene(async (scene) => {
    await scene.run('apply', '-f', roleFile(scene, 3));
    for (const format of ['yaml', 'json'])
      for (const what of ['role/app', 'roles']) {
        const shown = await scene.run('get', what, '-n', 'shop', '-o', format);
        assert.match(shown.out, /resourceVersion/);
        assert.not.match(shown.out, /managedFields/);
      }
    const all = await scene.run('get', 'role/app', '-n', 'shop', '-o', 'yaml', '--show-managed-fields');
    assert.match(all.out, /manager: scalarium/);
  }),
);

test(
  'several are deleted, also when one of them is not there',
  cliScene(async ({ run, objects }) => {
    for (const name of ['db', 'web', 'cache'])
      objects.has(ref('Role', 'shop', name), { spec: { type: 'custom', replicas: 1 } });
    const some = await run('delete', 'role/db', 'role/none', 'role/web', '-n', 'shop');
    assert.is(some.out, 'role/db is being deleted\nrole/web is being deleted\n');
    assert.match(some.err, /role\/none: .*not found/);
    assert.is(some.code, 3);
    assert.is(
      (await run('delete', 'role', 'app', 'cache', '-n', 'shop')).out,
      'role/app is being deleted\nrole/cache is being deleted\n',
    );
  }),
);
