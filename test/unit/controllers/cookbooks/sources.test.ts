/** Fetching and packing of sources: real repositories and archives, and servers and contents that mean no good. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CookbookSource } from '../../../../api-types/cookbooks.js';
import {
  carryOut,
  type StepDependencies,
  type StepOutcome,
} from '../../../../controllers/cookbooks/steps.js';
import { hours, millis } from '../../../../api-types/units.js';
import { systemClock } from '../../../../runtime/clock.js';
import { openShelf, type Shelf } from '../../../../runtime/shelf.js';
import { TEST_SEALER } from '../../../build/server.js';
import { fakeObjects, ref, type FakeObjects } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

interface World {
  top: string;
  shelf: Shelf;
  objects: FakeObjects;
  stop: AbortController;
  server: Server;
  url: string;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

const test = suite<World>('sources of cookbooks', {} as World);

const git = (folder: string, ...words: readonly string[]): string =>
  execFileSync(
    'git',
    ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'protocol.file.allow=always', ...words],
    {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    },
  ).trim();

const put = async (folder: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
    if (content.startsWith('#!')) await chmod(join(folder, path), 0o755);
  }
};

const commit = async (folder: string, files: Readonly<Record<string, string>>): Promise<string> => {
  await put(folder, files);
  git(folder, 'add', '-A');
  git(folder, 'commit', '-q', '-m', 'x');
  return git(folder, 'rev-parse', 'HEAD');
};

/** A repository on branch `main`. */
const repository = async ({ top }: World, files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = await mkdtemp(join(top, 'repository-'));
  git(folder, 'init', '-q', '-b', 'main');
  await commit(folder, files);
  return folder;
};

test.beforeEach(async (world) => {
  world.top = await mkdtemp(join(tmpdir(), 'scalarium-sources-'));
  world.shelf = await openShelf(join(world.top, 'packs'), systemClock);
  world.objects = fakeObjects(() => systemClock.now());
  world.stop = new AbortController();
  world.answer = (_request, response) => response.writeHead(404).end();
  world.server = createServer((request, response) => {
    world.answer(request, response);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => world.server.once('listening', resolve));
  world.url = `http://127.0.0.1:${String((world.server.address() as AddressInfo).port)}`;
});
test.afterEach(async ({ top, server }) => {
  server.closeAllConnections();
  server.close();
  await rm(top, { recursive: true, force: true });
});

const resolve = (
  { shelf, objects, stop }: World,
  source: Omit<CookbookSource, 'name'>,
  more: Partial<StepDependencies> & { readonly pinned?: string } = {},
): Promise<StepOutcome> => {
  const { pinned = null, ...on } = more;
  const all = {
    objects,
    sealer: TEST_SEALER,
    shelf,
    clock: systemClock,
    stopped: stop.signal,
    localSources: true,
    ...on,
  };
  const step = {
    action: 'resolve',
    source: { name: 'base', ...source },
    fingerprint: '',
    update: '',
    pinned,
  } as const;
  return carryOut(all, 'shop', step);
};

const packedOf = (outcome: StepOutcome): { readonly revision: string; readonly digest: string } => {
  assert.is(outcome._tag, 'Packed', outcome._tag === 'Failed' ? outcome.problem : '');
  return outcome._tag === 'Packed' ? outcome.pack : { revision: '', digest: '' };
};

const problemOf = (outcome: StepOutcome): string => {
  assert.is(outcome._tag, 'Failed');
  return outcome._tag === 'Failed' ? outcome.problem : '';
};

/** Names in a pack, with their modes. */
const listed = (world: World, digest: string): readonly string[] =>
  execFileSync('tar', ['-tvzf', join(world.top, 'packs', digest)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.replace(/^(\S+) +\S+ +\d+ +\S+ +\S+ /, '$1 '));

test('a branch is its newest commit, a tag what it stands for; the folder is packed and nothing is left', async (world) => {
  const url = await repository(world, {
    'cookbooks/web/default': '#!/bin/sh\n',
    'cookbooks/web/a': 'x',
    other: 'y',
  });
  git(url, 'tag', '-a', 'v1', '-m', 'one');
  const first = git(url, 'rev-parse', 'HEAD');
  const second = await commit(url, { 'cookbooks/web/a': 'changed' });
  const path = 'cookbooks';
  const tagged = packedOf(await resolve(world, { type: 'git', url, revision: 'v1', path }));
  const newest = packedOf(await resolve(world, { type: 'git', url, revision: 'main', path }));
  const head = packedOf(await resolve(world, { type: 'git', url, path }));
  const exact = packedOf(await resolve(world, { type: 'git', url, revision: first, path }));
  assert.equal(
    [tagged.revision, newest.revision, head.revision, exact.revision],
    [first, second, second, first],
  );
  assert.is(exact.digest, tagged.digest);
  assert.not.equal(newest.digest, tagged.digest);
  assert.equal(listed(world, tagged.digest), [
    'drwxr-xr-x ./',
    'drwxr-xr-x ./web/',
    '-rw-r--r-- ./web/a',
    '-rwxr-xr-x ./web/default',
  ]);
  assert.equal((await readdir(join(world.top, 'packs'))).sort(), [tagged.digest, newest.digest].sort());
});

test('the same content is the same pack, whatever the time and the umask', async (world) => {
  const url = await repository(world, { 'web/default': '#!/bin/sh\n' });
  const one = packedOf(await resolve(world, { type: 'git', url }));
  const umask = process.umask(0o077);
  try {
    assert.equal(packedOf(await resolve(world, { type: 'git', url }, { pinned: one.revision })), {
      name: 'base',
      ...one,
    });
  } finally {
    process.umask(umask);
  }
});

test('submodules come along', async (world) => {
  const inner = await repository(world, { default: '#!/bin/sh\n' });
  const url = await repository(world, { 'web/default': '#!/bin/sh\n' });
  git(url, 'submodule', '--quiet', 'add', inner, 'shared');
  await commit(url, {});
  const { digest } = packedOf(await resolve(world, { type: 'git', url }));
  assert.ok(listed(world, digest).includes('-rwxr-xr-x ./shared/default'));
  assert.not.ok(listed(world, digest).some((line) => line.endsWith('.git')));
});

const ODD: readonly {
  readonly name: string;
  readonly source: Omit<CookbookSource, 'name'>;
  readonly says: RegExp;
}[] = [
  {
    name: 'a program as an address',
    source: { type: 'git', url: 'ext::sh -c touch% /tmp/x' },
    says: /is no repository or revision/,
  },
  {
    name: 'a program as an address, without blanks',
    source: { type: 'git', url: 'ext::date' },
    says: /transport 'ext' not allowed.*expected an https/s,
  },
  {
    name: 'an option as an address',
    source: { type: 'git', url: '--upload-pack=x' },
    says: /is no repository or revision/,
  },
  {
    name: 'an option as a revision',
    source: { type: 'git', url: 'https://x.example/y', revision: '--x' },
    says: /"--x" is no repository/,
  },
  {
    name: 'a folder that is no repository',
    source: { type: 'git', url: '/nowhere' },
    says: /git could not ask \/nowhere.*check url/s,
  },
  {
    name: 'an address of no bucket',
    source: { type: 's3', url: 's3://x' },
    says: /expected s3:\/\/bucket\/key/,
  },
  {
    name: 'an archive that is a file of this machine',
    source: { type: 'archive', url: 'file:///etc/passwd' },
    says: /expected an http or https address/,
  },
  {
    name: 'a Secret that is not there',
    source: { type: 'git', url: 'https://x.example/y', secret: 'key' },
    says: /has no Secret key: scalarium secret set key KEY=- -n shop/,
  },
];

for (const { name, source, says } of ODD)
  test(`${name} is refused`, async (world) => {
    assert.match(problemOf(await resolve(world, source)), says);
    assert.equal(await readdir(join(world.top, 'packs')).catch(() => []), []);
  });

test('a revision that is not there, a path that is not there, a folder of this machine off loopback', async (world) => {
  const url = await repository(world, { 'web/default': 'x' });
  assert.match(
    problemOf(await resolve(world, { type: 'git', url, revision: 'nope' })),
    /has no branch, tag or whole commit id "nope"/,
  );
  assert.match(
    problemOf(await resolve(world, { type: 'git', url, path: 'no' })),
    /it has no folder "no": change the source's path/,
  );
  assert.match(
    problemOf(await resolve(world, { type: 'git', url, path: '../..' })),
    /expected a folder in it/,
  );
  assert.match(
    problemOf(await resolve(world, { type: 'git', url }, { localSources: false })),
    /on loopback only/,
  );
  await symlink('/etc', join(url, 'out'));
  git(url, 'add', '-A');
  git(url, 'commit', '-q', '-m', 'x');
  assert.match(
    problemOf(await resolve(world, { type: 'git', url, path: 'out' })),
    /path "out" leads out of it/,
  );
  assert.match(
    problemOf(await resolve(world, { type: 'git', url })),
    /the link out leads out of it, to \/etc/,
  );
});

/** Serves a bare repository as git's own http does, for whoever knows the password. */
const serveGit = (world: World, bare: string): void => {
  git(bare, 'update-server-info');
  world.answer = (request, response) => {
    const who = Buffer.from((request.headers.authorization ?? '').slice(6), 'base64').toString();
    if (who !== 'ci:hunter22') {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return;
    }
    const path = (request.url ?? '').split('?')[0] ?? '';
    readFile(join(bare, '.git', path.replace('/repo.git', ''))).then(
      (content) => response.writeHead(200).end(content),
      () => response.writeHead(404).end(),
    );
  };
};

test('a password opens a repository, and is told nobody else: no argument, no message', async (world) => {
  const bare = await repository(world, { 'web/default': 'x' });
  serveGit(world, bare);
  const source = { type: 'git', url: `${world.url}/repo.git`, secret: 'token' } as const;
  world.objects.has(ref('Secret', 'shop', 'token'), { spec: { data: { user: 'ci', password: 'hunter22' } } });
  assert.is(packedOf(await resolve(world, source)).revision, git(bare, 'rev-parse', 'HEAD'));
  world.objects.has(ref('Secret', 'shop', 'token'), {
    spec: { data: { user: 'ci', password: 'wrong-one' } },
  });
  const problem = problemOf(await resolve(world, source));
  assert.match(problem, /Authentication failed.*it wants to know who asks/s);
  assert.not.match(problem, /wrong-one/);
  assert.match(
    problemOf(await resolve(world, { type: 'git', url: source.url })),
    /it wants to know who asks: name a Secret/,
  );
  const inUrl = `${world.url.replace('//', '//ci:hunter33@')}/repo.git`;
  assert.not.match(problemOf(await resolve(world, { type: 'git', url: inUrl })), /hunter33/);
});

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
  if (kind === 'tar') execFileSync('tar', ['-czf', file, '-C', folder, '.']);
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
