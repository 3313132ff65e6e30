import { ref } from '../fake/objects.js';
import type { FakeObjects } from '../fake/objects.js';
import { cliScene, host, hostStatus } from '../build/cli-scene.js';
import type { LogReader } from '../../server/logs/port.js';
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
      dryRun: false,
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
      out: 'HOST    STATE       CHANGED   MESSAGE\napp-1   succeeded   0         -\nlb-1    failed      0         apt broke\n',
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

const DIFFS = [
  {
    resource: 'file[/etc/motd]',
    diff: '--- a\n+++ b\n-old\n+new \u001b[2J\n',
    instances: ['app-1', 'app-2'],
  },
  { resource: 'package[htop]', diff: '', instances: ['app-2'] },
];

test(
  'recipes, dry: what would change, once for hosts where it is the same',
  cliScene(async ({ run, objects }) => {
    const words = ['--recipe', 'shop::a,shop::b', '--recipe', 'c', '--dry-run', '--role', 'app'];
    const running = run('run', ...words, '-n', 'shop');
    const name = await runOf(objects);
    assert.match(name, /^recipes-/);
    assert.equal(objects.get(ref('Run', 'shop', name))?.spec, {
      recipes: ['shop::a', 'shop::b', 'c'],
      roles: ['app'],
      instances: [],
      dryRun: true,
      timeoutSeconds: 600,
    });
    await tells(objects, name, {
      phase: 'Succeeded',
      finishedAt: AT,
      total: 2,
      hosts: { 'app-1': 'succeeded', 'app-2': 'succeeded' },
      changed: { 'app-1': 1, 'app-2': 2 },
      diffs: DIFFS,
      diffsLeftOut: 3,
    });
    const { out, code } = await running;
    assert.is(code, 0);
    assert.is(
      out,
      'HOST    STATE       WOULD-CHANGE   MESSAGE\n' +
        'app-1   succeeded   1              -\n' +
        'app-2   succeeded   2              -\n' +
        '\nfile[/etc/motd] on app-1, app-2\n  --- a\n  +++ b\n  -old\n  +new  [2J\n' +
        '\npackage[htop] on app-2\n' +
        "\n3 more differences are left out: see the hosts' logs, or ask fewer hosts at a time with --host\n",
    );
  }),
);

test(
  'an event or recipes, and one of them',
  cliScene(async ({ run }) => {
    for (const words of [[], ['setup', '--recipe', 'a'], ['--recipe', ','], ['shop::a']]) {
      const { code, out } = await run('run', ...words, '-n', 'shop');
      assert.equal([code, out], [64, '']);
    }
  }),
);

const line = (message: string): string =>
  JSON.stringify({ time: AT, level: 'info', message, event: 'run-1' });

test('what hosts write is shown while they do, a few at a time, and goes to standard error', async () => {
  const open = new Map<string, LogReader>();
  const asked: unknown[] = [];
  await cliScene(
    async ({ runWith, objects }) => {
      const names = Array.from({ length: 20 }, (_, at) => `app-${String(at + 1)}`);
      for (const name of names)
        objects.has(host(name), { spec: { role: 'app' } }, hostStatus('running', `i-${name}`));
      let err = '';
      const onErr = (all: string): void => {
        err = all;
      };
      const running = runWith({ onErr }, 'run', 'configure', '-n', 'shop', '-o', 'json');
      const run = await runOf(objects);
      const pending = Object.fromEntries(names.map((name) => [name, 'pending']));
      await tells(objects, run, { phase: 'Running', events: ['run-1'], hosts: pending });
      await eventually('some logs are open', () => open.size === 16);
      assert.equal(asked[0], { tail: 500, follow: true, event: 'run-1' });
      open.get('i-app-1')?.lines(['event begins', 'would change', 'writes /etc/motd'].map(line));
      await eventually('its lines are shown', () => /^app-1 +\| .*writes \/etc\/motd/m.test(err));
      assert.not.match(err, /would change/);
      const output = JSON.stringify({ message: 'output', resource: 'script[a]', line: 'hello \u001b[2J' });
      open.get('i-app-1')?.lines([output]);
      await eventually('what a recipe wrote is shown as it is', () => /^app-1 +\| hello  \[2J$/m.test(err));
      assert.is(open.size, 16, 'the others wait');
      open.get('i-app-1')?.lines([line('event ends')]);
      open.get('i-app-2')?.end('it is not connected');
      await eventually('the next ones have their turn', () => open.size === 18);
      for (const reader of open.values()) reader.lines([line('event ends')]);
      await eventually('all had theirs', () => open.size === 20);
      for (const reader of open.values()) reader.lines([line('event ends')]);
      const done = Object.fromEntries(names.map((name) => [name, 'succeeded']));
      await tells(objects, run, { phase: 'Succeeded', finishedAt: AT, total: 20, hosts: done });
      const { out, code } = await running;
      assert.is(code, 0);
      assert.is((JSON.parse(out) as { readonly kind: string }).kind, 'Run');
    },
    {
      openLog: (machine, how, reader) => {
        open.set(machine, reader);
        asked.push(how);
        return () => undefined;
      },
    },
  )();
});

test(
  'drift: a report, 1 when something differs, 2 when it could not be told',
  cliScene(async ({ run, objects }) => {
    const words = ['drift', '--role', 'app', '-n', 'shop', '-o', 'json'];
    const running = run(...words);
    const name = await runOf(objects);
    const { spec } = objects.get(ref('Run', 'shop', name))!;
    assert.equal([spec.event, spec.dryRun, spec.roles], ['configure', true, ['app']]);
    const hosts = { 'app-1': 'succeeded', 'app-2': 'succeeded' };
    const well = { phase: 'Succeeded', finishedAt: AT, total: 2, hosts };
    await tells(objects, name, { ...well, changed: { 'app-2': 1 }, diffs: [DIFFS[1]] });
    const { out, code } = await running;
    assert.is(code, 1);
    assert.equal(JSON.parse(out), {
      cluster: 'shop',
      checkedAt: AT,
      hosts: [
        { host: 'app-1', state: 'clean', changes: 0 },
        { host: 'app-2', state: 'drifted', changes: 1 },
      ],
      differences: [{ resource: 'package[htop]', diff: '', hosts: ['app-2'] }],
      differencesLeftOut: 0,
    });
    objects.deleteRaw(ref('Run', 'shop', name));
    const again = run('drift', '-n', 'shop');
    const second = await eventually(
      'another Run',
      () =>
        objects
          .list('Run', 'shop')
          .find(({ ref: { name: of }, specRevision }) => of !== name && specRevision > 0)?.ref.name,
    );
    await tells(objects, second, { ...well, hosts: { 'app-1': 'succeeded' }, total: 1 });
    const clean = await again;
    assert.equal(
      [clean.code, clean.out],
      [0, 'HOST    DRIFT   CHANGES   MESSAGE\napp-1   clean   0         -\n'],
    );
    objects.deleteRaw(ref('Run', 'shop', second));
    const third = run('drift', '-n', 'shop');
    const failing = await eventually(
      'a third Run',
      () =>
        objects
          .list('Run', 'shop')
          .find(({ ref: { name: of }, specRevision }) => ![name, second].includes(of) && specRevision > 0)
          ?.ref.name,
    );
    const failures = [{ instance: 'app-1', message: 'no answer within 600 s' }];
    await tells(objects, failing, {
      ...well,
      phase: 'Failed',
      total: 1,
      hosts: { 'app-1': 'failed' },
      failures,
    });
    const bad = await third;
    assert.is(bad.code, 2);
    assert.match(bad.out, /app-1 +unknown +0 +no answer within 600 s/);
  }),
);
