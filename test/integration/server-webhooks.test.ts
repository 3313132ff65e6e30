/** Pushes as GitHub, Gitea and GitLab tell of them, over real HTTP, with real signatures and without. */
import type { DeploymentSpec } from '../../api-types/kinds/deployment.js';
import { transient } from '../../runtime/failure.js';
import { withServer } from '../build/access.js';
import { release } from '../build/deployments.js';
import {
  COMMIT,
  TOKEN,
  ZEROS,
  application,
  github,
  made,
  post,
  push,
  secret,
  signed,
  withShop,
} from '../build/git-host.js';
import type { HttpAnswer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('webhooks over HTTP');

test(
  'a push to GitHub makes a Deployment of that commit, once however often it is told',
  withShop(async (server) => {
    const first = await github(server, push());
    assert.is(first.code, 201, first.text);
    const [one, ...others] = made(server);
    assert.equal(others, []);
    const spec: Partial<DeploymentSpec> = {
      application: 'web',
      command: 'deploy',
      revision: COMMIT,
      migrate: false,
      supersede: false,
      comment: 'main: feat: faster',
    };
    for (const [field, value] of Object.entries(spec))
      assert.equal(one?.spec[field as keyof DeploymentSpec], value, field);
    assert.is(one?.by, 'webhook:github:anna');
    assert.match(one?.name ?? '', /^web-[0-9a-f]{12}$/);
    assert.equal(first.json['deployments'], [{ cluster: 'shop', name: one?.name, created: true }]);
    const again = await github(server, push(), { headers: { 'x-github-delivery': 'd-2' } });
    assert.is(again.code, 200, 'a replay, under whatever name');
    assert.equal(again.json['deployments'], [{ cluster: 'shop', name: one?.name, created: false }]);
    assert.is(made(server).length, 1);
    await github(server, push({ after: COMMIT.replace('0a', '1b') }));
    assert.is(made(server).length, 2);
  }),
);

test(
  'an old push that is delivered again brings nothing back, although its Deployment is long gone',
  withShop(async (server) => {
    const older = release(1, COMMIT);
    const web = ref('Application', 'shop', 'web');
    const { spec } = server.objects.get(web) ?? {};
    server.objects.has(web, { spec }, { current: release(2), releases: [older, release(2)] });
    const again = await github(server, push(), { headers: { 'x-github-delivery': 'd-9' } });
    assert.is(again.code, 200, again.text);
    assert.equal(again.json['deployments'], [{ cluster: 'shop', name: older.deployment, created: false }]);
    assert.equal(made(server), []);
  }),
);

test(
  'a commit that was pushed already makes no second Deployment, however it is told',
  withShop(async (server) => {
    await github(server, push());
    const other = await github(server, push({ head_commit: { message: 'feat: the same commit' } }));
    assert.is(other.code, 200, other.text);
    assert.is(made(server).length, 1);
  }),
);

test(
  'a form is taken as JSON is; without branches of its own the default branch counts',
  withShop(async (server) => {
    const form = 'application/x-www-form-urlencoded';
    assert.is((await github(server, push(), { type: form })).code, 201);
    const other = await github(server, push({ ref: 'refs/heads/next' }));
    assert.equal([other.code, other.json['deployments']], [200, []]);
    assert.is(made(server).length, 1);
  }),
);

test(
  'branches of the webhook, then the revision of the source',
  withShop(async (server) => {
    const source = { type: 'git', url: 'https://GitHub.com/acme/shop', revision: 'stable' };
    application(server, 'named', { webhook: { secret: 'hook', branches: ['next'], migrate: true }, source });
    application(server, 'source', { source });
    const deploying = async (branch: string) => {
      const { json } = await github(server, push({ ref: `refs/heads/${branch}` }));
      return (json['deployments'] as readonly { readonly name: string }[]).map(({ name }) =>
        name.replace(/-[0-9a-f]{12}$/, ''),
      );
    };
    assert.equal(await deploying('next'), ['named']);
    assert.equal(await deploying('stable'), ['source']);
    assert.equal(await deploying('main'), ['web']);
    assert.is(made(server).find(({ application: of }) => of === 'named')?.spec.migrate, true);
  }),
);

test(
  'several applications of several clusters: those whose token the caller knows',
  withShop(async (server) => {
    server.objects.has(ref('Cluster', null, 'other'), { spec: { cloud: 'local' } });
    secret(server, 'other', 'another token');
    application(server, 'worker');
    application(server, 'theirs', {}, 'other');
    assert.is((await github(server, push())).code, 201);
    assert.equal(
      made(server).map(({ application: of }) => of),
      ['web', 'worker'],
    );
    assert.is((await github(server, push(), { token: 'another token' })).code, 201);
    assert.equal(
      made(server, 'other').map(({ application: of }) => of),
      ['theirs'],
    );
  }),
);

test(
  'without a good signature everybody is told the same, whatever there is',
  withShop(async (server) => {
    const elsewhere = push({ repository: { clone_url: 'https://github.com/acme/nothing' } });
    const body = JSON.stringify(push());
    const answers = [
      await github(server, push(), { token: 'wrong' }),
      await github(server, elsewhere, { token: 'wrong' }),
      await github(server, elsewhere),
      await github(server, push(), { event: 'ping', token: 'wrong' }),
      await github(server, push({ ref: 'refs/heads/next' }), { token: 'wrong' }),
      await github(server, push(), { token: '' }),
      await post(server, body, { 'x-github-event': 'push' }),
      await post(server, body, { 'x-github-event': 'push', 'x-hub-signature-256': 'sha256=' }),
      await post(server, body, { 'x-github-event': 'push', 'x-hub-signature': `sha1=${'0'.repeat(40)}` }),
      await post(server, body, { 'x-gitea-event': 'push', 'x-gitea-signature': signed(body, 'wrong') }),
      await post(server, body, { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': '' }),
    ];
    for (const { code, text } of answers) assert.equal([code, text], [401, answers[0]?.text]);
    assert.equal(made(server), []);
  }),
);

test(
  'an empty token, or a Secret that is not there, is nobody’s',
  withServer(async (server) => {
    application(server, 'web');
    assert.is((await github(server, push())).code, 401);
    secret(server, 'shop', '');
    assert.is((await github(server, push(), { token: '' })).code, 401);
    const body = JSON.stringify({
      object_kind: 'push',
      project: { git_ssh_url: 'git@github.com:acme/shop.git' },
    });
    assert.is((await post(server, body, { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': '' })).code, 401);
    assert.equal(made(server), []);
  }),
);

test(
  'a body that was changed on its way is not the one that was signed',
  withShop(async (server) => {
    const body = JSON.stringify(push());
    const headers = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signed(body, TOKEN)}` };
    assert.is((await post(server, body.replace('main', 'evil'), headers)).code, 401);
    assert.is((await post(server, body, headers)).code, 201);
  }),
);

test(
  'tags, deleted branches, other events and pings make nothing, and are told so',
  withShop(async (server) => {
    const answers = await Promise.all([
      github(server, push({ ref: 'refs/tags/v1' })),
      github(server, push({ after: ZEROS, deleted: true, head_commit: null })),
      github(server, push({ after: 'HEAD; rm -rf /' })),
      github(server, push(), { event: 'issues' }),
      github(
        server,
        { zen: 'Keep it simple.', repository: { ssh_url: 'git@github.com:acme/shop' } },
        { event: 'ping' },
      ),
    ]);
    assert.equal(
      answers.map(({ code, json }) => [code, json.message]),
      [
        [200, 'a tag was pushed: only pushes to branches are deployed'],
        [200, 'the branch was deleted: what runs goes on'],
        [200, 'it names no commit'],
        [200, 'issues is no push: nothing is to be done'],
        [200, 'pong: the signature is good'],
      ],
    );
    const organization = await github(server, { zen: 'Keep it simple.' }, { event: 'ping', token: 'wrong' });
    assert.equal([organization.code, organization.json.message], [200, 'pong']);
    assert.equal(made(server), []);
  }),
);

test(
  'Gitea, which says that it is GitHub too',
  withShop(async (server) => {
    const body = JSON.stringify(push({ pusher: { login: 'ben', username: 'ben' } }));
    const headers = {
      'x-gitea-event': 'push',
      'x-gitea-signature': signed(body, TOKEN),
      'x-github-event': 'push',
      'x-gitea-delivery': 'x',
    };
    assert.is((await post(server, body, headers)).code, 201);
    assert.equal(
      made(server).map(({ by }) => by),
      ['webhook:gitea:ben'],
    );
  }),
);

test(
  'GitLab shows its token',
  withShop(async (server) => {
    const payload = (more: object = {}): string =>
      JSON.stringify({
        object_kind: 'push',
        ref: 'refs/heads/main',
        before: ZEROS,
        after: COMMIT,
        user_username: 'cleo d',
        project: { git_ssh_url: 'git@github.com:acme/shop.git', default_branch: 'main' },
        commits: [
          { id: 'f'.repeat(40), message: 'older' },
          { id: COMMIT, message: 'newest' },
        ],
        ...more,
      });
    const tell = (text: string, token: string, delivery: string): Promise<HttpAnswer> =>
      post(server, text, {
        'x-gitlab-event': 'Push Hook',
        'x-gitlab-token': token,
        'x-gitlab-event-uuid': delivery,
      });
    assert.is((await tell(payload(), `${TOKEN}x`, 'a')).code, 401);
    assert.is((await tell(payload(), TOKEN, 'a')).code, 201);
    assert.is((await tell(payload(), TOKEN, 'a')).code, 200, 'again');
    assert.is((await tell(payload({ after: ZEROS, commits: [] }), TOKEN, 'b')).code, 200);
    const [one] = made(server);
    assert.equal([one?.by, one?.spec.comment], ['webhook:gitlab:cleo_d', 'main: newest']);
    assert.is(made(server).length, 1);
  }),
);

test(
  'what is no call of a Git host is refused',
  withShop(async (server) => {
    const headers = { 'x-github-event': 'push' };
    assert.is((await post(server, '{}', {})).code, 400);
    assert.is((await post(server, '{"a":', headers)).code, 400);
    assert.is((await post(server, '[1]', headers)).code, 400);
    assert.is((await post(server, `{"ref":${'['.repeat(2000)}`, headers)).code, 400);
    const big = await github(server, push({ commits: 'x'.repeat(1024 * 1024) }));
    assert.is(big.code, 413);
    assert.match(big.json.message ?? '', /1 MiB.*scalarium deploy/);
    assert.is((await server.ask('GET', '/webhooks/git', { token: null })).code, 401);
    assert.is((await server.ask('POST', '/webhooks/git/', { token: null, body: '{}' })).code, 401);
  }),
);

test(
  'many calls that prove nothing wait; good ones do not count',
  withShop(async (server) => {
    for (let at = 0; at < 70; at += 1) assert.is.not((await github(server, push())).code, 429);
    const codes: number[] = [];
    for (let at = 0; at < 70; at += 1) codes.push((await github(server, push(), { token: 'wrong' })).code);
    assert.ok(codes.includes(429), 'nobody was made to wait');
    assert.is(codes[0], 401);
  }),
);

test(
  'the audit log has who pushed, what was made, and who was refused; no token',
  withShop(async (server) => {
    await github(server, push());
    await github(server, push(), { token: 'wrong' });
    const lines = server.audited.map(({ user, proof, verb, kind, name, allowed, code }) =>
      [user, proof, verb, kind ?? '-', (name ?? '-').replace(/[0-9a-f]{12}$/, '#'), allowed, code].join(' '),
    );
    assert.equal(lines, [
      'webhook:github:anna webhook create Deployment web-# true 201',
      'webhook:github:anna none webhook - - true 201',
      ' none webhook - - false 401',
    ]);
    assert.not.match(JSON.stringify(server.audited), new RegExp(TOKEN));
  }),
);

test(
  'what could not be stored is to be told again',
  withShop(async (server) => {
    server.objects.failNext(transient('Unreachable', 'the store is away'));
    assert.is((await github(server, push())).code, 503);
    assert.is((await github(server, push())).code, 201);
    assert.is(made(server).length, 1);
  }),
);

test(
  'an application or cluster that is being deleted is not deployed',
  withShop(async (server) => {
    server.objects.deleteRaw(ref('Application', 'shop', 'web'));
    assert.is((await github(server, push())).code, 401);
    assert.equal(made(server), []);
  }),
);
