import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { Command } from 'commander';
import { register as login } from '../../cli/commands/login.js';
import { register as logout } from '../../cli/commands/logout.js';
import type { CliContext } from '../../cli/context.js';
import { API, testServer, type TestServer } from '../build/server.js';
import { testIdentity, type TestIdentity } from '../build/tls.js';
import { assert, suite } from '../suite.js';

interface Context {
  folder: string;
  file: string;
  asked: string[];
  identity: TestIdentity;
  server: TestServer;
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
  context.server = await testServer({
    tls: context.identity,
    extra: [
      (request, response) => {
        context.asked.push(`${String(request.method)} ${String(request.url)}`);
        response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ user: 'anna', name: 'login-1', token: 'scalarium_x' }));
        return true;
      },
    ],
  });
  context.folder = mkdtempSync(join(tmpdir(), 'scalarium-login-'));
  context.file = join(context.folder, 'config');
});

test.after(async ({ server, folder }) => {
  await server.running.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = async (context: Context, answer: string | null, ...words: string[]): Promise<string> => {
  let said = '';
  const cli = {
    env: { KUBECONFIG: context.file },
    out: (text: string) => (said += text),
    err: (text: string) => (said += text),
    ask: (question: string) => ((said += question), Promise.resolve(answer)),
    askSecret: () => Promise.resolve('pass'),
    readStdin: () => Promise.resolve('pass\n'),
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

test('an authority that is not known: nothing is sent without a yes', async (context) => {
  const url = `https://127.0.0.1:${String(context.server.running.port)}`;
  assert.match(await run(context, 'n', 'login', url, '--user', 'anna'), /was not trusted/);
  assert.match(
    await run(context, null, 'login', url, '--user', 'anna'),
    /no terminal to ask at: give --fingerprint/,
  );
  const wrong = await run(context, 'y', 'login', url, '--user', 'anna', '--fingerprint', 'ab'.repeat(32));
  assert.match(wrong, /has another fingerprint/);
  assert.equal(context.asked, []);
});

test('with the right fingerprint: the kubeconfig gains a context and keeps the rest', async (context) => {
  writeFileSync(context.file, BEFORE, { mode: 0o644 });
  const url = `https://127.0.0.1:${String(context.server.running.port)}`;
  const words = ['login', url, '--user', 'anna', '--fingerprint', `SHA256:${fingerprint(context)}`];
  assert.match(await run(context, null, ...words), /^logged in at .* as anna/);
  assert.equal(context.asked, [`POST ${API}/login`]);
  const text = readFileSync(context.file, 'utf8');
  for (const kept of ['# mine', 'name: other # keep', 'scalarium_x', 'current-context: scalarium-127.0.0.1'])
    assert.ok(text.includes(kept), kept);
  assert.is(statSync(context.file).mode & 0o777, 0o600);
});

test('logging out revokes the token and takes the entries out', async (context) => {
  assert.match(await run(context, null, 'logout'), /^logged out of/);
  assert.is(context.asked.at(-1), `DELETE ${API}/users/anna/tokens/login-1`);
  const text = readFileSync(context.file, 'utf8');
  assert.not.match(text, /scalarium/);
  assert.match(text, /name: other # keep/);
});

test('a password never goes to another machine in the clear', async (context) => {
  assert.match(
    await run(context, 'y', 'login', 'http://192.0.2.1', '--user', 'anna'),
    /never sent over http/,
  );
});
