/** Repositories as sources: real ones, and addresses and contents that mean no good. */
import { readFile, readdir, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { CookbookSource } from '../../../api-types/cookbooks.js';
import { ref } from '../../fake/objects.js';
import { assert } from '../../suite.js';
import {
  commit,
  git,
  inWorld,
  listed,
  packedOf,
  problemOf,
  repository,
  resolve,
  type World,
  put,
} from './world.js';

const test = inWorld('repositories as sources of cookbooks');

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

test('a revision that is not there, a path that is not there, a folder of this machine where that was not allowed', async (world) => {
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
    /with scalarium up --local-sources only/,
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

test('the password of a source is not told to the host of a submodule', async (world) => {
  const heard: string[] = [];
  const other = createServer((request, response) => {
    heard.push(request.headers.authorization ?? 'nobody');
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  try {
    const bare = await repository(world, { 'web/default': 'x' });
    const elsewhere = `http://127.0.0.1:${String((other.address() as AddressInfo).port)}/inner.git`;
    git(bare, 'update-index', '--add', '--cacheinfo', `160000,${git(bare, 'rev-parse', 'HEAD')},inner`);
    await put(bare, { '.gitmodules': `[submodule "inner"]\n\tpath = inner\n\turl = ${elsewhere}\n` });
    git(bare, 'add', '.gitmodules');
    git(bare, 'commit', '-q', '-m', 'x');
    serveGit(world, bare);
    world.objects.has(ref('Secret', 'shop', 'token'), {
      spec: { data: { user: 'ci', password: 'hunter22' } },
    });
    const source = { type: 'git', url: `${world.url}/repo.git`, secret: 'token' } as const;
    assert.match(problemOf(await resolve(world, source)), /git could not fetch its submodules/);
    assert.ok(heard.length > 0);
    assert.equal([...new Set(heard)], ['nobody']);
  } finally {
    other.close();
  }
});
