/** Repositories as sources of applications: real ones behind real servers, and all that can be wrong with them. */
import { execFileSync, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { FetchedPack } from '../../sources/packed.js';
import { freePort } from '../build/free-port.js';
import { PATIENCE_MS } from '../build/patience.js';
import { putFiles } from '../build/repository-files.js';
import { assert } from '../suite.js';
import {
  CI,
  contentOf,
  fetched,
  gitServer,
  inScene,
  kept,
  names,
  refusal,
  serving,
  svnServer,
} from '../unit/sources/scene.js';

const test = inScene('repositories as sources of applications');

test('git: a branch, a tag and a commit, over http with a token; what a branch is now is found out now', async (scene) => {
  const server = await gitServer(scene, { revision: 'one' }, CI);
  const first = server.git('rev-parse', 'HEAD');
  server.git('tag', '-a', 'v1', '-m', 'one');
  const second = await server.commit({ revision: 'two' });
  const source = { type: 'git', url: server.url, secret: 'token' } as const;
  const ask = (revision?: string) =>
    fetched(scene, source, { texts: CI, ...(revision === undefined ? {} : { revision }) });
  assert.is((await ask('v1')).revision, first);
  assert.is((await ask(first)).revision, first);
  assert.is((await ask('main')).revision, second);
  const head = await ask();
  assert.is(head.revision, second);
  assert.is(contentOf(scene, head, './revision'), 'two');
  assert.equal((await fetched(scene, source, { texts: CI, pinned: first })).revision, first);
});

test('git: the revision of the Deployment wins over that of the Application', async (scene) => {
  const server = await gitServer(scene, { revision: 'one' });
  const first = server.git('rev-parse', 'HEAD');
  await server.commit({ revision: 'two' });
  const source = { type: 'git', url: server.url, revision: 'main' } as const;
  assert.is((await fetched(scene, source, { revision: first })).revision, first);
});

test('git: submodules come along, or stay away; and a folder of it is enough', async (scene) => {
  const inner = await gitServer(scene, { shared: 's' });
  const server = await gitServer(scene, { 'web/server.js': 'x' });
  server.git('submodule', '--quiet', 'add', inner.folder, 'lib');
  server.git('config', '-f', '.gitmodules', 'submodule.lib.url', inner.url);
  await server.commit({});
  const source = { type: 'git', url: server.url } as const;
  assert.ok(names(scene, await fetched(scene, source)).includes('./lib/shared'));
  const without = names(scene, await fetched(scene, { ...source, submodules: false }));
  assert.equal(without, ['./.gitmodules', './web/server.js']);
  assert.equal(names(scene, await fetched(scene, { ...source, path: 'web' })), ['./server.js']);
});

test('git: what is not there, or may not be read, is told without what would open it', async (scene) => {
  const server = await gitServer(scene, { revision: 'one' }, CI);
  const first = server.git('rev-parse', 'HEAD');
  const source = { type: 'git', url: server.url, secret: 'token' } as const;
  const told = (revision: string) => refusal(scene, source, { texts: CI, revision });
  assert.match(await told('nope'), /has no branch, tag or whole commit id "nope": push it/);
  assert.match(await told(first.slice(0, 8)), /"[0-9a-f]{8}" \(the id of a commit has 40 digits\)/);
  assert.match(await told('f'.repeat(40)), /has no commit "f{40}": push it, or change/);
  assert.match(await told('--upload-pack=x'), /is no repository or revision/);
  const wrong = await refusal(scene, source, { texts: { user: 'ci', password: 'hunter33' } });
  assert.match(wrong, /Authentication failed.*it wants to know who asks: name a Secret/s);
  assert.not.match(wrong, /hunter33/);
  assert.match(
    await refusal(scene, source, { texts: { user: 'ci' } }),
    /the Secret token has no password or token/,
  );
  assert.match(
    await refusal(scene, { type: 'git', url: server.folder }),
    /with scalarium up --local-sources only/,
  );
  assert.match(await refusal(scene, { ...source, path: 'no' }, { texts: CI }), /it has no folder "no"/);
  assert.match(
    await refusal(scene, { ...source, path: '../..' }, { texts: CI }),
    /expected a folder in it, as "app"/,
  );
  await server.end();
  assert.match(
    await refusal(scene, source, { texts: CI }),
    /it does not answer: check url, and that the control plane can reach it/,
  );
});

test('git: over its own protocol', async (scene) => {
  const server = await gitServer(scene, { revision: 'one' });
  const port = await freePort();
  const words = ['daemon', '--reuseaddr', '--export-all', '--listen=127.0.0.1', `--port=${String(port)}`];
  const child = spawn('git', [...words, `--base-path=${dirname(server.folder)}`], {
    stdio: 'ignore',
    detached: true,
  });
  kept(scene, {
    // git itself only starts the daemon
    end: () => process.kill(-(child.pid ?? 0), 'SIGKILL'),
  });
  const source = { type: 'git', url: `git://127.0.0.1:${String(port)}/app/.git` } as const;
  const began = Date.now();
  const tried = async (): Promise<FetchedPack> =>
    fetched(scene, source).catch((error: unknown) => {
      if (Date.now() - began > PATIENCE_MS) throw error;
      return tried();
    });
  assert.is((await tried()).revision, server.git('rev-parse', 'HEAD'));
});

test('git: a bad key of ssh opens nothing, and is shown to nobody', async (scene) => {
  const { url } = await serving(scene, Buffer.alloc(0));
  const source = { type: 'git', url: `${url.replace('http', 'ssh')}/app`, secret: 'key' } as const;
  const said = await refusal(scene, source, { texts: { sshKey: 'no key at all' } });
  assert.match(said, /git could not ask ssh:\/\/127/);
  assert.not.match(said, /no key at all/);
});

test('git: one that never answers is left when the control plane ends', async (scene) => {
  const server = await gitServer(scene, { revision: 'one' });
  server.silence(true);
  const asked = refusal(scene, { type: 'git', url: server.url });
  while (server.asked() === 0) await new Promise((resolve) => setImmediate(resolve));
  scene.stop.abort();
  await asked;
});

test('svn: the newest, a number, and what was pinned; a user and a password open it', async (scene) => {
  const server = await svnServer(scene, { 'trunk/revision': 'one', 'other/x': 'x' }, CI);
  const source = { type: 'svn', url: `${server.url}/trunk`, secret: 's' } as const;
  const one = await fetched(scene, source, { texts: CI });
  assert.is(one.revision, '1');
  assert.equal(names(scene, one), ['./revision']);
  await server.commit({ 'other/x': 'y' });
  assert.equal(await fetched(scene, source, { texts: CI }), one, 'what is beside it changes nothing');
  const third = await server.commit({ 'trunk/revision': 'three' });
  const newest = await fetched(scene, source, { texts: CI });
  assert.is(newest.revision, third);
  assert.is(contentOf(scene, newest, './revision'), 'three');
  assert.is((await fetched(scene, source, { texts: CI, revision: '2' })).revision, '2');
  assert.equal(await fetched(scene, source, { texts: CI, pinned: '1' }), one);
  const inPath = { ...source, url: server.url, path: 'trunk' };
  assert.equal(names(scene, await fetched(scene, inPath, { texts: CI })), ['./revision']);
});

test('svn: what is not there, or may not be read, is told without what would open it', async (scene) => {
  const server = await svnServer(scene, { 'trunk/revision': 'one' }, CI);
  const source = { type: 'svn', url: `${server.url}/trunk`, secret: 's' } as const;
  assert.match(
    await refusal(scene, source, { texts: CI, revision: '99' }),
    /svn could not ask svn:\S+ for revision 99.*it has no such revision/s,
  );
  assert.match(
    await refusal(scene, source, { texts: CI, revision: 'trunk' }),
    /"trunk" is no revision of svn: expected a number; branches and tags are folders/,
  );
  assert.match(await refusal(scene, { ...source, url: `${server.url}/no` }, { texts: CI }), /check url/);
  for (const texts of [null, { user: 'ci', password: 'hunter33' }]) {
    const said = await refusal(scene, source, { texts });
    assert.match(said, /it wants to know who asks: name a Secret in the source that holds user and password/);
    assert.not.match(said, /hunter33/);
  }
  for (const url of ['file:///etc', '/etc', '--version', 'svn+sh://x/y'])
    assert.match(
      await refusal(scene, { type: 'svn', url }),
      /expected an https, http, svn or svn\+ssh address/,
    );
  await server.end();
  assert.match(await refusal(scene, source, { texts: CI }), /it does not answer: check url/);
});

test('svn: a repository of this machine is read only where that was allowed', async (scene) => {
  const place = join(scene.folder, 'repository');
  execFileSync('svnadmin', ['create', place]);
  await putFiles(join(scene.folder, 'in'), { 'bin/run': '#!/bin/sh\n' });
  execFileSync('svn', ['import', '-q', '-m', 'x', join(scene.folder, 'in'), `file://${place}/trunk`]);
  const source = { type: 'svn', url: `file://${place}/trunk` } as const;
  assert.equal(names(scene, await fetched(scene, source, { localSources: true })), ['./bin/run']);
  await refusal(scene, source);
});
