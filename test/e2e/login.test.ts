/** The ways in, of a control plane that was told of a provider by `scalarium up`: a password, an ID token, a browser. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestProvider, testProvider } from '../build/provider.js';
import { ask, API, type Sent } from '../build/server.js';
import { assert, suite } from '../suite.js';
import { COMMAND, eventually, makeWorld, type Ran, run, type World } from './world.js';

interface Context {
  world: World;
  provider: TestProvider;
  /** A kubeconfig of somebody who never saw the data directory. */
  file: string;
  folder: string;
  url: string;
  fingerprint: string;
}

const PEOPLE = {
  ana: { groups: ['ops'], preferred_username: 'ana', email: 'ana@x.org', email_verified: true },
  bob: { groups: ['sales'], preferred_username: 'bob' },
};
const NOTHING = ['--cloud', 'http://127.0.0.1:9', '--hosts', 'none', '--no-example'];

const test = suite<Context>('ways in', {} as Context);

const start = async (context: Context, ...more: readonly string[]): Promise<void> => {
  const { world, provider } = context;
  world.start(...NOTHING, '--oidc-issuer', provider.issuer, '--oidc-client-id', 'scalarium', ...more);
  const [, url = '', fingerprint = ''] = await eventually('it is up', () =>
    /scalarium login (\S+) --fingerprint (\w+)/.exec(world.output()),
  );
  Object.assign(context, { url, fingerprint });
};

const token = ({ world }: Context): string => readFileSync(join(world.data, 'token'), 'utf8').trim();

const api = ({ world }: Context, method: string, path: string, sent: Sent) =>
  ask(
    Number(
      new URL((JSON.parse(readFileSync(join(world.data, 'endpoint.json'), 'utf8')) as { url: string }).url)
        .port,
    ),
    method,
    `${API}${path}`,
    sent,
  );

const theirs = ({ file, folder }: Context, ...words: readonly string[]): Promise<Ran> =>
  run(COMMAND, words, { KUBECONFIG: file, HOME: folder, SCALARIUM_DATA: '' });

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'scalarium-login-'));
  context.file = join(context.folder, 'config');
  context.provider = await testProvider(PEOPLE);
  context.world = await makeWorld();
  await start(context);
  const objects = [
    { kind: 'Cluster', metadata: { name: 'shop' }, spec: { cloud: 'local' } },
    { kind: 'Grant', metadata: { name: 'ops', namespace: 'shop' }, spec: { group: 'ops', level: 'deploy' } },
    { kind: 'User', metadata: { name: 'eve' }, spec: {} },
    { kind: 'Grant', metadata: { name: 'eve', namespace: 'shop' }, spec: { user: 'eve', level: 'show' } },
  ];
  for (const { kind, ...rest } of objects) {
    const { namespace } = rest.metadata as { namespace?: string };
    const path = `${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kind.toLowerCase()}s`;
    const body = { apiVersion: 'scalarium.dev/v1', kind, ...rest };
    assert.is((await api(context, 'POST', path, { token: token(context), body })).code, 201, kind);
  }
  const password = { token: token(context), body: { password: 'correct horse' } };
  assert.is((await api(context, 'PUT', '/users/eve/password', password)).code, 200);
});

test.after(async ({ world, provider, folder }) => {
  await world.end();
  await provider.away();
  rmSync(folder, { recursive: true, force: true });
});

test('an ID token is good as a bearer token, with the rights of its groups', async (context) => {
  const [ana, bob] = await Promise.all([context.provider.idToken('ana'), context.provider.idToken('bob')]);
  assert.is((await api(context, 'GET', '/namespaces/shop/roles', { token: ana })).code, 200);
  const refused = await api(context, 'GET', '/namespaces/shop/roles', { token: bob });
  assert.is(refused.code, 403, refused.text);
  const more = await api(context, 'DELETE', '/clusters/shop', { token: ana });
  assert.is(more.code, 403, 'deploy is not manage');
});

test('what a provider said holds for half a day, however long a token is wished for', async (context) => {
  const body = { idToken: await context.provider.idToken('ana'), expiresSeconds: 31_000_000 };
  const entered = await api(context, 'POST', '/login', { token: null, body });
  assert.is(entered.code, 201, entered.text);
  const hours = (Date.parse(entered.json['expiresAt'] as string) - Date.now()) / 3_600_000;
  assert.ok(hours > 11 && hours <= 12, String(hours));
});

test('an ID token that was changed is refused', async (context) => {
  const good = await context.provider.idToken('ana');
  const [head = '', body = '', signature = ''] = good.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'eve' })).toString('base64url');
  const bad = `${head}.${forged}.${signature}`;
  assert.is((await api(context, 'GET', '/namespaces/shop/roles', { token: bad })).code, 401);
});

test('a password: login, a command with what it noted, logout, and nothing is left', async (context) => {
  const { url, fingerprint, folder } = context;
  writeFileSync(join(folder, 'password'), 'correct horse\n');
  const words = ['login', url, '--user', 'eve', '--fingerprint', fingerprint, '--password-file'];
  writeFileSync(join(folder, 'wrong'), 'incorrect horse\n');
  const wrong = await theirs(context, ...words, join(folder, 'wrong'));
  assert.is(wrong.code === 0, false);
  assert.not.match(wrong.stderr, /incorrect/);
  const entered = await theirs(context, ...words, join(folder, 'password'));
  assert.match(entered.stdout, /^logged in at https:\S+ as eve, until /, entered.stderr);
  const seen = await theirs(context, 'get', 'clusters', '-o', 'name');
  assert.match(seen.stdout, /shop/, seen.stderr);
  const noted = /token: (scalarium_\S+)/.exec(readFileSync(context.file, 'utf8'))?.[1] ?? '';
  assert.is((await api(context, 'GET', '/clusters', { token: noted })).code, 200);
  assert.match((await theirs(context, 'logout')).stdout, /^logged out of/);
  assert.is((await api(context, 'GET', '/clusters', { token: noted })).code, 401);
  assert.not.match(readFileSync(context.file, 'utf8'), /scalarium_/);
});

/** Runs `login --oidc` and is the person at the browser. */
const browsing = async (context: Context, login: string, ...more: readonly string[]) => {
  const words = ['login', context.url, '--oidc', '--fingerprint', context.fingerprint, ...more];
  const child = spawn(COMMAND, words, {
    env: { ...process.env, KUBECONFIG: context.file, HOME: context.folder },
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const url = await eventually('the address to open', () => /^ {2}(http\S+)$/m.exec(said.err)?.[1] ?? null);
  const page = await context.provider.browse(url, login);
  return { page, code: await ended, ...said };
};

test('a browser: login --oidc says where to go, and notes a token of ours', async (context) => {
  const login = await browsing(context, 'ana', '--token-name', 'laptop');
  assert.is(login.code, 0, login.err);
  assert.match(login.page, /go back to the terminal/);
  assert.match(login.out, /^logged in at https:\S+ as ana, until /);
  assert.match(login.err, /^Open this address in a browser/);
  const seen = await theirs(context, 'get', 'clusters', '-o', 'name');
  assert.match(seen.stdout, /shop/, seen.stderr);
  const user = await api(context, 'GET', '/users/ana', { token: token(context) });
  assert.equal((user.json['spec'] as { oidc: object }).oidc, {
    issuer: context.provider.issuer,
    subject: 'ana',
  });
  assert.match((await theirs(context, 'logout')).stdout, /^logged out of/);
});

test('the provider away: 503 to ID tokens that need it, and to nobody else; --port 0 is the last port', async (context) => {
  const before = context.url;
  const idToken = await context.provider.idToken('ana');
  await context.provider.away();
  context.world.process().kill('SIGTERM');
  assert.is(await context.world.ended(), 0);
  await start(context, '--port', '0');
  assert.is(context.url, before, 'agents know the port of the last run');
  const unknown = await api(context, 'GET', '/clusters', { token: idToken });
  assert.is(unknown.code, 503, unknown.text);
  assert.is((await api(context, 'POST', '/login', { token: null, body: { idToken } })).code, 503);
  assert.is((await api(context, 'GET', '/clusters', { token: token(context) })).code, 200);
  const login = { user: 'eve', password: 'correct horse' };
  assert.is((await api(context, 'POST', '/login', { token: null, body: login })).code, 201);
  const away = await theirs(context, 'login', context.url, '--oidc', '--fingerprint', context.fingerprint);
  assert.match(away.stderr, /provider http:\S+ cannot be asked: .*ECONNREFUSED/);
  await context.provider.back();
  await eventually(
    'it is asked again',
    async () => (await api(context, 'GET', '/clusters', { token: idToken })).code === 200,
  );
});
