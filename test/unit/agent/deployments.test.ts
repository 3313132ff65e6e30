/** What an agent makes of orders of Deployments, and of a deploy that none has asked for. */
import { existsSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeployOrder } from '../../../api-types/deploy-order.js';
import type { Release } from '../../../api-types/release.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import type { Executor, Work } from '../../../agent/executor.js';
import { recipesExecutor } from '../../../agent/recipes-executor.js';
import { assert } from '../../suite.js';
import { onHost, pack, snapshot, workOn, type Stage } from '../recipes/runners/scene.js';
import { host, role } from '../recipes/world.js';

const test = onHost('an agent and Deployments');

const release = (number: number): Release => ({
  number,
  deployment: `shop-${String(number)}`,
  revision: `r${String(number)}`,
  digest: 'd'.repeat(64),
  roles: ['app'],
  config: { type: 'other' },
  createdAt: '2026-01-01T00:00:00Z',
});

const cluster = (more: Partial<Snapshot> = {}): Snapshot =>
  snapshot({
    roles: { app: { ...role('custom'), recipes: { deploy: ['own::deploy'], undeploy: ['own::deploy'] } } },
    hosts: { 'app-1': host('app', '127.0.2.1') },
    ...more,
  });

/** The recipe fails where the Deployment's attributes say so. */
const RECIPE = `#!/bin/sh
cat > "$SCALARIUM_ROOT/document"
echo "$SCALARIUM_EVENT" >> "$SCALARIUM_ROOT/ran"
! grep -q '"fail":true' "$SCALARIUM_ROOT/document"
`;

const executorOn = async (stage: Stage): Promise<Executor> => {
  await pack(stage, { 'own/deploy': RECIPE, revision: 'code' });
  const { root, log, platform, secrets, packs } = workOn(stage, []);
  const more = { artifacts: packs, monotonic: () => performance.now() };
  return recipesExecutor({ root, log, platform, secrets, packs, ...more });
};

const work = (stage: Stage, more: Partial<Work>): Work => ({
  event: 'deploy',
  snapshot: cluster(),
  instance: 'app-1',
  dryRun: false,
  attempt: 1,
  interrupted: false,
  signal: stage.abort.signal,
  stopping: stage.abort.signal,
  ...more,
});

const told = (step: DeployOrder['step'], more: Partial<DeployOrder> = {}): Partial<Work> => ({
  deployment: { uid: 'u', deployment: 'shop-1', application: 'shop', step, ...more },
});

const current = ({ root }: Stage): Promise<string> => readlink(join(root, 'srv/www/shop/current'));
const ran = ({ root }: Stage): Promise<string> => readFile(join(root, 'ran'), 'utf8').catch(() => '');

test('a release is prepared and comes into force, then the recipes of people run', async (stage) => {
  const executor = await executorOn(stage);
  const before = await executor.run(work(stage, told('prepare', { release: release(1) })));
  assert.equal([before.failure, await ran(stage)], [null, '']);
  const attributes = { colour: 'red' };
  const result = await executor.run(work(stage, told('activate', { release: release(1), attributes })));
  assert.is(result.failure, null);
  assert.equal(result.releases, { shop: { release: 1, revision: 'r1' } });
  assert.equal([await current(stage), await ran(stage)], ['releases/1', 'deploy\n']);
  const document = JSON.parse(await readFile(join(stage.root, 'document'), 'utf8')) as Record<
    string,
    unknown
  >;
  assert.equal((document['attributes'] as Record<string, unknown>)['colour'], 'red');
  assert.not.ok(existsSync(join(stage.root, 'etc/hostname')), 'nothing else of the event was done');
});

test('a recipe of people that fails takes the release back', async (stage) => {
  const executor = await executorOn(stage);
  await executor.run(work(stage, told('activate', { release: release(1) })));
  const bad = { release: release(2), attributes: { fail: true } };
  const result = await executor.run(work(stage, told('activate', bad)));
  assert.is(result.stage, 'recipes');
  assert.is(await current(stage), 'releases/1');
  assert.equal(result.releases, { shop: { release: 1, revision: 'r1' } });
});

test('a new host is given what its cluster has in force, and runs the recipes once', async (stage) => {
  const executor = await executorOn(stage);
  const applications = { shop: { release: release(3) }, blog: { release: release(5) } };
  const result = await executor.run(work(stage, { snapshot: cluster({ applications }) }));
  assert.is(result.failure, null);
  assert.equal(result.releases, {
    shop: { release: 3, revision: 'r3' },
    blog: { release: 5, revision: 'r5' },
  });
  assert.is(await ran(stage), 'deploy\n');
});

test('one that cannot be brought is told, and keeps no other from being brought', async (stage) => {
  const executor = await executorOn(stage);
  const bad = { ...release(1), config: { type: 'other', build: ['exit 9'] } };
  const applications = { bad: { release: bad }, shop: { release: release(1) } };
  const result = await executor.run(work(stage, { snapshot: cluster({ applications }) }));
  assert.match(result.failure ?? '', /application bad: build: command "exit 9": exit code 9/);
  assert.is(result.stage, 'build');
  assert.equal(result.releases, { shop: { release: 1, revision: 'r1' } });
});

test('an application of a type that the host does not run is refused, for people', async (stage) => {
  const executor = await executorOn(stage);
  const rails = { ...release(1), config: { type: 'rails' } };
  const result = await executor.run(work(stage, told('activate', { release: rails })));
  assert.match(result.failure ?? '', /application shop is of type rails/);
  const none = await executor.run(
    work(stage, told('prepare', { release: { ...release(1), roles: ['db'] } })),
  );
  assert.match(none.failure ?? '', /none of the roles of this host \(app\) runs the application shop/);
});

test('undeployed, its recipes run for that event, and a later event brings it back to nobody', async (stage) => {
  const executor = await executorOn(stage);
  await executor.run(work(stage, told('activate', { release: release(1) })));
  const result = await executor.run(work(stage, { event: 'undeploy', ...told('undeploy') }));
  assert.is(result.failure, null);
  assert.equal(result.releases, {});
  assert.is(await ran(stage), 'deploy\nundeploy\n');
  const applications = { shop: { release: release(1) } };
  await executor.run(work(stage, { event: 'configure', snapshot: cluster({ applications }) }));
  assert.not.ok(existsSync(join(stage.root, 'srv/www/shop/current')));
});
