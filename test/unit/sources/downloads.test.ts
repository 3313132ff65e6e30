/** Archives and buckets as sources of applications, and all that can be wrong with them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { putFiles, type Files } from '../../build/repository-files.js';
import { S3_KEYS, startS3Server } from '../../build/s3-server.js';
import { assert } from '../../suite.js';
import { answering, CI, fetched, inScene, kept, names, refusal, serving, type Scene } from './scene.js';

const test = inScene('archives as sources of applications');

const FLAGS = { 'tar.gz': '-czf', tar: '-cf', 'tar.bz2': '-cjf', 'tar.xz': '-cJf' } as const;

const archived = async (
  { folder }: Scene,
  kind: keyof typeof FLAGS | 'zip',
  make: Files | ((top: string) => Promise<unknown>),
): Promise<Buffer> => {
  const top = await mkdtemp(join(folder, 'content-'));
  if (typeof make === 'function') await make(top);
  else await putFiles(top, make);
  const file = `${top}.${kind}`;
  if (kind === 'zip') execFileSync('zip', ['-qry', file, '.'], { cwd: top });
  else execFileSync('tar', ['-S', FLAGS[kind], file, '-C', top, '.']);
  return readFile(file);
};

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

for (const kind of ['tar.gz', 'tar', 'tar.bz2', 'tar.xz', 'zip'] as const)
  test(`an archive: ${kind}, with its checksum`, async (scene) => {
    const content = await archived(scene, kind, { 'app/server.js': 'x', 'app/bin/run': '#!/bin/sh\n' });
    const { url } = await serving(scene, content);
    const source = { type: 'archive', url, path: 'app', checksum: sha256(content) } as const;
    const pack = await fetched(scene, source);
    assert.is(pack.revision, sha256(content));
    assert.equal(names(scene, pack), ['./bin/run', './server.js']);
  });

test('an archive is opened by a user and a password, which go nowhere else', async (scene) => {
  const content = await archived(scene, 'tar.gz', { 'server.js': 'x' });
  const wanted = `Basic ${Buffer.from('ci:hunter22').toString('base64')}`;
  const server = await answering(scene, ({ headers }, response) => {
    if (headers.authorization === wanted) response.writeHead(200).end(content);
    else response.writeHead(401).end('hunter33?');
  });
  const elsewhere = await serving(scene, content);
  const source = { type: 'archive', url: server.url, secret: 's' } as const;
  await fetched(scene, source, { texts: CI });
  const said = await refusal(scene, source, { texts: { user: 'ci', password: 'hunter33' } });
  assert.match(said, /answered 401; it wants to know who asks/);
  assert.not.match(said, /hunter33/);
  const moved = await answering(scene, (_request, response) =>
    response.writeHead(302, { location: `${elsewhere.url}/a` }).end(),
  );
  await fetched(scene, { ...source, url: moved.url }, { texts: CI });
  assert.is(elsewhere.seen[0]?.headers.authorization, undefined);
});

test('another archive than was meant is refused, by checksum, by what is pinned, by what a Deployment names', async (scene) => {
  const content = await archived(scene, 'tar.gz', { 'server.js': 'x' });
  const { url } = await serving(scene, content);
  const [source, other] = [{ type: 'archive', url } as const, 'f'.repeat(64)];
  assert.match(
    await refusal(scene, { ...source, checksum: other }),
    /its SHA-256 is [0-9a-f]{64} and not f{64}: correct the source's checksum/,
  );
  assert.match(
    await refusal(scene, source, { pinned: other }),
    /is pinned; a new Deployment takes the new one/,
  );
  assert.match(await refusal(scene, source, { revision: other }), /and not f{64}/);
  assert.match(await refusal(scene, source, { revision: 'v2' }), /an archive has no revision "v2"/);
  assert.is((await fetched(scene, source, { revision: sha256(content) })).revision, sha256(content));
});

test('a WAR stays what it is, under a name that no version changes; a folder in it is taken out', async (scene) => {
  const content = await archived(scene, 'zip', { 'WEB-INF/web.xml': '<web-app/>', 'index.jsp': 'x' });
  const { url } = await serving(scene, content);
  const source = { type: 'archive', url: `${url}/shop-1.4.2.war?x=y` } as const;
  const pack = await fetched(scene, source);
  assert.is(pack.revision, sha256(content));
  assert.equal(names(scene, pack), ['./application.war']);
  assert.equal(names(scene, await fetched(scene, { ...source, path: 'WEB-INF' })), ['./web.xml']);
  const page = await serving(scene, Buffer.from('<html>not found</html>'));
  assert.match(
    await refusal(scene, { type: 'archive', url: `${page.url}/shop.war` }),
    /it is no WAR: expected a zip/,
  );
});

test('an archive that leads out, is a bomb, or is none gets to no host', async (scene) => {
  const told = async (content: Buffer, name = 'a.tar.gz'): Promise<string> =>
    refusal(scene, { type: 'archive', url: `${(await serving(scene, content)).url}/${name}` });
  const link = (top: string): Promise<void> => symlink('/etc/passwd', join(top, 'link'));
  assert.match(await told(await archived(scene, 'tar.gz', link)), /the link link in it leads out of it/);
  const evil = join(scene.folder, 'evil.tar');
  await putFiles(join(scene.folder, 'evil'), { x: 'x' });
  execFileSync('tar', ['-cPf', evil, '--transform', 's,^,../../,', '-C', join(scene.folder, 'evil'), 'x']);
  assert.match(await told(await readFile(evil)), /the name "[^"]+" in it leads out of it/);
  const hole = async (top: string): Promise<void> => {
    await putFiles(top, { hole: '' });
    await truncate(join(top, 'hole'), 600 * 1024 ** 2);
  };
  assert.match(await told(await archived(scene, 'tar.gz', hole)), /it holds more than 512 MiB/);
  assert.match(await told(Buffer.from('no archive')), /it is no archive that can be read/);
  const deep = join(scene.folder, 'war');
  await mkdir(join(deep, 'in'), { recursive: true });
  await putFiles(deep, { x: 'x' });
  execFileSync('zip', ['-q', '../evil.war', '../x'], { cwd: join(deep, 'in') });
  assert.match(await told(await readFile(join(deep, 'evil.war')), 'a.war'), /leads out of it/);
});

test('a bucket: what its keys open, at an endpoint of anybody', async (scene) => {
  const server = kept(scene, await startS3Server());
  const content = await archived(scene, 'tar.gz', { 'server.js': 'x' });
  server.objects.set('my-bucket/releases/shop 1+2.tar.gz', content);
  const source = {
    type: 's3',
    url: 's3://my-bucket/releases/shop 1+2.tar.gz',
    endpoint: server.url,
    region: 'eu-west-1',
    secret: 's',
  } as const;
  const pack = await fetched(scene, source, { texts: { ...S3_KEYS } });
  assert.is(pack.revision, sha256(content));
  assert.equal(names(scene, pack), ['./server.js']);
  const said = await refusal(scene, source, { texts: { ...S3_KEYS, secretAccessKey: 'hunter33' } });
  assert.match(said, /answered 403; whoever asks may not have it/);
  assert.match(
    await refusal(scene, { ...source, url: 's3://my-bucket/no' }, { texts: { ...S3_KEYS } }),
    /404/,
  );
  assert.match(await refusal(scene, source, { texts: { accessKeyId: 'x' } }), /has no secretAccessKey/);
  assert.match(await refusal(scene, { ...source, url: 's3://x' }), /expected s3:\/\/bucket\/key/);
});
