/** Commands that make Deployments, over a real server; what the controller would write is written by the test. */
import { LOCK } from '../../api-types/kinds/deployment.js';
import { cliScene, host } from '../build/cli-scene.js';
import {
  AT,
  application,
  condition,
  deployHost,
  deploymentMade,
  release,
  tells,
} from '../build/deployments.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('deploy over a server');

test(
  'deploy follows a Deployment to its end: lines of what changes, and what there is now',
  cliScene(async ({ run, objects }) => {
    application(objects);
    const running = run('deploy', 'web', '--revision', 'v2', '--migrate', '-n', 'shop');
    const name = await deploymentMade(objects);
    assert.match(name, /^web-[a-z0-9]{5}$/);
    const live = objects.get(ref('Deployment', 'shop', name));
    assert.equal(live?.spec, {
      migrate: true,
      onFailure: 'rollback',
      roles: [],
      instances: [],
      supersede: false,
      attributes: {},
      timeoutSeconds: 600,
      application: 'web',
      command: 'deploy',
      revision: 'v2',
    });
    const hosts = (one: Parameters<typeof deployHost>[0], two: Parameters<typeof deployHost>[0]) => ({
      hosts: { 'app-1': deployHost(one, { batch: 1 }), 'app-2': deployHost(two, { batch: 2 }) },
    });
    await tells(objects, name, { phase: 'Preparing', startedAt: AT, ...hosts('preparing', 'preparing') });
    await tells(objects, name, { phase: 'Rolling', batch: 1, batches: 2, release: release(3) });
    await tells(objects, name, { batch: 2, ...hosts('done', 'activating') });
    await tells(objects, name, {
      phase: 'Succeeded',
      finishedAt: '2026-01-02T03:04:47Z',
      ...hosts('done', 'done'),
    });
    assert.equal(await running, {
      out: `deployment/${name} succeeded after 42s: web has release 3 (333333333333) on 2 hosts\n`,
      err: [
        `deployment/${name} begins`,
        `deployment/${name} Pending`,
        `deployment/${name} Preparing`,
        `deployment/${name} Rolling`,
        'batch 1 of 2: app-1',
        'batch 2 of 2: app-2',
        'host/app-1 done',
        `deployment/${name} Succeeded`,
        'host/app-2 done',
        '',
      ].join('\n'),
      code: 0,
    });
  }),
);

test(
  'a failure says which host, stage, command, exit code and last lines; 1',
  cliScene(async ({ run, objects }) => {
    application(objects);
    const running = run('deploy', 'web', '-n', 'shop', '-q', '-o', 'json');
    const name = await deploymentMade(objects);
    const message = 'build: npm ci: exit code 1\nnpm error code ENOLOCK\u001b[2J\nnpm error lock file';
    await tells(objects, name, {
      phase: 'Failed',
      startedAt: AT,
      finishedAt: AT,
      hosts: { 'app-1': deployHost('failed', { message }), 'app-2': deployHost('prepared') },
      conditions: condition('Stalled', 'app-1 failed while it prepared release 3'),
    });
    const { out, err, code } = await running;
    assert.is(code, 1);
    assert.is((JSON.parse(out) as { readonly status: { readonly phase: string } }).status.phase, 'Failed');
    assert.match(
      err,
      /\nhost\/app-1 failed: build: npm ci: exit code 1\n {2}npm error code ENOLOCK \[2J\n {2}npm error lock file\n/,
    );
    assert.match(
      err,
      new RegExp(`scalarium: deployment/${name} failed: app-1 failed while it prepared release 3\n$`),
    );
  }),
);

test(
  'options become the spec; a strategy goes onto the application’s own',
  cliScene(async ({ run, objects }) => {
    objects.has(ref('Application', 'shop', 'web'), {
      spec: {
        type: 'nodejs',
        source: { type: 'git', url: 'https://git.example/web.git' },
        strategy: { type: 'rolling', batch: 5, byZone: true },
      },
    });
    objects.has(host('app-1'), { spec: { role: 'app' } });
    const specOf = async (...words: readonly string[]) => {
      const before = objects.list('Deployment', 'shop').map(({ ref: { name } }) => name);
      const { code, err } = await run('deploy', 'web', '-n', 'shop', '--detach', ...words);
      assert.is(code, 0, err);
      return objects.get(ref('Deployment', 'shop', await deploymentMade(objects, ...before)))!.spec;
    };
    const one = await specOf('--batch', '25%', '--pause', '30s', '--to', 'role/app,host/app-1');
    assert.equal(one.strategy, { type: 'rolling', batch: '25%', byZone: true, pauseSeconds: 30 });
    assert.equal([one.roles, one.instances], [['app'], ['app-1']]);
    const two = await specOf('--strategy', 'canary', '--canary-hosts', '2', '--canary-wait', '5m');
    assert.equal(two.strategy, { type: 'canary', canary: { hosts: 2, waitSeconds: 300 } });
    const three = await specOf(
      '--attributes',
      '{"a":1}',
      '--on-failure',
      'pause',
      '--supersede',
      '--comment',
      'now',
    );
    assert.equal(
      [three.attributes, three.onFailure, three.supersede, three.comment, three.strategy],
      [{ a: 1 }, 'pause', true, 'now', undefined],
    );
    assert.equal((await specOf('--strategy', 'all-at-once', '--timeout', '1h')).timeoutSeconds, 3600);
  }),
);

test(
  'wrong words make nothing: 64; what is not there: 3',
  cliScene(async ({ run, objects }) => {
    application(objects);
    for (const words of [
      ['--strategy', 'yolo'],
      ['--batch', 'half'],
      ['--to', 'app-1'],
      ['--to', 'app/web'],
      ['--on-failure', 'cry'],
      ['--attributes', '[1]'],
      ['--attributes', '@/no/such/file'],
      ['--strategy', 'rolling', '--canary-wait', '5m'],
      ['--pause', 'long'],
      ['-o', 'wide'],
    ])
      assert.is((await run('deploy', 'web', '-n', 'shop', ...words)).code, 64, words.join(' '));
    assert.is((await run('deploy', '-n', 'shop')).code, 64);
    assert.is((await run('deploy', 'nothing', '-n', 'shop')).code, 3);
    assert.is((await run('deploy', 'web', '--to', 'role/nothing', '-n', 'shop')).code, 3);
    assert.is((await run('deploy', 'web', '--to', 'host/app-9', '-n', 'shop')).code, 3);
    assert.equal(objects.list('Deployment'), []);
  }),
);

test(
  'a locked application is refused at once: who, when and why',
  cliScene(async ({ run, objects }) => {
    application(objects);
    const locked = await run('lock', 'web', '--reason', 'sale until Monday', '-n', 'shop');
    assert.equal([locked.out, locked.code], ['application/web locked\n', 0]);
    const { annotations } = objects.get(ref('Application', 'shop', 'web'))!;
    const { reason, by } = JSON.parse(annotations[LOCK] ?? '') as Record<string, string>;
    assert.equal([reason, by], ['sale until Monday', 'system:installation']);
    for (const words of [
      ['deploy', 'web'],
      ['rollback', 'app/web'],
      ['restart', 'app/web'],
    ]) {
      const { code, err, out } = await run(...words, '-n', 'shop');
      assert.equal([code, out], [5, '']);
      assert.match(
        err,
        /application\/web is locked by system:installation since .* ago\): sale until Monday/,
      );
      assert.match(err, /scalarium unlock web -n shop/);
    }
    assert.is((await run('lock', 'web', '--reason', 'again', '-n', 'shop')).code, 5);
    assert.match((await run('deployments', 'web', '-n', 'shop')).err, /is locked by/);
    const unlocked = await run('unlock', 'app/web', '-n', 'shop');
    assert.equal([unlocked.out, unlocked.code], ['application/web unlocked\n', 0]);
    assert.match((await run('unlock', 'web', '-n', 'shop')).err, /is not locked/);
    assert.is((await run('deploy', 'web', '--detach', '-n', 'shop')).code, 0);
  }),
);

test(
  'rollback goes to a release that there is',
  cliScene(async ({ run, objects }) => {
    application(objects, { current: release(3), releases: [release(3), release(2)] });
    const missing = await run('rollback', 'web', '--to', '7', '-n', 'shop');
    assert.is(missing.code, 3);
    assert.match(missing.err, /has no release 7: there are 3 \(333333333333, in force\), 2 \(222222222222\)/);
    assert.is((await run('rollback', 'web', '--to', 'v2', '-n', 'shop')).code, 64);
    assert.is((await run('rollback', 'web', '--to', '2', '--detach', '-n', 'shop')).code, 0);
    const name = await deploymentMade(objects);
    const spec = objects.get(ref('Deployment', 'shop', name))?.spec;
    assert.equal([spec?.command, spec?.release], ['rollback', 2]);
    for (const releases of [[release(1)], [release(2), release(1)]]) {
      application(objects, { current: release(1), releases });
      const none = await run('rollback', 'web', '--detach', '-n', 'shop');
      assert.equal([none.code, /no release to go back to/.test(none.err)], [3, true]);
    }
  }),
);

test(
  'undeploy asks; restart, start and stop of app/APP are its processes',
  cliScene(async ({ run, runWith, objects }) => {
    application(objects, { hosts: 2 });
    assert.match((await run('undeploy', 'web', '-n', 'shop')).err, /say --yes/);
    assert.match(
      (await runWith({ answer: 'n' }, 'undeploy', 'web', '-n', 'shop')).err,
      /nothing was undeployed/,
    );
    assert.equal(objects.list('Deployment'), []);
    const commands: unknown[] = [];
    for (const words of [
      ['undeploy', 'web', '--yes', '--detach'],
      ['restart', 'app/web', '--no-wait', '--parallel', '3'],
      ['stop', 'application/web', '--no-wait'],
      ['start', 'apps/web', '--no-wait', '--role', 'app'],
      ['migrate', 'web', '--detach'],
    ]) {
      const before = objects.list('Deployment', 'shop').map(({ ref: { name } }) => name);
      const { code, err } = await run(...words, '-n', 'shop');
      assert.is(code, 0, err);
      const spec = objects.get(ref('Deployment', 'shop', await deploymentMade(objects, ...before)))?.spec;
      commands.push([spec?.command, spec?.roles, spec?.strategy?.batch]);
    }
    assert.equal(commands, [
      ['undeploy', [], undefined],
      ['restart', [], 3],
      ['stop', [], undefined],
      ['start', ['app'], undefined],
      ['migrate', [], undefined],
    ]);
    assert.is((await run('restart', 'app/web', 'app-1', '-n', 'shop')).code, 64);
    assert.is((await run('stop', 'app-7', '-n', 'shop')).code, 3, 'a host, as ever');
  }),
);
