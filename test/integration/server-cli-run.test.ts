import { ref } from '../fake/objects.js';
import type { FakeObjects } from '../fake/objects.js';
import { cliScene } from '../build/cli-scene.js';
import { eventually } from '../conformance/objects-world.js';
import { assert, suite } from '../suite.js';

const test = suite('run over a server');

/** The one Run there is, once there is one. */
const runOf = (objects: FakeObjects): Promise<string> =>
  eventually('a Run is made', () => objects.list('Run', 'shop')[0]?.ref.name);

const tells = async (objects: FakeObjects, name: string, patch: Readonly<Record<string, unknown>>) => {
  await objects.write(null, [{ write: 'status', ref: ref('Run', 'shop', name), patch }])();
};

const AT = '2026-01-02T03:04:05Z';

test(
  'run follows a Run to its end: a line a host, a table, 1 when some failed',
  cliScene(async ({ run, objects }) => {
    const running = run('run', 'configure', '--role', 'app', '--host', 'host/lb-1', '-n', 'shop');
    const name = await runOf(objects);
    assert.equal(objects.get(ref('Run', 'shop', name))?.spec, {
      event: 'configure',
      roles: ['app'],
      instances: ['lb-1'],
      timeoutSeconds: 600,
    });
    await tells(objects, name, { phase: 'Running', hosts: { 'app-1': 'succeeded', 'lb-1': 'pending' } });
    await tells(objects, name, {
      phase: 'Failed',
      finishedAt: AT,
      total: 2,
      hosts: { 'lb-1': 'failed' },
      failures: [{ instance: 'lb-1', message: 'apt broke' }],
    });
    assert.equal(await running, {
      out: 'HOST    STATE       MESSAGE\napp-1   succeeded   -\nlb-1    failed      apt broke\n',
      err: `run/${name} begins\nhost/app-1 succeeded\nhost/lb-1 failed: apt broke\nscalarium: 1 of 2 hosts failed: lb-1\n`,
      code: 1,
    });
  }),
);

test(
  'all well: 0, and the Run itself for programs',
  cliScene(async ({ run, objects }) => {
    const running = run('run', 'setup', '-n', 'shop', '--timeout', '1m', '-o', 'json');
    const name = await runOf(objects);
    await tells(objects, name, {
      phase: 'Succeeded',
      finishedAt: AT,
      total: 1,
      hosts: { 'app-1': 'succeeded' },
    });
    const { out, code } = await running;
    assert.is(code, 0);
    const { spec, status } = JSON.parse(out) as Record<string, Record<string, unknown>>;
    assert.is(spec?.['timeoutSeconds'], 60);
    assert.is(status?.['phase'], 'Succeeded');
  }),
);

test(
  'Ctrl-C leaves it running and says how to look; --detach does not wait',
  cliScene(async ({ runWith, run, objects }) => {
    const stop = new AbortController();
    const running = runWith({ signal: stop.signal }, 'run', 'setup', '-n', 'shop');
    const name = await runOf(objects);
    stop.abort();
    const { err, out } = await running;
    assert.is(out, '');
    assert.match(err, new RegExp(`run/${name} goes on; .* get run/${name} -n shop -o yaml\n$`));
    const detached = await run('run', 'setup', '-n', 'shop', '--detach');
    assert.match(detached.out, /^run\/setup-[a-z0-9]{5} created\n$/);
  }),
);

test(
  'what cannot be: 64 for wrong words, 1 when no host is there',
  cliScene(async ({ run, objects }) => {
    assert.is((await run('run', 'shutdown', '-n', 'shop')).code, 64);
    assert.is((await run('run', 'setup', '-n', 'shop', '-o', 'wide')).code, 64);
    const running = run('run', 'setup', '-n', 'shop', '--host', 'app-9');
    const name = await runOf(objects);
    const message = 'there is no host app-9 in this cluster';
    const Stalled = {
      type: 'Stalled',
      status: 'True',
      reason: 'HostNotFound',
      message,
      lastTransitionTime: AT,
    };
    await tells(objects, name, { phase: 'Failed', finishedAt: AT, total: 0, conditions: { Stalled } });
    const { code, err, out } = await running;
    assert.equal([code, out], [1, '']);
    assert.match(err, /there is no host app-9/);
  }),
);
