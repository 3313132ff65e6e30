import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlannedChange } from '../../api-types/plan.js';
import { cli } from '../build/cli.js';
import { type TestServer, shop, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('the commands over a server');
const app = ref('Role', 'shop', 'app');
const WORLD = `
apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: web, namespace: world }
spec: { type: nodejs-app, replicas: 2, dependsOn: [db] }
---
apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: db, namespace: world }
spec: { type: db-master, replicas: 1 }
---
apiVersion: scalarium.dev/v1
kind: Cluster
metadata: { name: world }
spec: { cloud: local }
`;

interface Scene extends TestServer {
  readonly run: (...words: readonly string[]) => ReturnType<typeof cli>;
  readonly url: string;
  readonly folder: string;
}

const scene =
  (body: (scene: Scene) => Promise<void>, plan: readonly PlannedChange[] = []): (() => Promise<void>) =>
  async () => {
    const server = await testServer({ plan: () => plan });
    const folder = mkdtempSync(join(tmpdir(), 'scalarium-cli-'));
    const { url } = server.running;
    try {
      shop(server.objects);
      await body({ ...server, url, folder, run: (...words) => cli({ url }, ...words) });
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await server.running.close();
    }
  };

const ready = { type: 'Ready', status: 'True', reason: 'Up', message: 'all well' };
const condition = { ...ready, lastTransitionTime: '2026-01-02T03:04:35Z' };

test(
  'get prints a table, wide, names, YAML and JSON',
  scene(async ({ run, objects }) => {
    const status = {
      machine: { id: 'i-1', state: 'running', zone: 'a' },
      agent: { machine: 'i-1', address: '127.0.0.9' },
    };
    objects.has(ref('Instance', 'shop', 'app-1'), { spec: { role: 'app' } }, status);
    const table = await run('get', 'instances', '-n', 'shop');
    const [head = '', row = '', ...more] = table.out.trimEnd().split('\n');
    assert.match(head, /^NAME +ROLE +PHASE +READY +MACHINE +ADDRESS +AGE$/);
    assert.match(row, /^app-1 +app +running_setup +Unknown +i-1 +127\.0\.0\.9 +60s$/);
    assert.is(more.length, 0);
    assert.match((await run('get', 'in', '-A')).out, /^NAMESPACE +NAME/);
    assert.match((await run('get', 'hosts', '-n', 'shop', '-o', 'wide')).out, 'ZONE');
    assert.is((await run('get', 'roles', '-n', 'shop', '-o', 'name')).out, 'role/app\n');
    assert.match((await run('get', 'role/app', '-o', 'yaml')).out, /^ {2}type: nodejs-app$/m);
    const json = JSON.parse((await run('get', 'roles', '-n', 'shop', '-o', 'json')).out) as { kind: string };
    assert.is(json.kind, 'RoleList');
  }),
);

test(
  'get of nothing says so aside; of a wrong word, name or format it fails in a line',
  scene(async ({ run }) => {
    const none = await run('get', 'instances', '-n', 'shop');
    assert.equal(none, { out: '', err: 'no instances found in cluster shop\n', code: 0 });
    const wrong = [
      { words: ['unicorns'], exit: 64 },
      { words: ['role', 'none', '-n', 'shop'], exit: 3 },
      { words: ['roles', '-o', 'xml'], exit: 64 },
      { words: ['a/b/c'], exit: 64 },
    ];
    for (const { words, exit } of wrong) {
      const failed = await run('get', ...words);
      assert.is(failed.code, exit);
      assert.is(failed.out, '');
      assert.is(failed.err.trimEnd().split('\n').length, 1, failed.err);
    }
  }),
);

test(
  'get -w goes on with changes as they come',
  scene(async ({ url, objects }) => {
    const stop = new AbortController();
    const onOut = (text: string): void => {
      const lines = text.trimEnd().split('\n').length;
      if (lines === 2)
        setImmediate(() => objects.has(ref('Role', 'shop', 'db'), { spec: { type: 'custom', replicas: 1 } }));
      if (lines === 3) stop.abort();
    };
    const { out } = await cli({ url, signal: stop.signal, onOut }, 'get', 'roles', '-n', 'shop', '-w');
    assert.match(out, /\ndb +custom +1/);
  }),
);

test(
  'apply writes in dependency order, then finds nothing to do, then configures what changed',
  scene(async ({ run, folder, objects }) => {
    const file = join(folder, 'world.yaml');
    writeFileSync(file, WORLD);
    const first = await run('apply', '-f', file);
    assert.equal(first, {
      out: 'cluster/world created\nrole/web created\nrole/db created\n',
      err: '',
      code: 0,
    });
    const again = await run('apply', '-f', folder);
    assert.is(again.out, 'cluster/world unchanged\nrole/web unchanged\nrole/db unchanged\n');
    objects.has(ref('Role', 'world', 'web'), {
      spec: { type: 'nodejs-app', replicas: 9, dependsOn: ['db'] },
      labels: { by: 'hand' },
    });
    assert.match((await run('apply', '-f', file)).out, 'role/web configured');
    assert.is(objects.get(ref('Role', 'world', 'web'))?.spec.replicas, 2);
    assert.equal(objects.get(ref('Role', 'world', 'web'))?.labels, { by: 'hand' });
  }),
);

test(
  'apply from standard input, and of what get -o yaml printed',
  scene(async ({ run, url }) => {
    const { out } = await run('get', 'roles', '-n', 'shop', '-o', 'yaml');
    const applied = await cli({ url, stdin: out }, 'apply', '-f', '-');
    assert.equal(applied, { out: 'role/app unchanged\n', err: '', code: 0 });
  }),
);

test(
  'apply with anything wrong stores nothing and names file, document, field, expected and got',
  scene(async ({ run, folder, objects }) => {
    const before = objects.revision();
    const file = join(folder, 'bad.yaml');
    const cases: readonly (readonly [string, RegExp])[] = [
      [
        WORLD.replace('replicas: 2', 'replicas: -2'),
        /bad\.yaml \(document 1, Role web\): spec\.replicas: expected a whole number.*got -2/,
      ],
      [
        WORLD.replace('replicas: 2', 'replicas: 2, colour: red'),
        /spec\.colour: expected a field of this kind, got an unknown field/,
      ],
      [
        WORLD.replace('cloud: local', 'cloud: mars'),
        /\(document 3, Cluster world\): spec\.cloud: expected a Cloud .*got "mars"/,
      ],
      [WORLD.replace('[db]', '[dba]'), /spec\.dependsOn\.0: expected a Role .* in cluster world, got "dba"/],
      [
        WORLD.replace('name: db,', 'name: web,').replace('[db]', '[]'),
        /document 2.*metadata\.name: expected a name no other Role has/,
      ],
      [
        WORLD.replace('db-master, replicas: 1', 'db-master, replicas: 1, dependsOn: [web]'),
        /spec\.dependsOn: expected roles that do not wait.*got web → db → web/,
      ],
      [
        WORLD.replace('kind: Cluster', 'kind: Cluser'),
        /kind: expected one of Cloud, Cluster, Role, Instance, User, Grant, Secret, Run, Application, Deployment, got "Cluser"/,
      ],
      ['a: [', /bad\.yaml:\d+:\d+: /],
      ['', /no document/],
    ];
    for (const [text, expected] of cases) {
      writeFileSync(file, text);
      const { out, err, code } = await run('apply', '-f', file);
      assert.match(err, expected);
      assert.is(out, '');
      assert.is(code, 1);
    }
    assert.match((await run('apply', '-f', join(folder, 'none.yaml'))).err, 'there is no such file');
    assert.is(objects.revision(), before);
  }),
);

test(
  'delete by name and by file; --wait until it is gone',
  scene(async ({ run, url, objects }) => {
    assert.is((await run('delete', 'role', 'app', '-n', 'shop')).out, 'role/app is being deleted\n');
    setTimeout(() => {
      const unchangedSince = objects.get(app)?.recordRevision ?? 0;
      void objects.write(null, [{ write: 'forget', ref: app, unchangedSince }])();
    }, 50);
    const waited = await run('delete', 'role/app', '-n', 'shop', '--wait');
    assert.match(waited.out, /role\/app deleted\n$/);
    assert.is((await run('delete', 'role', 'app', '-n', 'shop')).code, 3);
    assert.is((await run('delete', 'role', 'app', '-n', 'shop', '--ignore-not-found')).code, 0);
    const stdin =
      'apiVersion: scalarium.dev/v1\nkind: Cluster\nmetadata: { name: shop }\nspec: { cloud: local }\n';
    assert.match((await cli({ url, stdin }, 'delete', '-f', '-')).out, 'cluster/shop is being deleted');
  }),
);

test(
  'describe tells conditions, timings and events',
  scene(async ({ run, objects }) => {
    const status = {
      requestedAt: '2026-01-02T03:04:05Z',
      machine: { id: 'i-1', state: 'running', launchedAt: '2026-01-02T03:04:10Z' },
      conditions: { Ready: condition },
    };
    objects.has(ref('Instance', 'shop', 'app-1'), { spec: { role: 'app' } }, status);
    const event = {
      type: 'Warning',
      reason: 'Slow',
      message: 'it \u001b[31mtakes long',
      regarding: { kind: 'Instance', name: 'app-1' },
      lastSeen: '2026-01-02T03:05:00Z',
      count: 2,
    };
    objects.has(ref('Event', 'shop', 'e1'), { spec: undefined }, event);
    const { out } = await run('describe', 'instance', 'app-1');
    for (const expected of [
      /Ready +True +Up +30s +all well/,
      /launched +2026-01-02T03:04:10Z +\+5s/,
      /role: app/,
    ])
      assert.match(out, expected);
    assert.match(out, /5s +Warning +Slow +Instance\/app-1 +2 +it +\[31mtakes long/);
    assert.match((await run('events', '-n', 'shop')).out, /^LAST SEEN/);
  }),
);

const launch: PlannedChange = {
  action: 'launch',
  object: { kind: 'Instance', namespace: 'world', name: 'web-1' },
  message: 'a new slot',
  requiresConsent: true,
};

test(
  'plan prints what would be done and exits 2; nothing to do: 0',
  scene(
    async ({ run, folder }) => {
      const file = join(folder, 'world.yaml');
      writeFileSync(file, WORLD);
      const { out, code } = await run('plan', '-f', file);
      assert.match(out, /\+ launch +world instance\/web-1 +a new slot \(waits for consent\)/);
      assert.match(out, 'Plan: 1 to launch.');
      assert.is(code, 2);
      const json = await run('plan', '-f', file, '-o', 'json');
      assert.is((JSON.parse(json.out) as { changes: unknown[] }).changes.length, 1);
    },
    [launch],
  ),
);

test(
  'consent shows what waits, asks, and lets it go on',
  scene(async ({ run, url, objects }) => {
    assert.match((await run('consent', 'shop')).err, 'nothing waits');
    const parked = { ...condition, type: 'ConsentRequired', message: 'would end 8 of 13 hosts' };
    objects.has(
      app,
      { spec: { type: 'nodejs-app', replicas: 0 } },
      { conditions: { ConsentRequired: parked } },
    );
    const alone = await run('consent', 'shop');
    assert.match(alone.err, 'would end 8 of 13 hosts');
    assert.match(alone.err, '--yes');
    assert.is((await cli({ url, answer: 'n' }, 'consent', 'shop')).code, 1);
    assert.is(objects.get(app)?.status.consentRevision, undefined);
    // consent covers every edit there was when it was given
    const asked = objects.revision();
    assert.is((await cli({ url, answer: 'y' }, 'consent', 'shop', 'app')).out, 'role/app consented\n');
    assert.is(objects.get(app)?.status.consentRevision, asked);
    assert.ok(asked >= (objects.get(app)?.specRevision ?? Infinity));
  }),
);
