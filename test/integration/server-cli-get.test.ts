import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliScene, host, hostStatus } from '../build/cli-scene.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('get over a server');

test(
  'several kinds, categories, and KIND/NAME of several',
  cliScene(async ({ run, objects }) => {
    objects.has(host('app-1'), { spec: { role: 'app' } }, hostStatus('running'));
    const two = await run('get', 'roles,hosts', '-n', 'shop');
    assert.match(two.out, /^NAME +TYPE.*\nrole\/app .*\n\nNAME +ROLE.*\ninstance\/app-1 +app +online/);
    const all = await run('get', 'all', '-n', 'shop', '-o', 'name');
    assert.is(all.out, 'cloud/local\ncluster/shop\nrole/app\ninstance/app-1\n');
    assert.is(
      (await run('get', 'role/app', 'host/app-1', '-n', 'shop', '-o', 'name')).out,
      'role/app\ninstance/app-1\n',
    );
    const list = JSON.parse((await run('get', 'roles,hosts', '-A', '-o', 'json')).out) as {
      kind: string;
      items: unknown[];
    };
    assert.is(list.kind, 'List');
    assert.is(list.items.length, 2);
    assert.is((await run('get', 'roles,hosts', 'app')).code, 64);
  }),
);

test(
  'jsonpath, custom columns and sorting',
  cliScene(async ({ run, objects }) => {
    for (const name of ['app-10', 'app-2', 'app-1'])
      objects.has(host(name), { spec: { role: 'app' } }, hostStatus('running'));
    const path = await run(
      'get',
      'hosts',
      '-n',
      'shop',
      '--sort-by',
      '.metadata.name',
      '-o',
      'jsonpath={.items[*].metadata.name}',
    );
    assert.is(path.out, 'app-1 app-2 app-10');
    const columns = await run(
      'get',
      'host',
      'app-2',
      '-o',
      'custom-columns=NAME:.metadata.name,AT:.status.agent.address',
    );
    assert.is(columns.out, 'NAME    AT\napp-2   127.0.0.9\n');
    assert.is((await run('get', 'host', 'app-2', '-o', 'jsonpath={.spec.role}')).out, 'app');
    const wrong = await run('get', 'hosts', '-o', 'jsonpath={.a');
    assert.is(wrong.code, 64);
    assert.is(wrong.err.trimEnd().split('\n').length, 1);
  }),
);

test(
  'what --export prints applies elsewhere, and names nothing of here',
  cliScene(async ({ run, objects, folder }) => {
    const owner = { kind: 'Role', name: 'app', uid: 'u' };
    objects.has(host('app-1'), { spec: { role: 'app' }, owner }, hostStatus('running'));
    const { out } = await run('get', 'all', '-n', 'shop', '--export');
    assert.not.match(out, /uid|resourceVersion|creationTimestamp|status|app-1|generation/);
    assert.match(out, /kind: Role\nmetadata:\n {2}name: app\n {2}namespace: shop\n/);
    const file = join(folder, 'shop.yaml');
    writeFileSync(file, out);
    await cliScene(async (other) => {
      for (const gone of [ref('Role', 'shop', 'app'), ref('Cluster', null, 'shop')]) {
        other.objects.deleteRaw(gone);
        const unchangedSince = other.objects.get(gone)?.recordRevision ?? 0;
        await other.objects.write(null, [{ write: 'forget', ref: gone, unchangedSince }])();
      }
      const applied = await other.run('apply', '-f', file);
      assert.equal(applied, {
        out: 'cloud/local unchanged\ncluster/shop created\nrole/app created\n',
        err: '',
        code: 0,
      });
    })();
    assert.match((await run('get', 'host', 'app-1', '--export')).out, /name: app-1/);
  }),
);

test(
  'colours only where they are wanted, and never in machine output',
  cliScene(async ({ run, runWith, objects }) => {
    objects.has(host('app-1'), { spec: { role: 'app' } }, hostStatus('running'));
    const words = ['get', 'hosts', '-n', 'shop'];
    const plain = await run(...words);
    const bright = await runWith({ colour: true }, ...words);
    assert.not.match(plain.out, /\u001b/);
    assert.match(bright.out, /\u001b\[32monline\u001b\[0m/);
    assert.is(bright.out.replaceAll(/\u001b\[\d+m/g, ''), plain.out);
    for (const format of ['json', 'yaml', 'name', 'jsonpath={.kind}', 'custom-columns=PHASE:.status.phase'])
      assert.not.match((await runWith({ colour: true }, ...words, '-o', format)).out, /\u001b/);
  }),
);

test(
  'get -w tells of what goes, also between the list and the watch',
  cliScene(async ({ runWith, objects }) => {
    objects.has(host('app-1'), { spec: { role: 'app' } }, hostStatus('running'));
    const stop = new AbortController();
    const onOut = (text: string): void => {
      const lines = text.trimEnd().split('\n').length;
      const { recordRevision: unchangedSince = 0 } = objects.get(host('app-1')) ?? {};
      if (lines === 2) {
        objects.deleteRaw(host('app-1'));
        const { recordRevision = unchangedSince } = objects.get(host('app-1')) ?? {};
        void objects.write(null, [{ write: 'forget', ref: host('app-1'), unchangedSince: recordRevision }])();
      }
      if (text.includes('(deleted)')) stop.abort();
    };
    const { out } = await runWith({ signal: stop.signal, onOut }, 'get', 'hosts', '-n', 'shop', '-w');
    assert.match(out, /\(deleted\)\n$/);
  }),
);

test(
  'field selectors are the server’s to judge',
  cliScene(async ({ run }) => {
    const wrong = await run('get', 'roles', '-n', 'shop', '--field-selector', 'nonsense=1');
    assert.is(wrong.code, 1);
    assert.match(wrong.err, /fieldSelector/i);
    assert.is((await run('get', 'role', 'app', '-n', 'shop', '-l', 'a=b')).code, 64);
  }),
);
