/** What is brought to a host beside the release in force: code, builds, links, hooks. */
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseConfig } from '../../../../api-types/release.js';
import type { Deployed } from '../../../../recipes/deploy/deploy.js';
import { identify } from '../../../../runtime/process-identity.js';
import { assert } from '../../../suite.js';
import { answer, currentOf, deployed, onHost, order, pack, release, text, type Stage } from './scene.js';

const test = onHost('a release is prepared');

const prepared = (stage: Stage, number: number, config: Partial<ReleaseConfig> = {}): Promise<Deployed> =>
  order(stage, 'prepare', { release: release(number, config), attributes: { colour: 'red' } });

const TOP = 'srv/www/shop';

test('nothing in force is touched by it', async (stage) => {
  await deployed(stage, 1);
  await pack(stage, 'pack-2');
  const result = await prepared(stage, 2);
  assert.is(result.failure, null);
  assert.equal(result.releases, { shop: { release: 1, revision: 'r1' } });
  assert.is(await currentOf(stage), 'releases/1');
  assert.is(await text(stage, `${TOP}/releases/2/revision`), 'pack-2');
  assert.not.ok(existsSync(join(stage.root, TOP, '.unpacking')));
});

test('hooks and commands are told what they are for, those of the code first', async (stage) => {
  const hook = '#!/bin/sh\ncat > document\necho code >> order\n';
  await pack(stage, 'pack-1', { 'deploy/before_build': hook });
  const tell =
    'echo "$SCALARIUM_APPLICATION $SCALARIUM_RELEASE $SCALARIUM_REVISION $SCALARIUM_DEPLOYMENT $SCALARIUM_INSTANCE $SCALARIUM_CLUSTER $SCALARIUM_STAGE $NAME" > told; pwd -P > here; cp "$SCALARIUM_ATTRIBUTES" attributes; echo build >> order';
  const result = await prepared(stage, 1, {
    hooks: { beforeBuild: 'echo spec >> order' },
    build: [tell],
    environment: { NAME: 'value' },
    attributes: { colour: 'blue', size: 3 },
  });
  assert.is(result.failure, null);
  const folder = `${TOP}/releases/1`;
  assert.is(await text(stage, `${folder}/order`), 'code\nspec\nbuild\n');
  assert.is(await text(stage, `${folder}/told`), 'shop 1 r1 shop-1 app-1 shop build value\n');
  assert.match(await text(stage, `${folder}/here`), /\/srv\/www\/shop\/releases\/1\n$/);
  assert.equal(JSON.parse(await text(stage, `${folder}/attributes`)), { colour: 'red', size: 3 });
  const document = JSON.parse(await text(stage, `${folder}/document`)) as Record<string, unknown>;
  assert.equal(document['release'], { number: 1, revision: 'r1', deployment: 'shop-1' });
  assert.is(document['stage'], 'before_build');
});

test('a build that fails names stage, command, exit code and last lines, and begins anew the next time', async (stage) => {
  await deployed(stage, 1);
  await pack(stage, 'pack-2');
  const failing = { build: ['echo half > half', 'echo no such gem >&2; exit 7'] };
  const result = await prepared(stage, 2, failing);
  assert.is(result.stage, 'build');
  assert.match(result.failure ?? '', /^command "echo no such gem.*exit code 7; last output:\nno such gem/);
  assert.is(await answer(stage), 'pack-1');
  const again = await prepared(stage, 2, { build: ['test ! -e half'] });
  assert.is(again.failure, null);
});

test('secrets are in no line and no message', async (stage) => {
  await pack(stage, 'pack-1');
  const result = await order(
    stage,
    'prepare',
    {
      release: release(1, {
        environment: { TOKEN: { secret: 'shop', key: 'token' } },
        build: ['echo "the token is $TOKEN"; exit 1'],
      }),
    },
    { secrets: () => Promise.resolve({ token: 'hush-hush' }) },
  );
  assert.match(result.failure ?? '', /the token is \*{6}/);
  assert.not.match(JSON.stringify(stage.said), /hush-hush/);
});

test('a build that prints without end is cut off with all that it has started, and bounded', async (stage) => {
  await pack(stage, 'pack-1');
  stage.heard = ({ message }) => {
    if (message === 'output') stage.abort.abort();
  };
  const result = await prepared(stage, 1, { build: ['sleep 1000 & yes nothing but noise'] });
  assert.is(result.stage, 'build');
  assert.match(result.failure ?? '', /stopped because the run was aborted/);
  assert.ok(JSON.stringify(stage.said).length < 1024 * 1024);
});

test('shared folders are links; what a release brings is only their first content', async (stage) => {
  const shared = ['log', 'public/uploads', 'config/own.yml'];
  await pack(stage, 'pack-1', { 'public/uploads/first': '1', 'config/own.yml': 'mine' });
  await pack(stage, 'pack-2', { 'public/uploads/second': '2', 'config/own.yml': 'other' });
  for (const number of [1, 2]) assert.is((await prepared(stage, number, { shared })).failure, null);
  assert.equal(await readdir(join(stage.root, TOP, 'shared/public/uploads')), ['first']);
  const folder = join(stage.root, TOP, 'releases/2');
  assert.is(await readlink(join(folder, 'public/uploads')), '../../../shared/public/uploads');
  assert.is(await readlink(join(folder, 'log')), '../../shared/log');
  assert.is(await readFile(join(folder, 'public/uploads/first'), 'utf8'), '1');
  assert.is(await text(stage, `${TOP}/shared/config/own.yml`), 'mine');
});

test('a file of the release in the place of a shared folder is not lost', async (stage) => {
  await pack(stage, 'pack-1', { 'settings.yml': 'mine' });
  await mkdir(join(stage.root, TOP, 'shared/settings.yml/kept'), { recursive: true });
  const result = await prepared(stage, 1, { shared: ['settings.yml'] });
  assert.is(result.stage, 'link');
  assert.match(result.failure ?? '', /settings\.yml is a file of the release and a folder of shared/);
  assert.is(await text(stage, `${TOP}/releases/1/settings.yml`), 'mine');
});

test('a shared path that leads out of the release is refused', async (stage) => {
  const outside = join(stage.top, 'outside');
  await mkdir(outside);
  await pack(stage, 'pack-1');
  await symlink(outside, join(stage.top, 'packs/pack-1/public'));
  const result = await prepared(stage, 1, { shared: ['public/uploads'] });
  assert.is(result.stage, 'link');
  assert.match(result.failure ?? '', /leads out of/);
  assert.equal(await readdir(outside), []);
  for (const path of ['.', '../..', 'a/../../b', '/etc'])
    assert.match(
      (await prepared(stage, 1, { shared: [path] })).failure ?? '',
      /no path below the application/,
    );
});

test('a shared folder that leads out of the shared ones is refused', async (stage) => {
  const outside = join(stage.top, 'outside');
  await mkdir(outside);
  await mkdir(join(stage.root, TOP, 'shared'), { recursive: true });
  await symlink(outside, join(stage.root, TOP, 'shared/public'));
  await pack(stage, 'pack-1');
  const result = await prepared(stage, 1, { shared: ['public/uploads'] });
  assert.match(result.failure ?? '', /leads out of/);
  assert.equal(await readdir(outside), []);
});

test('a folder of releases that leads out of the host is refused', async (stage) => {
  const outside = join(stage.top, 'outside');
  await mkdir(join(stage.root, TOP), { recursive: true });
  await mkdir(outside);
  await symlink(outside, join(stage.root, TOP, 'releases'));
  await pack(stage, 'pack-1');
  const result = await prepared(stage, 1);
  assert.is.not(result.failure, null);
  assert.equal(await readdir(outside), []);
});

test('a hook that cannot be run, or is not of the release, is refused', async (stage) => {
  await pack(stage, 'pack-1', { 'deploy/before_build': 'no program' });
  const plain = await prepared(stage, 1);
  assert.match(plain.failure ?? '', /^deploy\/before_build cannot be run: it is not executable/);
  await pack(stage, 'pack-2', { 'deploy/readme': '' });
  const program = join(stage.top, 'program');
  await writeFile(program, '#!/bin/sh\n');
  await chmod(program, 0o755);
  await symlink(program, join(stage.top, 'packs/pack-2/deploy/before_build'));
  assert.match((await prepared(stage, 2)).failure ?? '', /leads out of the release/);
});

test('what never became whole goes with the next one', async (stage) => {
  await deployed(stage, 1);
  for (const number of [2, 3]) {
    await pack(stage, `pack-${String(number)}`);
    await prepared(stage, number, { build: ['false'] });
  }
  assert.equal((await readdir(join(stage.root, TOP, 'releases'))).sort(), ['1', '3']);
});

test('a release that is in force is never replaced', async (stage) => {
  await deployed(stage, 1);
  await pack(stage, 'pack-x');
  const result = await order(stage, 'prepare', { release: { ...release(1), digest: 'pack-x' } });
  assert.match(result.failure ?? '', /release 1 is in force/);
  assert.is(await answer(stage), 'pack-1');
});

test('a name that would be a path is no application', async (stage) => {
  const result = await order(stage, 'undeploy', { application: '../../etc' });
  assert.match(result.failure ?? '', /is no name of an application/);
  assert.ok((await lstat(stage.root)).isDirectory());
});

test('five megabytes in a thousand files are there in half a second', async (stage) => {
  const files = Array.from({ length: 1000 }, (_, index) => [
    `node_modules/m${String(index % 50)}/${String(index)}.js`,
    'x'.repeat(5 * 1024),
  ]);
  await pack(stage, 'pack-1', Object.fromEntries(files) as Record<string, string>);
  const began = performance.now();
  assert.is((await prepared(stage, 1)).failure, null);
  const took = performance.now() - began;
  // twenty times what it takes: a busy machine is no defect
  assert.ok(took < 10_000, `it took ${String(took)} ms`);
});

test('a file of the release right below shared becomes its content, also where an empty folder is', async (stage) => {
  await pack(stage, 'pack-1', { 'settings.env': 'A=1' });
  await mkdir(join(stage.root, 'srv/www/shop/shared/settings.env'), { recursive: true });
  const result = await prepared(stage, 1, { shared: ['settings.env'] });
  assert.is(result.failure, null);
  assert.is(await text(stage, 'srv/www/shop/shared/settings.env'), 'A=1');
  assert.is(await text(stage, 'srv/www/shop/releases/1/settings.env'), 'A=1');
});

test('what a build leaves in the background ends with it, and keys of the agent are not its', async (stage) => {
  await pack(stage, 'pack-1');
  process.env['AWS_TEST_KEY'] = 'agents';
  const build = ['sleep 1000 >/dev/null 2>&1 & echo $! > left', 'test -z "$AWS_TEST_KEY"'];
  const result = await prepared(stage, 1, { build });
  delete process.env['AWS_TEST_KEY'];
  assert.is(result.failure, null);
  const pid = Number(await text(stage, 'srv/www/shop/releases/1/left'));
  assert.is(identify(pid), null);
});
