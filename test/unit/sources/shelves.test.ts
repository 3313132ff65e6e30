/** Both shelves, and what only one in a bucket does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { millis } from '../../../api-types/units.js';
import { systemClock, type Clock } from '../../../runtime/clock.js';
import { openShelf, type Shelf } from '../../../runtime/shelf.js';
import { openBucketShelf } from '../../../sources/s3/shelf.js';
import { S3_KEYS, startS3Server, type S3Server } from '../../build/s3-server.js';
import { digestOf, putText, shelfConformance, textOf } from '../../conformance/shelf.js';
import { assert, suite } from '../../suite.js';

const settingsOf = ({ url }: S3Server, keys = S3_KEYS) => ({
  bucket: 'my-bucket',
  prefix: 'packs/one',
  endpoint: url,
  region: 'eu-west-1',
  keys,
});

shelfConformance('a directory', () => Promise.resolve({ open: openShelf, end: () => undefined }));

shelfConformance('a bucket', async () => {
  const server = await startS3Server();
  return {
    open: (folder, clock) => openBucketShelf(settingsOf(server), folder, clock),
    end: () => {
      server.end();
    },
  };
});

interface Scene {
  folder: string;
  server: S3Server;
  /** The shelf of a control plane of its own. */
  plane: (name: string) => Promise<Shelf>;
}

const test = suite<Scene>('a shelf in a bucket', {} as Scene);

/** Nobody waits for the next attempt. */
const hasty: Clock = { ...systemClock, sleep: () => Promise.resolve() };

test.beforeEach(async (scene) => {
  scene.folder = await mkdtemp(join(tmpdir(), 'scalarium-bucket-'));
  scene.server = await startS3Server();
  scene.plane = (name) => openBucketShelf(settingsOf(scene.server), join(scene.folder, name), hasty);
});

test.afterEach(async ({ folder, server }) => {
  server.end();
  await rm(folder, { recursive: true, force: true });
});

const reads = ({ server }: Scene): number => server.asked.filter(({ method }) => method === 'GET').length;

const failing = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it did not fail',
    (error: unknown) => (error as Error).message,
  );

test('it is read once by each control plane, however many want it at once', async (scene) => {
  const digest = await putText(await scene.plane('a'), 'x'.repeat(300_000));
  assert.equal([...scene.server.objects.keys()], [`my-bucket/packs/one/${digest}`]);
  const other = await scene.plane('b');
  const texts = await Promise.all(Array.from({ length: 20 }, () => textOf(other, digest)));
  assert.ok(texts.every((text) => text?.length === 300_000));
  assert.is(reads(scene), 1);
  assert.is(await textOf(await scene.plane('b'), digest), 'x'.repeat(300_000));
  assert.is(reads(scene), 1, 'nor again by its next process');
});

test('its address gives the file to whoever has it, and nothing else', async (scene) => {
  const shelf = await scene.plane('a');
  const digest = await putText(shelf, 'one');
  const link = (await shelf.link(digest)) ?? '';
  assert.is(await (await fetch(link)).text(), 'one');
  assert.is((await fetch(link.replace(digest, digestOf('two')))).status, 403);
  assert.is((await fetch(link, { method: 'DELETE' })).status, 403);
  assert.not.match(link, new RegExp(S3_KEYS.secretAccessKey.replace(/[+/]/g, '.')));
});

test('a storm of hosts does not ask the bucket for each of them', async (scene) => {
  const digest = await putText(await scene.plane('a'), 'one');
  const other = await scene.plane('b');
  await other.link(digest);
  const before = scene.server.asked.length;
  await Promise.all(Array.from({ length: 50 }, () => other.link(digest)));
  assert.is(scene.server.asked.length, before);
});

test('what somebody has removed from the bucket goes there again from where it is kept', async (scene) => {
  const digest = await putText(await scene.plane('a'), 'one');
  scene.server.objects.clear();
  const next = await scene.plane('a');
  assert.is(await next.has(digest), true);
  assert.is(scene.server.objects.size, 1);
});

test('what is not what its name says is not given', async (scene) => {
  const digest = digestOf('one');
  scene.server.objects.set(`my-bucket/packs/one/${digest}`, Buffer.from('two'));
  const shelf = await scene.plane('a');
  assert.match(await failing(shelf.get(digest)), /s3:\/\/my-bucket\/packs\/one holds something else than/);
  assert.is(scene.server.asked.length, 1, 'and it is not asked for again and again');
});

test('files of others in the bucket are left alone', async (scene) => {
  const [mine, strange] = [digestOf('mine'), `my-bucket/packs/one/${digestOf('x')}/deeper`];
  for (const place of [`my-bucket/packs/two/${mine}`, 'my-bucket/packs/one/README', strange])
    scene.server.objects.set(place, Buffer.from('x'));
  const shelf = await scene.plane('a');
  assert.equal(await shelf.sweep(new Set(), millis(-1)), []);
  assert.is(scene.server.objects.size, 3);
});

test('a store that does not answer says nothing of what is in it', async (scene) => {
  const shelf = await scene.plane('a');
  const digest = await putText(shelf, 'one');
  scene.server.refuse(true);
  const other = await scene.plane('b');
  for (const ask of [
    () => other.has(digest),
    () => other.get(digest),
    () => other.link(digest),
    () => other.sweep(new Set(), millis(0)),
  ])
    assert.match(await failing(ask()), /^the artifact store s3:\/\/my-bucket\/packs\/one answered 503$/);
  assert.is(await textOf(await scene.plane('a'), digest), 'one', 'what is kept is there all the same');
  assert.match(await failing(putText(shelf, 'two')), /answered 503/);
  scene.server.refuse(false);
  assert.is(await textOf(other, digest), 'one');
});

test('wrong keys are told, and not tried again', async (scene) => {
  const keys = { ...S3_KEYS, secretAccessKey: 'wrong' };
  const shelf = await openBucketShelf(settingsOf(scene.server, keys), join(scene.folder, 'a'), systemClock);
  assert.match(
    await failing(putText(shelf, 'one')),
    /answered 403: check its credentials, and what they allow/,
  );
});

test('nobody there: said so', async (scene) => {
  const shelf = await scene.plane('a');
  scene.server.end();
  assert.match(await failing(shelf.has(digestOf('one'))), /does not answer: .*ECONNREFUSED/);
});
