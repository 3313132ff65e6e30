import { cliScene, host, hostStatus } from '../build/cli-scene.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('wait, scale, start and stop over a server');
const app = ref('Role', 'shop', 'app');
const ready = {
  type: 'Ready',
  status: 'True',
  reason: 'Up',
  message: 'well',
  lastTransitionTime: '2026-01-02T03:04:05Z',
};
const spec = { type: 'nodejs-app', replicas: 2 } as const;

test(
  'wait ends once the condition is met',
  cliScene(async ({ run, objects }) => {
    const waiting = run('wait', 'role/app', '-n', 'shop', '--for', 'condition=Ready', '--timeout', '20s');
    setTimeout(() => objects.has(app, { spec }, { conditions: { Ready: ready } }), 100);
    assert.equal(await waiting, { out: 'role/app condition met\n', err: '', code: 0 });
  }),
);

test(
  'wait says what each still waits for when the time is up',
  cliScene(async ({ run }) => {
    const { out, err, code } = await run(
      'wait',
      'role',
      'app',
      '-n',
      'shop',
      '--for',
      'condition=Ready',
      '--timeout',
      '0.2s',
    );
    assert.is(code, 1);
    assert.is(out, '');
    assert.match(err, /^role\/app: it has no condition Ready yet\nscalarium: time is up after 0\.2 s/);
  }),
);

test(
  'wait for what is not there: 3, unless its end is waited for',
  cliScene(async ({ run }) => {
    assert.is((await run('wait', 'role/none', '-n', 'shop', '--for', 'condition=Ready')).code, 3);
    assert.is((await run('wait', 'role/none', '-n', 'shop', '--for', 'delete')).code, 0);
    assert.is((await run('wait', 'hosts', '--all', '-n', 'shop', '--for', 'condition=Ready')).code, 3);
    assert.is((await run('wait', 'roles', '-n', 'shop', '--for', 'condition=Ready')).code, 64);
    assert.is((await run('wait', 'role/app', '-n', 'shop', '--for', 'nothing')).code, 64);
  }),
);

test(
  'wait for the end of several',
  cliScene(async ({ run, objects }) => {
    objects.has(ref('Role', 'shop', 'db'), { spec });
    const waiting = run('wait', 'roles', '--all', '-n', 'shop', '--for', 'delete', '--timeout', '20s');
    setTimeout(() => {
      for (const name of ['app', 'db']) {
        const gone = ref('Role', 'shop', name);
        objects.deleteRaw(gone);
        const unchangedSince = objects.get(gone)?.recordRevision ?? 0;
        void objects.write(null, [{ write: 'forget', ref: gone, unchangedSince }])();
      }
    }, 100);
    const { out, code } = await waiting;
    assert.is(code, 0);
    assert.is(out.split('\n').filter((line) => line.endsWith(' deleted')).length, 2);
  }),
);

test(
  'Ctrl-C ends a wait without a word',
  cliScene(async ({ runWith }) => {
    const stop = new AbortController();
    const waiting = runWith(
      { signal: stop.signal },
      'wait',
      'role/app',
      '-n',
      'shop',
      '--for',
      'condition=Ready',
    );
    setTimeout(() => {
      stop.abort();
    }, 100);
    assert.equal(await waiting, { out: '', err: '', code: 0 });
  }),
);

test(
  'scale changes replicas, and only from what was expected',
  cliScene(async ({ run, objects }) => {
    assert.is(
      (await run('scale', 'role', 'app', '--replicas', '5', '-n', 'shop')).out,
      'role/app scaled from 2 to 5\n',
    );
    assert.is(objects.get(app)?.spec.replicas, 5);
    const other = await run('scale', 'role/app', '--replicas', '9', '--current-replicas', '2', '-n', 'shop');
    assert.is(other.code, 5);
    assert.match(other.err, /has 5 replicas, not 2/);
    assert.is(objects.get(app)?.spec.replicas, 5);
    assert.is(
      (await run('scale', 'role/app', '--replicas', '6', '--current-replicas', '5', '-n', 'shop')).code,
      0,
    );
    assert.is((await run('scale', 'role/app', '--replicas', 'many', '-n', 'shop')).code, 64);
    assert.is((await run('scale', 'cluster/shop', '--replicas', '1')).code, 64);
    assert.is((await run('scale', 'role/none', '--replicas', '1', '-n', 'shop')).code, 3);
  }),
);

test(
  'stop and start say what is desired and wait, telling progress aside',
  cliScene(async ({ run, objects }) => {
    for (const name of ['app-1', 'app-2'])
      objects.has(host(name), { spec: { role: 'app' } }, hostStatus('running'));
    const stopping = run('stop', 'app-1', 'host/app-2', '-n', 'shop', '--timeout', '20s');
    setTimeout(() => {
      for (const name of ['app-1', 'app-2'])
        objects.has(host(name), { spec: { role: 'app', desired: 'Stopped' } }, hostStatus('stopped'));
    }, 150);
    const { out, err, code } = await stopping;
    assert.is(code, 0, err);
    assert.is(out, 'host/app-1 stopped\nhost/app-2 stopped\n');
    assert.match(err, /^host\/app-1: online$/m);
    const started = await run('start', '--role', 'app', '-n', 'shop', '--no-wait');
    assert.is(started.out, 'host/app-1 is to be started\nhost/app-2 is to be started\n');
    assert.is(objects.get(host('app-2'))?.spec.desired, 'Running');
    assert.is((await run('stop', 'app-1', 'app-9', '-n', 'shop')).code, 3);
    assert.is(objects.get(host('app-1'))?.spec.desired, 'Running');
    assert.is((await run('stop', '-n', 'shop')).code, 64);
    assert.is((await run('stop', '--role', 'db', '-n', 'shop')).code, 3);
  }),
);
