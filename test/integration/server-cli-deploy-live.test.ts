/** Commands that follow Deployments: Ctrl-C, what is drawn on a terminal, what hosts write, what people say meanwhile. */
import { ABORT, PROMOTE } from '../../api-types/kinds/deployment.js';
import { cliScene, host, hostStatus } from '../build/cli-scene.js';
import {
  AT,
  application,
  condition,
  deployHost,
  deploymentMade,
  release,
  tells,
} from '../build/deployments.js';
import { eventually } from '../conformance/objects-world.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('following a deployment over a server');

/** The Ctrl-C of a command that takes it. */
const key = () => {
  let pressed: (() => void) | null = null;
  return {
    onInterrupt: (asked: () => void): void => {
      pressed = asked;
    },
    press: async (): Promise<void> => {
      (await eventually('Ctrl-C is taken', () => pressed))();
    },
  };
};

test(
  'Ctrl-C asks: on in the background, abort, keep watching',
  cliScene(async ({ runWith, objects }) => {
    application(objects);
    const background = key();
    const one = runWith({ ...background, answer: 'b' }, 'deploy', 'web', '-n', 'shop');
    const name = await deploymentMade(objects);
    await background.press();
    const left = await one;
    assert.equal([left.code, left.out], [130, '']);
    assert.match(
      left.err,
      new RegExp(`goes on; follow it: scalarium logs --deployment ${name} -n shop -f\n$`),
    );
    assert.is(objects.get(ref('Deployment', 'shop', name))?.annotations[ABORT], undefined);

    const aborting = key();
    const two = runWith({ ...aborting, answer: 'a' }, 'deploy', 'web', '-n', 'shop');
    const second = await deploymentMade(objects, name);
    await aborting.press();
    await eventually('it is told', () => objects.get(ref('Deployment', 'shop', second))?.annotations[ABORT]);
    await tells(objects, second, {
      phase: 'Aborted',
      finishedAt: AT,
      conditions: condition('Stalled', 'as asked'),
    });
    const aborted = await two;
    assert.is(aborted.code, 1);
    assert.match(aborted.err, /was aborted: as asked\n$/);

    const watching = key();
    const three = runWith({ ...watching, answer: 'w' }, 'deploy', 'web', '-n', 'shop');
    const third = await deploymentMade(objects, name, second);
    await watching.press();
    await tells(objects, third, { phase: 'Succeeded', startedAt: AT, finishedAt: AT });
    assert.is((await three).code, 0);
  }),
);

test(
  'without anybody to ask, Ctrl-C leaves it and says how to follow',
  cliScene(async ({ runWith, objects }) => {
    application(objects);
    const keys = key();
    const running = runWith(keys, 'deploy', 'web', '-n', 'shop');
    const name = await deploymentMade(objects);
    await keys.press();
    const { code, err } = await running;
    assert.is(code, 130);
    assert.match(err, new RegExp(`deployment/${name} goes on`));
  }),
);

test(
  'on a terminal it is drawn in place, in as much room as there is',
  cliScene(async ({ runWith, objects }) => {
    application(objects);
    let err = '';
    const setting = {
      terminal: { columns: 60, rows: 12 },
      onErr: (text: string): void => {
        err = text;
      },
    };
    const running = runWith(setting, 'deploy', 'web', '-q', '-n', 'shop');
    const name = await deploymentMade(objects);
    const hosts = Object.fromEntries(
      Array.from({ length: 1000 }, (_none, at) => [`app-${String(at + 1)}`, deployHost('waiting')]),
    );
    const some = { 'app-900': deployHost('activating'), 'app-950': deployHost('failed', { message: 'no' }) };
    await tells(objects, name, { phase: 'Rolling', startedAt: AT, hosts: { ...hosts, ...some } });
    await eventually('it is drawn', () => err.includes('waiting 998, activating 1, failed 1'));
    await tells(objects, name, { phase: 'Succeeded', finishedAt: AT });
    assert.is((await running).code, 0);
    const frames = err.split('\u001b[J').slice(1);
    for (const frame of frames) {
      const lines = frame.split('\u001b')[0]?.trimEnd().split('\n') ?? [];
      assert.ok(lines.length < 12, `${String(lines.length)} lines`);
      for (const line of lines) assert.ok(line.length < 60, line);
    }
    const last = frames.find((frame) => frame.includes('activating 1')) ?? '';
    assert.match(last, /app-950 .*failed/);
    assert.match(last, /app-900 +ok +ok +\.\.\./);
    assert.match(last, /and 99\d more hosts/);
  }),
);

test('live output of hosts has their names before it, and goes to standard error', async () => {
  const line = (message: string, more: object = {}): string =>
    JSON.stringify({ time: AT, level: 'info', message, event: 'release-prepare-1', ...more });
  await cliScene(
    async ({ run, objects }) => {
      application(objects);
      objects.has(host('app-1'), { spec: { role: 'app' } }, hostStatus('running', 'i-1'));
      const running = run('deploy', 'web', '-n', 'shop');
      const name = await deploymentMade(objects);
      await tells(objects, name, {
        phase: 'Preparing',
        hosts: { 'app-1': deployHost('preparing', { event: 'release-prepare-1' }) },
        events: ['release-prepare-1'],
      });
      await tells(objects, name, {
        phase: 'Succeeded',
        startedAt: AT,
        finishedAt: AT,
        hosts: { 'app-1': deployHost('done') },
      });
      const { err, out } = await running;
      assert.match(err, /^app-1 \| added 51 packages$/m);
      assert.not.match(out, /packages/);
      const logs = await run('logs', '--deployment', 'web', '-n', 'shop');
      assert.is(logs.code, 0, logs.err);
      assert.match(logs.out, /INFO {2}event begins/);
      assert.not.match(logs.out, /of another event/);
      assert.is((await run('logs', 'app-1', '--deployment', 'web', '-n', 'shop')).code, 64);
      assert.is((await run('logs', '--deployment', 'no-such', '-n', 'shop')).code, 3);
    },
    {
      openLog: (_machine, _asked, reader) => {
        reader.lines([
          line('of another event', { event: 'configure-1' }),
          line('event begins'),
          line('output', { line: 'added 51 packages' }),
          line('event ends'),
        ]);
        reader.end(null);
        return () => undefined;
      },
    },
  )();
});

test(
  'promote and abort: by the name of the deployment, or of its application; what cannot be is said',
  cliScene(async ({ run, objects }) => {
    application(objects);
    const made = (name: string, status: object): void => {
      objects.has(
        ref('Deployment', 'shop', name),
        { spec: { application: 'web', command: 'deploy' } },
        status,
      );
    };
    const annotation = (name: string, of: string) =>
      objects.get(ref('Deployment', 'shop', name))?.annotations[of];
    assert.is((await run('promote', 'web', '-n', 'shop')).code, 3);
    made('web-1', { phase: 'Succeeded' });
    const ended = await run('abort', 'web', '-n', 'shop');
    assert.equal([ended.code, ended.out], [5, '']);
    assert.match(ended.err, /deployment\/web-1 has ended: it succeeded/);
    made('web-2', { phase: 'Rolling' });
    made('web-3', { phase: 'Waiting' });
    assert.match((await run('promote', 'web', '-n', 'shop')).err, /web-2 is not paused but Rolling/);
    made('web-2', { phase: 'Paused' });
    const promoted = await run('deployment', 'promote', 'app/web', '-n', 'shop');
    assert.equal([promoted.code, promoted.out], [0, 'deployment/web-2 goes on\n']);
    assert.is(annotation('web-2', PROMOTE), '2026-01-02T03:05:05.000Z');
    const aborted = await run('deployment', 'abort', 'deployment/web-3', '-n', 'shop');
    assert.equal([aborted.code, aborted.out], [0, 'deployment/web-3 is to be aborted\n']);
    assert.ok(annotation('web-3', ABORT));
    assert.is((await run('abort', 'role/app', '-n', 'shop')).code, 64);
  }),
);

test(
  'deployments: who, what, from where to where, how long, and how it ended',
  cliScene(async ({ run, objects }) => {
    application(objects);
    assert.match((await run('deployments', 'web', '-n', 'shop')).err, /nothing was deployed yet of web/);
    objects.has(
      ref('Deployment', 'shop', 'web-2'),
      { spec: { application: 'web', command: 'deploy', comment: 'faster' } },
      {
        phase: 'Succeeded',
        by: 'anna',
        from: release(1),
        release: release(2),
        startedAt: AT,
        finishedAt: '2026-01-02T03:07:17Z',
        hosts: { 'app-1': deployHost('done'), 'app-2': deployHost('skipped') },
      },
    );
    const { out, code } = await run('deployments', 'web', '-n', 'shop');
    assert.is(code, 0);
    assert.match(
      out,
      /web-2 +web +deploy +1 \(111111111111\) +2 \(222222222222\) +1\/2 +anna +60s +3m12s +Succeeded/,
    );
    const json = await run('deployments', '-n', 'shop', '-o', 'json');
    const [one] = JSON.parse(json.out) as readonly Record<string, unknown>[];
    assert.equal(
      [one?.['name'], one?.['by'], one?.['comment'], one?.['seconds'], one?.['result'], one?.['from']],
      ['web-2', 'anna', 'faster', 192, 'Succeeded', { number: 1, revision: '1'.repeat(40), wanted: null }],
    );
    assert.is((await run('deployments', 'nothing', '-n', 'shop')).code, 3);
  }),
);

test(
  'get and describe show applications and deployments',
  cliScene(async ({ run, objects }) => {
    application(objects, {
      current: release(2),
      releases: [release(2), release(1)],
      hosts: 2,
      currentHosts: 1,
    });
    objects.has(
      ref('Deployment', 'shop', 'web-2'),
      { spec: { application: 'web', command: 'deploy' } },
      { phase: 'Rolling', release: release(2), hosts: { 'app-1': deployHost('activating', { batch: 1 }) } },
    );
    assert.match((await run('get', 'apps', '-n', 'shop')).out, /web +nodejs +2 +222222222222 +1\/2/);
    assert.match(
      (await run('get', 'deployments', '-n', 'shop')).out,
      /web-2 +web +deploy +Rolling +222222222222 +0\/1/,
    );
    const app = (await run('describe', 'application', 'web', '-n', 'shop')).out;
    assert.match(app, /Releases:\n +NUMBER +REVISION.*\n +2 +222222222222 .*in force\n +1 +111111111111/);
    const deployment = (await run('describe', 'deployment', 'web-2', '-n', 'shop')).out;
    assert.match(deployment, /Hosts:\n +HOST +BATCH +STAGE.*\n +app-1 +1 +activating/);
    for (const path of ['application.spec.source', 'deployment.spec.strategy', 'app.status.current.config'])
      assert.is((await run('explain', path)).code, 0, path);
  }),
);
