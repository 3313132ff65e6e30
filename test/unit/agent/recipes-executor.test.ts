/** Which of people's recipes an event runs on a host. */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Executor, Work } from '../../../agent/executor.js';
import { recipesExecutor } from '../../../agent/recipes-executor.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import { assert } from '../../suite.js';
import { onHost, pack, snapshot, workOn, type Stage } from '../recipes/runners/scene.js';
import { fakeServices } from '../recipes/services.js';
import { host, role } from '../recipes/world.js';

const test = onHost("people's recipes of an event");

const own = { ...role('custom'), recipes: { setup: ['own::a', 'own::both'], shutdown: ['own::bye'] } };
const further = { ...role('custom'), recipes: { setup: ['own::b', 'own::both'] } };

const cluster = (more: Partial<Snapshot> = {}): Snapshot =>
  snapshot({
    roles: { app: own, extra: further },
    hosts: { 'app-1': host('app', '127.0.2.1', { roles: ['extra'] }) },
    ...more,
  });

const executorOn = async (stage: Stage): Promise<Executor> => {
  const says = `#!/bin/sh\necho "$SCALARIUM_RECIPE $SCALARIUM_ROLE" >> ${stage.top}/ran\ntest -e "$SCALARIUM_ROOT/etc/hostname" && echo after >> ${stage.top}/order\ntrue\n`;
  await pack(stage, Object.fromEntries(['a', 'b', 'both', 'bye'].map((name) => [`own/${name}`, says])));
  const { root, log, platform, secrets, packs } = workOn(stage, []);
  const services = fakeServices({ 'scalarium-app-web': {} });
  const more = { artifacts: packs, monotonic: () => performance.now() };
  return recipesExecutor({ root, log, platform: { ...platform, services }, secrets, packs, ...more });
};

const work = (stage: Stage, more: Partial<Work>): Work => ({
  event: 'setup',
  snapshot: cluster(),
  instance: 'app-1',
  dryRun: false,
  attempt: 1,
  interrupted: false,
  signal: stage.abort.signal,
  stopping: stage.abort.signal,
  ...more,
});

const ran = async ({ top }: Stage): Promise<readonly string[]> =>
  (await readFile(join(top, 'ran'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

test("they run after what is built in, the main role's first, each once", async (stage) => {
  const executor = await executorOn(stage);
  const { failure, changed } = await executor.run(work(stage, {}));
  assert.is(failure, null);
  assert.equal(await ran(stage), ['own::a app', 'own::both app', 'own::b app']);
  assert.is((await readFile(join(stage.top, 'order'), 'utf8')).split('\n')[0], 'after');
  assert.equal(changed.slice(-3), ['script[own::a]', 'script[own::both]', 'script[own::b]']);
});

test('a Run of recipes runs nothing else', async (stage) => {
  const executor = await executorOn(stage);
  await executor.run(work(stage, { recipes: ['own::b'] }));
  assert.equal(await ran(stage), ['own::b app']);
  assert.not.ok(existsSync(join(stage.root, 'etc/hostname')));
});

test('at its shutdown a host that no snapshot names any more runs what its roles have, after a restart too', async (stage) => {
  const executor = await executorOn(stage);
  await executor.run(work(stage, { event: 'configure' }));
  const again = await executorOn(stage);
  const { failure } = await again.run(work(stage, { event: 'shutdown', snapshot: cluster({ hosts: {} }) }));
  assert.is(failure, null);
  assert.equal(await ran(stage), ['own::bye app']);
});

test('at its shutdown what is built in knows its further roles, too', async (stage) => {
  const roles = { app: role('custom'), web: role('nodejs-app') };
  const hosts = { 'app-1': host('app', '127.0.2.1', { roles: ['web'] }) };
  const executor = await executorOn(stage);
  await executor.run(work(stage, { event: 'configure', snapshot: cluster({ roles, hosts }) }));
  await rm(join(stage.root, 'etc/systemd/system/scalarium-app-web.service'));
  const { changed } = await executor.run(
    work(stage, { event: 'shutdown', snapshot: cluster({ roles, hosts: {} }) }),
  );
  assert.equal(changed, ['service[scalarium-app-web]']);
});

test('after what is built in has failed none of them runs', async (stage) => {
  const executor = await executorOn(stage);
  await pack(stage, { '../host/etc/hostname/in-the-way': '' });
  const { failure } = await executor.run(work(stage, {}));
  assert.match(failure ?? '', /^file\[\/etc\/hostname\]/);
  assert.equal(await ran(stage), []);
});
