import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { Command } from 'commander';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { millis } from '../../api-types/units.js';
import { silentLog } from '../../runtime/log.js';
import { openAccess, type OpenedAccess } from '../../server/access/open.js';
import { register as login } from '../../cli/commands/login.js';
import { register as logout } from '../../cli/commands/logout.js';
import type { CliContext } from '../../cli/context.js';
import { fakeObjects, ref } from '../fake/objects.js';
import { KEY, ROOT } from '../build/access.js';
import { until } from '../build/gateways.js';
import { CLIENT, testProvider, type TestProvider } from '../build/provider.js';
import { API, testServer, type TestServer } from '../build/server.js';
import { testIdentity, type TestIdentity } from '../build/tls.js';
import { assert, suite } from '../suite.js';

interface Context {
  folder: string;
  file: string;
  asked: string[];
  identity: TestIdentity;
  access: OpenedAccess;
  provider: TestProvider;
  server: TestServer;
  url: string;
}

const test = suite<Context>('logging in', {} as Context);

const BEFORE = `# mine
apiVersion: v1
kind: Config
current-context: other
clusters:
  - name: other # keep
    cluster: { server: https://other }
contexts: []
users: []
`;

test.before(async (context) => {
  context.asked = [];
  context.identity = await testIdentity();
  context.provider = await testProvider({ anna: { preferred_username: 'anna' } });
  const objects = fakeObjects();
  const parts = { installationKey: KEY, clock: systemClock, chance: systemChance, log: silentLog };
  const oidc = { issuer: context.provider.issuer, clientId: CLIENT };
  context.access = openAccess({ ...parts, objects, oidc });
  context.server = await testServer({
    ...{ access: context.access, objects, tls: context.identity },
    extra: [({ method = '', url = '' }) => (context.asked.push(`${method} ${url}`), false)],
  });
  context.url = `https://127.0.0.1:${String(context.server.running.port)}`;
  objects.has(ref('User', null, 'otto'), { spec: {} });
  const sent = { token: ROOT, body: { password: 'correct horse' } };
  assert.is((await context.server.ask('PUT', `${API}/users/otto/password`, sent)).code, 200);
  context.folder = mkdtempSync(join(tmpdir(), 'scalarium-login-'));
  context.file = join(context.folder, 'config');
});

test.beforeEach((context) => {
  context.asked.length = 0;
  writeFileSync(context.file, BEFORE, { mode: 0o644 });
});

test.after(async ({ server, access, provider, folder }) => {
  await server.running.close();
  access.close();
  await provider.away();
  rmSync(folder, { recursive: true, force: true });
});

interface Person {
  readonly answer?: string | null;
  readonly password?: string;
  readonly onErr?: (text: string) => void;
  readonly interrupted?: AbortSignal;
}

const run = async (context: Context, person: Person, ...words: string[]): Promise<string> => {
  const { answer = null, password = 'correct horse', onErr } = person;
  let said = '';
  const cli = {
    env: { KUBECONFIG: context.file },
    out: (text: string) => (said += text),
    err: (text: string) => {
      said += text;
      onErr?.(said);
    },
    ask: (question: string) => ((said += question), Promise.resolve(answer)),
    askSecret: () => Promise.resolve(password),
    readStdin: () => Promise.resolve(`${password}\n`),
    pause: (time: number, signal?: AbortSignal) => systemClock.sleep(millis(time), signal),
    interrupted: person.interrupted ?? new AbortController().signal,
  } as unknown as CliContext;
  const program = new Command().exitOverride().option('--context <name>');
  login(program, cli);
  logout(program, cli);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    said += (error as Error).message;
  }
  return said;
};

const fingerprint = ({ identity }: Context): string => new X509Certificate(identity.authority).fingerprint256;

const trusting = (context: Context): string[] => [
  'login',
  context.url,
  '--fingerprint',
  `SHA256:${fingerprint(context)}`,
];

test('an authority that is not known: nothing is sent without a yes', async (context) => {
  const words = ['login', context.url, '--user', 'otto'];
  assert.match(await run(context, { answer: 'n' }, ...words), /was not trusted/);
  assert.match(await run(context, {}, ...words), /no terminal to ask at: give --fingerprint/);
  const wrong = await run(context, { answer: 'y' }, ...words, '--fingerprint', 'ab'.repeat(32));
  assert.match(wrong, /has another fingerprint/);
  assert.equal(context.asked, []);
});

test('in and out: the kubeconfig gains a context, keeps the rest, and loses only that', async (context) => {
  assert.match(
    await run(context, {}, ...trusting(context), '--user', 'otto'),
    /^logged in at .* as otto, until /,
  );
  assert.equal(context.asked, [`POST ${API}/login`]);
  const text = readFileSync(context.file, 'utf8');
  for (const kept of ['# mine', 'name: other # keep', 'current-context: scalarium-127.0.0.1'])
    assert.ok(text.includes(kept), kept);
  assert.is(statSync(context.file).mode & 0o777, 0o600);
  const token = /token: (scalarium_\S+)/.exec(text)?.[1] ?? '';
  assert.is((await context.server.ask('GET', `${API}/users/otto/tokens`, { token })).code, 200);
  assert.match(await run(context, {}, 'logout'), /^logged out of/);
  assert.is((await context.server.ask('GET', `${API}/users/otto/tokens`, { token })).code, 401);
  const after = readFileSync(context.file, 'utf8');
  assert.not.match(after, /scalarium/);
  assert.match(after, /name: other # keep/);
});

test('a token that was revoked elsewhere is forgotten by logout all the same', async (context) => {
  await run(context, {}, ...trusting(context), '--user', 'otto', '--token-name', 'laptop');
  const revoked = await context.server.ask('DELETE', `${API}/users/otto/tokens/laptop`, { token: ROOT });
  assert.is(revoked.code, 200);
  assert.match(await run(context, {}, 'logout'), /^logged out of/);
  assert.not.match(readFileSync(context.file, 'utf8'), /scalarium/);
});

test('a wrong password and a user that is not there: the same words, and no file', async (context) => {
  const [wrong, nobody] = [
    await run(context, { password: 'wrong horse' }, ...trusting(context), '--user', 'otto'),
    await run(context, { password: 'wrong horse' }, ...trusting(context), '--user', 'nobody'),
  ];
  assert.ok(wrong.length > 0);
  assert.is(wrong, nobody);
  assert.is(readFileSync(context.file, 'utf8'), BEFORE);
});

test('a password never goes to another machine in the clear', async (context) => {
  assert.match(
    await run(context, { answer: 'y' }, 'login', 'http://192.0.2.1', '--user', 'otto'),
    /never sent over http/,
  );
});

/** `login --oidc`, and what is done with the address that it tells. */
const browsing = async (
  context: Context,
  visit: (url: string) => Promise<unknown>,
  ...more: string[]
): Promise<string> => {
  const visits: Promise<unknown>[] = [];
  const onErr = (text: string): void => {
    const url = /^ {2}(http\S+)$/m.exec(text)?.[1];
    if (url !== undefined && visits.length === 0) visits.push(visit(url));
  };
  const said = await run(context, { onErr }, ...trusting(context), '--oidc', ...more);
  await Promise.all(visits);
  return said;
};

test('at a provider: the answer that is awaited and no other', async (context) => {
  const pages: string[] = [];
  const said = await browsing(context, async (url) => {
    const back = await context.provider.consent(url, 'anna');
    const forged = new URL(back);
    forged.searchParams.set('state', 'another');
    forged.searchParams.set('code', 'of an attacker');
    for (const tried of [forged, new URL('/other', back), back])
      pages.push(await (await fetch(tried)).text());
  });
  assert.match(said, /logged in at .* as anna, until /);
  assert.is(pages.length, 3);
  for (const [index, page] of pages.entries())
    assert.match(page, index < 2 ? /not the answer/ : /go back to the terminal/);
  assert.match(readFileSync(context.file, 'utf8'), /token: scalarium_/);
});

for (const [what, change, expected] of [
  ['nonce', /nonce=[^&]+/, /not logged in: \S+ said .*nonce/],
  ['challenge', /code_challenge=[^&]+/, /not logged in: \S+ said invalid_grant: grant request is invalid/],
] as const)
  test(`at a provider: another ${what} than was sent is no login`, async (context) => {
    const said = await browsing(context, (url) =>
      context.provider.browse(
        url.replace(change, (one) => `${one.slice(0, -4)}AAAA`),
        'anna',
      ),
    );
    assert.match(said, expected);
    assert.is(readFileSync(context.file, 'utf8'), BEFORE);
  });

test('at a provider: who says no there is told so here', async (context) => {
  const said = await browsing(context, async (url) => {
    const { searchParams } = new URL(url);
    const back = new URL(searchParams.get('redirect_uri') ?? '');
    const { issuer } = context.provider;
    const answer = { error: 'access_denied', error_description: 'anna aborted', iss: issuer };
    back.search = new URLSearchParams({ ...answer, state: searchParams.get('state') ?? '' }).toString();
    await fetch(back);
  });
  assert.match(said, /not logged in: http\S+ said access_denied: anna aborted/);
});

test('at a provider: a browser that does not come back ends it, and so does Ctrl-C', async (context) => {
  const nothing = (): Promise<void> => Promise.resolve();
  assert.match(await browsing(context, nothing, '--wait', '1'), /not come back within 1 s \(--wait\)/);
  const interrupt = new AbortController();
  const begun = run(context, { interrupted: interrupt.signal }, ...trusting(context), '--oidc');
  await until('it asks what ways there are', () => (context.asked.length > 0 ? true : null));
  interrupt.abort();
  assert.match(await begun, /not logged in: interrupted/);
});

for (const [words, expected] of [
  [['--user', 'anna'], /leave --user and the password out/],
  [['--wait', 'x'], /--wait: expected a whole number up to 3600, got "x"/],
  [['--callback-port', '65536'], /--callback-port: expected a whole number up to 65535/],
] as const)
  test(`at a provider: ${words.join(' ')} is refused before anything is asked`, async (context) => {
    assert.match(await run(context, {}, ...trusting(context), '--oidc', ...words), expected);
    assert.equal(context.asked, []);
  });

test('a control plane without a provider says what to do', async (context) => {
  const objects = fakeObjects();
  const parts = { installationKey: KEY, clock: systemClock, chance: systemChance, log: silentLog };
  const access = openAccess({ ...parts, objects });
  const server = await testServer({ access, objects });
  try {
    assert.match(
      await run(context, {}, 'login', server.running.url, '--oidc'),
      /knows no OpenID Connect provider .* log in with a password, without --oidc$/,
    );
  } finally {
    await server.running.close();
    access.close();
  }
});
