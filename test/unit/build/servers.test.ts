/** The servers that tests take as sources do what their originals do. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { startGitServer } from '../../build/git-server.js';
import { S3_KEYS, startS3Server, type S3Server } from '../../build/s3-server.js';
import { startSvnServer } from '../../build/svn-server.js';
import { assert, suite } from '../../suite.js';

interface Scene {
  folder: string;
  /** What the test started. */
  servers: { end(): unknown }[];
}

const kept = <A extends { end(): unknown }>({ servers }: Scene, server: A): A => {
  servers.push(server);
  return server;
};

// not execFileSync: the servers answer in this very process
const run = promisify(execFile);

const test = suite<Scene>('servers of sources', {} as Scene);

test.beforeEach(async (scene) => {
  scene.servers = [];
  scene.folder = await mkdtemp(join(tmpdir(), 'scalarium-servers-'));
});

test.afterEach(async ({ folder, servers }) => {
  await Promise.all(servers.map((server) => server.end()));
  await rm(folder, { recursive: true, force: true });
});

test('a Git repository is cloned over HTTP by whoever has the password', async (scene) => {
  const { folder } = scene;
  const server = kept(scene, await startGitServer({ revision: 'one' }, { user: 'ci', password: 'hunter22' }));
  const commit = await server.commit({ revision: 'two', 'bin/run': '#!/bin/sh\n' });
  const open = server.url.replace('://', '://ci:hunter22@');
  await run('git', ['clone', '-q', open, join(folder, 'clone')]);
  assert.is(await readFile(join(folder, 'clone/revision'), 'utf8'), 'two');
  const { stdout } = await run('git', ['ls-remote', open, 'refs/heads/main']);
  assert.is(stdout.split('\t')[0], commit);
  const refused = await run('git', ['ls-remote', server.url.replace('://', '://ci:x@')]).then(
    () => 'it was not refused',
    (error: unknown) => (error as { stderr: string }).stderr,
  );
  assert.match(refused, /Authentication failed|could not read/);
  assert.ok(server.asked() > 2);
});

test('a Subversion repository is checked out', async (scene) => {
  const { folder } = scene;
  const server = kept(scene, await startSvnServer({ revision: 'one' }, { user: 'ci', password: 'hunter22' }));
  assert.is(await server.commit({ revision: 'two' }), '2');
  const asked = ['--non-interactive', '--no-auth-cache', '--username', 'ci', '--password', 'hunter22'];
  await run('svn', ['checkout', '-q', ...asked, '-r', '1', server.url, join(folder, 'tree')]);
  assert.is(await readFile(join(folder, 'tree/revision'), 'utf8'), 'one');
});

const signer = (secretAccessKey: string): SignatureV4 =>
  new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials: { ...S3_KEYS, secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
  });

const requestTo = ({ url }: S3Server, method: string, path: string) => {
  const { hostname, port, host } = new URL(url);
  return { method, protocol: 'http:', hostname, port: Number(port), path, headers: { host } };
};

test('a bucket takes and gives what is signed, by header or by URL, and nothing else', async (scene) => {
  const server = kept(scene, await startS3Server());
  const path = '/shop/packs/a%20b';
  const send = async (secret: string): Promise<number> => {
    const request = { ...requestTo(server, 'PUT', path), body: 'content' };
    const { headers } = await signer(secret).sign(request);
    // fetch sends its own
    const more = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'host'));
    return (await fetch(server.url + path, { method: 'PUT', headers: more, body: 'content' })).status;
  };
  assert.is(await send('wrong'), 403);
  assert.is(await send(S3_KEYS.secretAccessKey), 200);
  assert.is(server.objects.get('shop/packs/a b')?.toString(), 'content');
  const wanted = requestTo(server, 'GET', path);
  const link = await signer(S3_KEYS.secretAccessKey).presign(
    { ...wanted, headers: { ...wanted.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
    { expiresIn: 60 },
  );
  const query = new URLSearchParams(link.query as Record<string, string>).toString();
  const given = await fetch(`${server.url}${path}?${query}`);
  assert.is(await given.text(), 'content');
  assert.is((await fetch(`${server.url}${path}`)).status, 403);
  assert.equal(server.asked, [
    { method: 'PUT', place: 'shop/packs/a b' },
    { method: 'GET', place: 'shop/packs/a b' },
  ]);
});
