/** Archives and buckets as sources, servers that mean no good, and how long packs are kept. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, symlink, truncate } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { hours, millis, minutes } from '../../../api-types/units.js';
import { systemClock, type Clock } from '../../../runtime/clock.js';
import { openShelf } from '../../../runtime/shelf.js';
import { ref } from '../../fake/objects.js';
import { assert } from '../../suite.js';
import { inWorld, listed, packedOf, problemOf, put, repository, resolve, type World } from './world.js';

const test = inWorld('archives as sources of cookbooks');

/** An archive, made by the host's own tool. */
const archiveOf = async (
  world: World,
  kind: 'tar' | 'zip',
  make: (folder: string) => Promise<unknown>,
): Promise<Buffer> => {
  const folder = await mkdtemp(join(world.top, 'content-'));
  await make(folder);
  const file = join(world.top, `archive.${kind}`);
  await rm(file, { force: true });
  if (kind === 'tar') execFileSync('tar', ['-Sczf', file, '-C', folder, '.']);
  else execFileSync('zip', ['-qry', file, '.'], { cwd: folder });
  return readFile(file);
};

const serve = (world: World, content: Buffer): void => {
  world.answer = (request, response) => {
    if (request.headers.authorization === undefined) response.writeHead(200).end(content);
    else if (request.headers.authorization === `Basic ${Buffer.from('ci:hunter22').toString('base64')}`)
      response.writeHead(200).end(content);
    else response.writeHead(403).end('who is hunter22');
  };
};

for (const kind of ['tar', 'zip'] as const)
  test(`an archive (${kind}) is pinned by its digest`, async (world) => {
    const make = (folder: string): Promise<void> => put(folder, { 'repo/web/default': '#!/bin/sh\n' });
    serve(world, await archiveOf(world, kind, make));
    const source = { type: 'archive', url: `${world.url}/a`, path: 'repo' } as const;
    const { revision, digest } = packedOf(await resolve(world, source));
    assert.match(revision, /^[0-9a-f]{64}$/);
    assert.equal(listed(world, digest), ['drwxr-xr-x ./', 'drwxr-xr-x ./web/', '-rwxr-xr-x ./web/default']);
    assert.match(
      problemOf(await resolve(world, { ...source, checksum: 'f'.repeat(64) })),
      /its SHA-256 is [0-9a-f]{64} and not f{64}/,
    );
    assert.match(
      problemOf(await resolve(world, source, { pinned: 'f'.repeat(64) })),
      /there is another archive now/,
    );
    world.objects.has(ref('Secret', 'shop', 's'), { spec: { data: { user: 'ci', password: 'hunter22' } } });
    packedOf(await resolve(world, { ...source, secret: 's' }));
    world.objects.has(ref('Secret', 'shop', 's'), { spec: { data: { user: 'ci', password: 'x' } } });
    assert.match(
      problemOf(await resolve(world, { ...source, secret: 's' })),
      /answered 403; whoever asks may not have it/,
    );
  });

test('what leads out of an archive, is too much, or is no archive never gets to a host', async (world) => {
  const source = { type: 'archive', url: `${world.url}/a` } as const;
  serve(world, await archiveOf(world, 'tar', (folder) => symlink('/etc/passwd', join(folder, 'link'))));
  assert.match(problemOf(await resolve(world, source)), /the link link in it leads out of it/);
  const climbing = join(world.top, 'climbing.tar');
  await put(world.top, { 'evil/x': 'x' });
  execFileSync('tar', ['-cPf', climbing, '--transform', 's,^,../../,', '-C', join(world.top, 'evil'), 'x']);
  serve(world, await readFile(climbing));
  assert.match(problemOf(await resolve(world, source)), /leads out of it/);
  // of a hole of 600 MiB little is sent
  serve(
    world,
    await archiveOf(world, 'tar', async (folder) => {
      await put(folder, { hole: '' });
      await truncate(join(folder, 'hole'), 600 * 1024 ** 2);
    }),
  );
  assert.match(problemOf(await resolve(world, source)), /it holds more than 512 MiB/);
  serve(world, Buffer.from('this is no archive'));
  assert.match(problemOf(await resolve(world, source)), /it is no archive that can be read/);
  serve(world, await archiveOf(world, 'tar', () => Promise.resolve()));
  assert.match(problemOf(await resolve(world, source)), /there is nothing in it/);
});

test('one that never answers is left when the control plane ends', async (world) => {
  world.answer = () => undefined;
  for (const source of [
    { type: 'archive', url: `${world.url}/a` },
    { type: 'git', url: `${world.url}/a.git` },
  ] as const) {
    world.stop = new AbortController();
    const asked = resolve(world, source);
    await new Promise((heard) => world.server.once('request', heard));
    world.stop.abort();
    problemOf(await asked);
  }
});

test('one that stops in the middle is left', async (world) => {
  world.answer = (_request, response) => {
    response.writeHead(200).write('beginning');
  };
  const after: Clock['after'] = (delay, call) =>
    systemClock.after(delay > minutes(1) ? delay : millis(200), call);
  const soon: Clock = { ...systemClock, after };
  const source = { type: 'archive', url: world.url } as const;
  assert.match(problemOf(await resolve(world, source, { clock: soon })), /said nothing for 60 s$/);
});

test('nobody who listens: said so', async (world) => {
  const url = world.url;
  world.server.close();
  assert.match(
    problemOf(await resolve(world, { type: 'archive', url })),
    /does not answer: .*ECONNREFUSED.*; check url/,
  );
  assert.match(
    problemOf(await resolve(world, { type: 'git', url: `${url}/a.git` })),
    /it does not answer: check url/,
  );
});

test('a bucket is asked with a signature, by its path', async (world) => {
  const content = await archiveOf(world, 'tar', (folder) => put(folder, { 'web/default': 'x' }));
  const seen: IncomingMessage[] = [];
  world.answer = (request, response) => {
    seen.push(request);
    response.writeHead(200).end(content);
  };
  world.objects.has(ref('Secret', 'shop', 's'), {
    spec: { data: { accessKeyId: 'AKIA1', secretAccessKey: 'hunter22' } },
  });
  const source = {
    type: 's3',
    url: 's3://my-bucket/some dir/a+b.tar.gz',
    endpoint: world.url,
    region: 'eu-west-1',
  } as const;
  packedOf(await resolve(world, { ...source, secret: 's' }));
  assert.is(seen[0]?.url, '/my-bucket/some%20dir/a%2Bb.tar.gz');
  assert.match(
    seen[0]?.headers.authorization ?? '',
    /^AWS4-HMAC-SHA256 Credential=AKIA1\/\d{8}\/eu-west-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
  );
  packedOf(await resolve(world, source));
  assert.is(seen[1]?.headers.authorization, undefined);
});

test('packs that nobody names go after a while, and what a crash left at once', async (world) => {
  const url = await repository(world, { 'web/default': 'x' });
  const { digest } = packedOf(await resolve(world, { type: 'git', url }));
  await put(world.top, { 'packs/work-abc/x': 'x' });
  const shelf = await openShelf(join(world.top, 'packs'), systemClock);
  assert.equal(await readdir(join(world.top, 'packs')), [digest]);
  assert.equal(await shelf.sweep(new Set(), hours(24)), []);
  assert.equal(await shelf.sweep(new Set([digest]), millis(-1)), []);
  assert.equal(await shelf.sweep(new Set(), millis(-1)), [digest]);
  assert.is(await shelf.has(digest), false);
});
