/** How a release comes into force on a host, and how it is taken back. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { withInForce } from '../../../../recipes/deploy/in-force.js';
import type { DeployOptions, PartOf } from '../../../../recipes/deploy/subject.js';
import { assert } from '../../../suite.js';
import {
  APP,
  all,
  answer,
  cluster,
  currentOf,
  deployed,
  onHost,
  order,
  pack,
  partOf,
  release,
  stagesOf,
} from './scene.js';

const test = onHost('a release comes into force');

const NEVER_WELL = { health: { path: '/sick', timeoutSeconds: 1 } };

test('a first release is brought, built, switched to, and answers', async (stage) => {
  const result = await deployed(stage, 1);
  assert.is(result.failure, null);
  assert.equal(result.releases, { shop: { release: 1, revision: 'r1' } });
  assert.is(await currentOf(stage), 'releases/1');
  assert.is(await answer(stage), 'pack-1');
  assert.equal(stagesOf(stage), [
    'fetch',
    'unpack',
    'build',
    'link',
    'before_restart',
    'switch',
    'health',
    'after_restart',
    'recipes',
    'switch',
    'cleanup',
  ]);
  assert.equal(stagesOf(stage, 'stage ends').length, 11);
});

test('the next one takes its place, and the way back brings and builds nothing', async (stage) => {
  await deployed(stage, 1);
  await deployed(stage, 2);
  assert.is(await answer(stage), 'pack-2');
  stage.said = [];
  const result = await order(stage, 'activate', { release: release(1) });
  assert.is(result.failure, null);
  assert.is(await answer(stage), 'pack-1');
  assert.equal(stagesOf(stage)[0], 'before_restart');
});

test('one that is in force and is told again is not restarted', async (stage) => {
  await deployed(stage, 1);
  const pid = stage.services.pidOf('scalarium-app-shop');
  const result = await deployed(stage, 1);
  assert.is(result.failure, null);
  assert.is(stage.services.pidOf('scalarium-app-shop'), pid);
});

test('one that never gets well is taken back, and its last answer told', async (stage) => {
  await deployed(stage, 1);
  const result = await deployed(stage, 2, NEVER_WELL);
  assert.is(result.stage, 'health');
  assert.match(
    result.failure ?? '',
    /not well within 1 s; last: GET \/sick at 127\.0\.0\.1:\d+: 500 it is not well/,
  );
  assert.match(result.failure ?? '', /gone back to release 1, which is well/);
  assert.equal(result.releases, { shop: { release: 1, revision: 'r1' } });
  assert.is(await currentOf(stage), 'releases/1');
  assert.is(await answer(stage), 'pack-1');
});

test('a first release that never gets well leaves no process and no link to it', async (stage) => {
  const result = await deployed(stage, 1, NEVER_WELL);
  assert.match(result.failure ?? '', /had no release before/);
  assert.equal(result.releases, {});
  assert.is(await currentOf(stage), null);
  assert.is(await answer(stage), null);
  assert.ok(existsSync(join(stage.root, 'srv/www/shop/releases/1/server.js')));
});

test('what somebody else has brought is gone back to', async (stage) => {
  const folder = join(stage.root, 'srv/www/shop/releases/by-hand');
  await mkdir(folder, { recursive: true });
  await symlink('releases/by-hand', join(stage.root, 'srv/www/shop/current'));
  const result = await deployed(stage, 1, NEVER_WELL);
  assert.match(result.failure ?? '', /gone back to what was current before, releases\/by-hand/);
  assert.is(await currentOf(stage), 'releases/by-hand');
});

test('a hook before the restart that fails leaves the old processes as they are', async (stage) => {
  await deployed(stage, 1);
  const pid = stage.services.pidOf('scalarium-app-shop');
  const result = await deployed(stage, 2, { hooks: { beforeRestart: 'echo not today; exit 4' } });
  assert.is(result.stage, 'before_restart');
  assert.match(
    result.failure ?? '',
    /command "echo not today; exit 4": exit code 4; last output:\nnot today/,
  );
  assert.is(stage.services.pidOf('scalarium-app-shop'), pid);
  assert.is(await currentOf(stage), 'releases/1');
});

test('processes that a release does not have any more end, and those of before come back with it', async (stage) => {
  const own = partOf(stage);
  const withWorker: PartOf = (snapshot, instance, application) => {
    const part = own(snapshot, instance, application);
    const number = snapshot.applications?.[application]?.release.number;
    const worker = {
      type: 'service',
      name: 'scalarium-app-shop.worker',
      state: 'running',
      unit: '# w\n',
    } as const;
    const start = {
      type: 'file',
      path: '/etc/scalarium/applications/scalarium-app-shop.worker.start',
    } as const;
    if (part === null || number === 2) return part;
    const files = [...part.files, { ...start, content: 'exec sleep 1000\n' }];
    return { ...part, files, services: [...part.services, worker] };
  };
  await pack(stage, 'pack-1');
  await pack(stage, 'pack-2');
  const running = async (): Promise<boolean> =>
    (await stage.services.state('scalarium-app-shop.worker')).running;
  await order(stage, 'activate', { release: release(1) }, { part: withWorker });
  assert.is(await running(), true);
  await order(stage, 'activate', { release: release(2) }, { part: withWorker });
  assert.is(await running(), false);
  await order(stage, 'activate', { release: release(1) }, { part: withWorker });
  assert.is(await running(), true);
});

test('a recipe of people that fails takes it back, too', async (stage) => {
  await deployed(stage, 1);
  await pack(stage, 'pack-2');
  const result = await order(
    stage,
    'activate',
    { release: release(2) },
    { recipes: () => Promise.resolve({ changed: [], failure: 'recipe own::x: exit code 1' }) },
  );
  assert.is(result.stage, 'recipes');
  assert.is(await answer(stage), 'pack-1');
});

test('one that has used up its time is taken back all the same', async (stage) => {
  await deployed(stage, 1);
  stage.heard = ({ message, keys }) => {
    if (message === 'stage begins' && keys['stage'] === 'health') stage.abort.abort();
  };
  const result = await deployed(stage, 2, NEVER_WELL);
  assert.is(result.stage, 'health');
  assert.is(await currentOf(stage), 'releases/1');
  assert.is(await answer(stage), 'pack-1');
});

test('something else than a link in its place is left, and nothing is touched', async (stage) => {
  await mkdir(join(stage.root, 'srv/www/shop/current'), { recursive: true });
  const result = await deployed(stage, 1);
  assert.is(result.stage, 'switch');
  assert.match(result.failure ?? '', /current is no link/);
  assert.not.ok(existsSync(join(stage.root, 'srv/www/shop/releases')));
});

test('in an overlap both answer until it is finished', async (stage) => {
  await deployed(stage, 1);
  await pack(stage, 'pack-2');
  const result = await order(stage, 'activate', { release: release(2), overlap: true });
  assert.is(result.failure, null);
  assert.equal(result.releases, { shop: { release: 2, revision: 'r2', port: stage.ports.b } });
  assert.equal([await answer(stage, 'a'), await answer(stage, 'b')], ['pack-1', 'pack-2']);
  const ended = await order(stage, 'finish');
  assert.is(ended.failure, null);
  assert.equal([await answer(stage, 'a'), await answer(stage, 'b')], [null, 'pack-2']);
  assert.not.ok(existsSync(join(stage.root, 'etc/systemd/system/scalarium-app-shop.service')));
  assert.is((await order(stage, 'finish')).failure, null);
});

test('on the way back in an overlap what still runs is not restarted', async (stage) => {
  await deployed(stage, 1);
  const pid = stage.services.pidOf('scalarium-app-shop');
  await pack(stage, 'pack-2');
  await order(stage, 'activate', { release: release(2), overlap: true });
  const result = await order(stage, 'activate', { release: release(1), overlap: true });
  assert.is(result.failure, null);
  assert.is(stage.services.pidOf('scalarium-app-shop'), pid);
  assert.equal(result.releases, { shop: { release: 1, revision: 'r1' } });
});

test('one that does not get well in an overlap ends, and the old one has never stopped', async (stage) => {
  await deployed(stage, 1);
  const pid = stage.services.pidOf('scalarium-app-shop');
  await pack(stage, 'pack-2');
  const result = await order(stage, 'activate', { release: release(2, NEVER_WELL), overlap: true });
  assert.is(result.stage, 'health');
  assert.is(stage.services.pidOf('scalarium-app-shop'), pid);
  assert.equal([await answer(stage, 'a'), await answer(stage, 'b')], ['pack-1', null]);
  assert.is(await currentOf(stage), 'releases/1');
});

test('an old process that starts anew by itself in an overlap is what is gone back to', async (stage) => {
  await deployed(stage, 1);
  await pack(stage, 'pack-2');
  await order(stage, 'activate', { release: release(2), overlap: true });
  await stage.services.restart('scalarium-app-shop');
  const back = await order(stage, 'activate', { release: release(1), overlap: true });
  assert.is(back.failure, null);
  assert.is(await answer(stage, 'a'), 'pack-1');
});

test('as many stay as are to be kept, and those in force and before', async (stage) => {
  for (const number of [1, 2, 3]) await deployed(stage, number, { releasesToKeep: 1 });
  assert.equal((await readdir(join(stage.root, 'srv/www', APP, 'releases'))).sort(), ['2', '3']);
});

test('a new host is given what its cluster has, and only what is for its roles', async (stage) => {
  await pack(stage, 'pack-4');
  const elsewhere = { ...release(9), roles: ['db'] };
  const applications = { shop: { release: release(4) }, other: { release: elsewhere } };
  const result = await all(stage, cluster({ applications }));
  assert.is(result.failure, null);
  assert.equal(result.releases, { shop: { release: 4, revision: 'r4' } });
});

test('recipes are told what the host has in force, whatever its cluster has', async (stage) => {
  await deployed(stage, 1);
  const applications = { shop: { release: release(7) }, other: { release: release(3) } };
  const seen = await withInForce(stage.root, cluster({ applications }));
  assert.is(seen.applications?.['shop']?.release.number, 1);
  assert.is(seen.applications?.['other']?.release.number, 3);
});

test('processes are restarted, stopped and started', async (stage) => {
  await deployed(stage, 1);
  const pid = stage.services.pidOf('scalarium-app-shop');
  assert.is((await order(stage, 'restart')).failure, null);
  assert.is.not(stage.services.pidOf('scalarium-app-shop'), pid);
  assert.is((await order(stage, 'stop')).failure, null);
  assert.ok(stage.services.calls.includes('disable scalarium-app-shop'));
  assert.is(await answer(stage), null);
  assert.ok(existsSync(join(stage.root, 'var/lib/scalarium/undeployed/scalarium-app-shop')));
  assert.is((await order(stage, 'start')).failure, null);
  assert.is(await answer(stage), 'pack-1');
  assert.not.ok(existsSync(join(stage.root, 'var/lib/scalarium/undeployed/scalarium-app-shop')));
});

test('undeployed, it is gone but for what releases shared, also for recipes', async (stage) => {
  await deployed(stage, 1);
  const result = await order(stage, 'undeploy');
  assert.is(result.failure, null);
  assert.equal(result.releases, {});
  assert.is(await answer(stage), null);
  const top = join(stage.root, 'srv/www/shop');
  assert.equal((await readdir(top)).sort(), ['shared']);
  const seen = await withInForce(stage.root, cluster({ applications: { shop: { release: release(1) } } }));
  assert.equal(seen.applications, {});
  assert.is((await order(stage, 'undeploy')).failure, null);
  assert.match((await order(stage, 'restart')).failure ?? '', /no release of shop is in force/);
});

test('undeployed, its code is current no more before the host is what it is without it', async (stage) => {
  await deployed(stage, 1);
  const seen: unknown[] = [];
  const converge: DeployOptions['converge'] = ({ undeployed }) => {
    seen.push(undeployed, existsSync(join(stage.root, 'srv/www/shop/current')));
    return [];
  };
  assert.is((await order(stage, 'undeploy', {}, { converge })).failure, null);
  assert.equal(seen, [['shop'], false]);
  assert.equal((await withInForce(stage.root, cluster())).undeployed, ['shop']);
});
