/** `scalarium audit` over a server. */
import { type AccessServer, ROOT, person, withServer } from '../build/access.js';
import { type CliRun, type CliSetting, cli } from '../build/cli.js';
import { API } from '../build/server.js';
import { assert, suite } from '../suite.js';

const test = suite('the audit log from the command line');

const audit = (
  { running }: AccessServer,
  setting: Partial<CliSetting>,
  ...words: readonly string[]
): Promise<CliRun> => cli({ url: running.url, token: ROOT, ...setting }, 'audit', ...words);

const tried = async ({ ask }: AccessServer, user: string): Promise<void> => {
  const answer = await ask('POST', `${API}/login`, { token: null, body: { user, password: 'wrong wrong' } });
  assert.is(answer.code, 401);
};

test(
  'a login is told with the name that was tried',
  withServer(async (server) => {
    person(server.objects, 'ana');
    await tried(server, 'ana');
    const { out } = await audit(server, {});
    assert.match(out, /^TIME +USER +FROM +VERB +OBJECT +RESULT\n/);
    assert.match(
      out,
      /Z +ana +127\.0\.0\.1 +login +\S+\/login +refused \(401\): the user or the password is wrong/,
    );
  }),
);

test(
  '-f goes on with lines as they come, each once, until it is ended',
  withServer(async (server) => {
    await tried(server, 'one');
    const stop = new AbortController();
    const steps = [
      { when: 'one', then: () => tried(server, 'two') },
      { when: 'two', then: () => tried(server, 'three') },
    ];
    const onOut = (text: string): void => {
      if (text.includes('three')) stop.abort();
      if (steps[0] !== undefined && text.includes(steps[0].when)) void steps.shift()?.then();
    };
    const { out, code } = await audit(server, { signal: stop.signal, onOut }, '-f');
    assert.is(code, 0);
    const users = out.split('\n').flatMap((line) => /Z +(\S+)/.exec(line)?.[1] ?? []);
    assert.equal(users, ['one', 'two', 'three']);
  }),
);

test(
  '-f -o json: a line of JSON each, no head',
  withServer(async (server) => {
    await tried(server, 'one');
    const stop = new AbortController();
    const onOut = (): void => {
      stop.abort();
    };
    const { out } = await audit(server, { signal: stop.signal, onOut }, '-f', '-o', 'json');
    assert.is((JSON.parse(out) as { readonly user: string }).user, 'one');
  }),
);

test(
  'what was created is told with its name, though the path has none',
  withServer(async (server) => {
    const body = { apiVersion: 'scalarium.dev/v1', kind: 'User', metadata: { name: 'ana' }, spec: {} };
    assert.is((await server.ask('POST', `${API}/users`, { token: ROOT, body })).code, 201);
    assert.equal(
      server.audited.map(({ verb, kind, name }) => [verb, kind, name]),
      [['create', 'User', 'ana']],
    );
    assert.match((await audit(server, {})).out, / create +user\/ana +201/);
  }),
);
