import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { adminToken } from '../../runtime/tokens.js';
import { openAccess } from '../../server/access/open.js';
import { type CliRun, type CliSetting, cli } from '../build/cli.js';
import { shop, testServer } from '../build/server.js';
import { fakeObjects } from '../fake/objects.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { assert, suite } from '../suite.js';

const test = suite('users, tokens and grants from the command line');
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000 anna@laptop';

interface Scene {
  /** As whoever has this token; none: the installation. */
  readonly as: (setting: Partial<CliSetting>, ...words: readonly string[]) => Promise<CliRun>;
  readonly run: (...words: readonly string[]) => Promise<CliRun>;
  readonly folder: string;
}

const scene = (body: (scene: Scene) => Promise<void>) => async (): Promise<void> => {
  const objects = fakeObjects(() => Date.parse('2026-01-02T03:04:05Z'));
  const installationKey = Buffer.alloc(32, 1);
  const access = openAccess({
    objects,
    installationKey,
    clock: systemClock,
    chance: systemChance,
    log: silentLog,
  });
  const server = await testServer({ objects, access });
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-access-'));
  const base = { url: server.running.url, token: adminToken(installationKey) };
  const as: Scene['as'] = (setting, ...words) => cli({ ...base, ...setting }, ...words);
  try {
    shop(objects);
    await body({ as, run: (...words) => as({}, ...words), folder });
  } finally {
    await server.running.close();
    access.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

test(
  'a user gets a token, and with it what the grants say',
  scene(async ({ as, run }) => {
    assert.is((await run('whoami')).out, 'system:installation\n');
    const made = await run('user', 'create', 'anna', '--group', 'ops');
    assert.is(made.code, 0, made.err);
    assert.match(made.err, /cannot log in yet/);
    const created = await run('token', 'create', 'ci', '--user', 'anna', '--expires', '30d');
    assert.is(created.code, 0, created.err);
    assert.match(created.out, /^scalarium_[\w-]{43}\n$/);
    const anna = { token: created.out.trim() };
    assert.is((await as(anna, 'whoami')).out, 'anna (groups: ops)\n');
    const no = await as(anna, 'can-i', 'delete', 'role/app', '-n', 'shop');
    assert.is(no.code, 1);
    assert.match(no.out, /^no/, no.err);
    assert.is((await as(anna, 'get', 'role', 'app', '-n', 'shop')).code, 4);
    assert.is(
      (await run('grant', '--group', 'ops', 'manage', '-n', 'shop')).out,
      'group ops: manage in cluster shop\n',
    );
    assert.match((await as(anna, 'can-i', 'delete', 'role/app', '-n', 'shop')).out, /^yes/);
    assert.match((await as(anna, 'can-i', '--list', '-n', 'shop')).out, /roles/);
    assert.match((await as(anna, 'token', 'list')).out, /^NAME +EXPIRES +AGE\nci +20/);
    assert.is((await run('token', 'revoke', 'ci', '--user', 'anna')).out, 'token/ci revoked\n');
    assert.is((await as(anna, 'whoami')).code, 4);
  }),
);

test(
  'grants are made, changed, listed and taken away',
  scene(async ({ run }) => {
    await run('user', 'create', 'ben');
    assert.is((await run('grant', 'ben', 'show', '-n', 'shop', '--role', 'app')).code, 0);
    const changed = await run('grant', 'ben', 'deploy', '-n', 'shop', '--sudo');
    assert.is(changed.out, 'ben: deploy in cluster shop, with sudo\n', changed.err);
    assert.match((await run('grant', 'list', '-n', 'shop')).out, /ben +deploy +ben +- +yes +yes/);
    assert.is((await run('grant', 'revoke', 'ben', '-n', 'shop')).out, 'grant/ben revoked\n');
    assert.is((await run('grant', 'revoke', 'ben', '-n', 'shop')).code, 3);
    assert.is((await run('grant', 'ben', 'everything', '-n', 'shop')).code, 64);
    assert.is((await run('grant', 'ben', '-n', 'shop')).code, 64);
    const slip = await run('grant', 'bne', 'show', '-n', 'shop');
    assert.is(slip.code, 0);
    assert.match(slip.err, /^warning: there is no user 'bne'/);
  }),
);

test(
  'users have keys, can be disabled, and are deleted',
  scene(async ({ as, run, folder }) => {
    const file = join(folder, 'id.pub');
    writeFileSync(file, `${KEY}\n`);
    const made = await as(
      { stdin: 'a long enough password\n' },
      'user',
      'create',
      'anna',
      '--ssh-key',
      file,
      '--password-stdin',
    );
    assert.equal(made, { out: 'user/anna created\n', err: '', code: 0 });
    assert.is((await run('user', 'ssh-key', 'list', '--user', 'anna')).out, `${KEY}\n`);
    assert.is((await run('user', 'ssh-key', 'remove', 'anna@laptop', '--user', 'anna')).code, 0);
    assert.is((await run('user', 'ssh-key', 'list', '--user', 'anna')).out, '');
    assert.is((await run('user', 'ssh-key', 'add', file, '--user', 'anna')).out, 'user/anna: 1 key added\n');
    assert.is((await run('user', 'disable', 'anna')).out, 'user/anna disabled\n');
    assert.match((await run('user', 'list')).out, /anna +no +yes/);
    assert.is((await run('user', 'enable', 'anna')).code, 0);
    const set = await as(
      { stdin: 'another long password\n' },
      'user',
      'password',
      'anna',
      '--password-stdin',
    );
    assert.is(set.out, 'password of user/anna set\n', set.err);
    const typed = await as({ secret: 'typed where nobody sees it' }, 'user', 'password', 'anna');
    assert.is(typed.out, 'password of user/anna set\n', typed.err);
    assert.is((await as({ answer: null }, 'user', 'password', 'anna')).code, 64);
    const secret = join(folder, 'password');
    writeFileSync(secret, 'a long one from a file\n');
    const filed = await run('user', 'password', 'anna', '--password-file', secret);
    assert.is(filed.out, 'password of user/anna set\n', filed.err);
    const none = await run('user', 'password', 'anna', '--password-file', join(folder, 'none'));
    assert.match(none.err, /--password-file \S+none: it cannot be read/);
    const both = ['user', 'password', 'anna', '--password-file', secret, '--password-stdin'];
    assert.is((await run(...both)).code, 64);
    const lost = (await run('token', 'create', 'lost', '--user', 'anna')).out.trim();
    assert.is((await as({ token: lost }, 'whoami')).code, 0);
    const words = ['user', 'password', 'anna', '--revoke-tokens'];
    assert.match((await as({ secret: 'and nobody has this one' }, ...words)).out, 'tokens revoked');
    assert.is((await as({ token: lost }, 'whoami')).code, 4);
    await run('grant', 'anna', 'show', '-n', 'shop');
    const deleted = await run('user', 'delete', 'anna');
    assert.is(deleted.out, 'user/anna deleted\n');
    assert.match(deleted.err, /^warning: grants still name user 'anna'.*: shop\/[\w-]+; delete them too\n$/);
    assert.is((await run('user', 'create', 'Anna')).code, 1);
    assert.is((await run('user', 'create', 'x', '--ssh-key', join(folder, 'none'))).code, 64);
    const own = join(folder, 'id');
    writeFileSync(
      own,
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n',
    );
    const refused = await run('user', 'create', 'x', '--ssh-key', own);
    assert.is(refused.code, 64);
    assert.match(refused.err, 'private key');
    assert.not.match(refused.err, 'b3BlbnNz');
  }),
);
