import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from '../../../api-types/accounts.js';
import { applyAccounts, type AppliedAccounts } from '../../../recipes/accounts/apply.js';
import { applyResources } from '../../../recipes/apply.js';
import { isOurs, parsePasswd, shadowIn, uidFor } from '../../../recipes/accounts/passwd.js';
import { planAccounts } from '../../../recipes/accounts/plan.js';
import { parseProcess, processesOf, type Process } from '../../../recipes/accounts/processes.js';
import { recipeFor } from '../../../recipes/catalog.js';
import { inputOf } from '../../../recipes/inputs.js';
import { assert, suite } from '../../suite.js';
import { optionsFor } from './options.js';
import { namedSecrets } from './texts.js';
import { snapshotOf } from './world.js';

const test = suite<{ root: string }>('accounts of a host that is a folder', { root: '' });

test.beforeEach(async (context) => {
  context.root = await mkdtemp(join(tmpdir(), 'scalarium-accounts-'));
});
test.afterEach(async ({ root }) => {
  await rm(root, { recursive: true, force: true });
});

const jane: Account = { name: 'jane', keys: ['ssh-ed25519 AAAAone'], sudo: true };
const bob: Account = { name: 'bob', keys: [], sudo: false };

const apply = (root: string, ...accounts: readonly Account[]): Promise<AppliedAccounts> =>
  applyAccounts(accounts, { root, signal: new AbortController().signal });

const text = (root: string, path: string): Promise<string> => readFile(join(root, path), 'utf8');

const modes = (root: string, paths: readonly string[]): Promise<readonly string[]> =>
  Promise.all(paths.map(async (path) => ((await stat(join(root, path))).mode & 0o7777).toString(8)));

const KEYS = 'home/jane/.ssh/authorized_keys';
const SUDO = 'etc/sudoers.d/scalarium-jane';

test('nobody granted: nothing is touched', async ({ root }) => {
  assert.equal(await apply(root), { changed: [], warnings: [] });
  assert.equal(await readdir(root), []);
});

test('accounts are made; a second run changes nothing', async ({ root }) => {
  assert.equal(await apply(root, jane, bob), {
    changed: ['account[jane]', 'authorized_keys[jane]', 'sudo[jane]', 'account[bob]', 'authorized_keys[bob]'],
    warnings: [],
  });
  assert.equal(await apply(root, jane, bob), { changed: [], warnings: [] });
  assert.match(await text(root, KEYS), /^ssh-ed25519 AAAAone$/m);
  assert.match(await text(root, SUDO), /^jane ALL=\(ALL:ALL\) NOPASSWD:ALL$/m);
  assert.match(await text(root, 'etc/passwd'), /^jane:\*:\d+:19999:scalarium:\/home\/jane:\/bin\/sh$/m);
  assert.equal(await modes(root, ['home/jane', 'home/jane/.ssh', KEYS, SUDO]), ['700', '700', '600', '440']);
});

test('what differs is put right: a key, sudo, modes', async ({ root }) => {
  await apply(root, jane);
  await chmod(join(root, KEYS), 0o644);
  await writeFile(join(root, KEYS), 'ssh-rsa AAAAevil\n');
  assert.equal((await apply(root, { ...jane, sudo: false })).changed, [
    'sudo[jane] removed',
    'authorized_keys[jane]',
  ]);
  assert.not.match(await text(root, KEYS), /evil/);
  assert.equal(await modes(root, [KEYS]), ['600']);
});

test('what is no longer granted goes, and nothing else', async ({ root }) => {
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await apply(root, jane, bob);
  assert.equal((await apply(root, bob)).changed, ['sudo[jane] removed', 'account[jane] removed']);
  assert.equal(await readdir(join(root, 'home')), ['bob']);
  assert.match(await text(root, 'etc/passwd'), /^root:x:0:0:root:\/root:\/bin\/sh\nbob:/);
});

test('an account of the same name is left as it is and named; the others are made', async ({ root }) => {
  await mkdir(join(root, 'etc'));
  const local = 'jane:x:1000:1000:Jane:/home/jane:/bin/sh\n';
  await writeFile(join(root, 'etc/passwd'), local);
  const { changed, warnings } = await apply(root, jane, bob);
  assert.equal(changed, ['account[bob]', 'authorized_keys[bob]']);
  assert.match(warnings[0] ?? '', /^account jane: the host has an account of this name/);
  await apply(root);
  assert.is(await text(root, 'etc/passwd'), local);
});

test('links out of the folder are not followed', async ({ root }) => {
  const outside = await mkdtemp(join(tmpdir(), 'scalarium-outside-'));
  await writeFile(join(outside, 'authorized_keys'), 'theirs\n');
  await apply(root, jane);
  await rm(join(root, 'home/jane/.ssh'), { recursive: true });
  await symlink(outside, join(root, 'home/jane/.ssh'));
  assert.equal((await apply(root, jane)).warnings, []);
  assert.is(await text(outside, 'authorized_keys'), 'theirs\n');
  await rm(join(root, 'home/jane'), { recursive: true });
  await symlink(outside, join(root, 'home/jane'));
  assert.match((await apply(root, jane)).warnings[0] ?? '', /^account jane: expected a directory/);
  assert.equal((await apply(root)).warnings, []);
  assert.is(await text(outside, 'authorized_keys'), 'theirs\n');
  await rm(outside, { recursive: true });
});

test('a run goes on past an account that fails, and says so', async ({ root }) => {
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc/passwd'), 'jane:x:1000:1000::/home/jane:/bin/sh\n');
  const accounts = { jane: { keys: [], roles: { misc: 'ssh' as const } } };
  const snapshot = snapshotOf({ accounts });
  const applied = await applyResources(
    recipeFor('configure', snapshot, 'misc-1'),
    optionsFor(root, { secrets: namedSecrets }),
  );
  assert.is(applied.failure, null);
  assert.match(applied.warning ?? '', /^account jane: /);
  assert.is(await text(root, 'etc/hostname'), 'misc-1\n');
});

test('an account is in the input of exactly the hosts that have it', () => {
  const before = snapshotOf();
  const accounts = { jane: { keys: ['ssh-rsa A'], roles: { app: 'ssh' as const } } };
  const after = snapshotOf({ accounts });
  const changed = Object.keys(before.hosts).filter(
    (name) => inputOf(before, name).input !== inputOf(after, name).input,
  );
  assert.equal(changed, ['app-1', 'app-2', 'app-10']);
});

test('nothing of accounts is done at shutdown', () => {
  const types = recipeFor('shutdown', snapshotOf(), 'app-1').map(({ type }) => type);
  assert.equal(types, ['execute', 'service']);
});

const OURS = 'scalarium';

for (const { name, line, ours } of [
  { name: 'marked and of the group', line: `jane:x:20001:900:${OURS}:/home/jane:/bin/sh`, ours: true },
  { name: 'after chfn', line: `jane:x:20001:900:${OURS},room,,:/home/jane:/bin/sh`, ours: true },
  { name: 'only marked', line: `jane:x:20001:100:${OURS}:/home/jane:/bin/sh`, ours: false },
  { name: 'only of the group', line: 'jane:x:20001:900:Jane:/home/jane:/bin/sh', ours: false },
  { name: 'root in disguise', line: `jane:x:0:900:${OURS}:/home/jane:/bin/sh`, ours: false },
  { name: 'a system account', line: `jane:x:900:900:${OURS}:/home/jane:/bin/sh`, ours: false },
  { name: 'the uid of somebody else', line: `jane:x:1000:900:${OURS}:/home/jane:/bin/sh`, ours: false },
])
  test(`ours or not: ${name}`, () => {
    const all = parsePasswd(`root:x:0:0::/root:/bin/sh\nlocal:x:1000:1000::/home/local:/bin/sh\n${line}\n`);
    assert.is(isOurs(all[2]!, all, 900), ours);
    const { remove } = planAccounts([], all, 900);
    assert.is(remove.length, ours ? 1 : 0);
  });

for (const name of ['root', '1jane', '-x', '../etc', 'jane doe', 'jane\n', 'Jane', 'a'.repeat(33), ''])
  test(`no name for an account: ${JSON.stringify(name)}`, () => {
    const { keep, refused } = planAccounts([{ ...jane, name }], [], 900);
    assert.is(keep.length, 0);
    assert.is(refused.length, 1);
  });

test('a uid belongs to a name, not to whoever comes next', () => {
  assert.is(uidFor('jane'), uidFor('jane'));
  assert.is.not(uidFor('jane'), uidFor('bob'));
  assert.is(uidFor('jane', 1), uidFor('jane') === 59_999 ? 20_000 : uidFor('jane') + 1);
  for (const name of ['jane', 'bob', 'a', 'z9']) assert.ok(uidFor(name) >= 20_000 && uidFor(name) < 60_000);
});

test('shadow', () => {
  const shadow = 'jane:*:20000:0:99999:7::1:\nbob:$6$x:1:::::\n';
  assert.equal(shadowIn(shadow, 'jane'), { password: '*', expires: '1' });
  assert.equal(shadowIn(shadow, 'bob'), { password: '$6$x', expires: '' });
  assert.is(shadowIn(shadow, 'eve'), null);
});

const one = (pid: number, parent: number, session: number, uid: number): Process => ({
  pid,
  parent,
  session,
  id: String(pid),
  uids: [uid, uid, uid, uid],
});

for (const { name, all, known = [], found } of [
  { name: "the user's", all: [one(1, 0, 1, 0), one(5, 1, 5, 7), one(6, 1, 6, 8)], found: [5] },
  { name: 'by any of the uids', all: [{ ...one(5, 1, 5, 0), uids: [7, 0, 0, 0] }], found: [5] },
  { name: 'root below it', all: [one(5, 1, 5, 7), one(6, 5, 6, 0), one(7, 6, 6, 0)], found: [5, 6, 7] },
  { name: 'root in a session it leads', all: [one(5, 1, 5, 7), one(6, 1, 5, 0)], found: [5, 6] },
  { name: 'not the session of another', all: [one(4, 1, 4, 0), one(5, 4, 4, 7)], found: [5] },
  { name: 'root that lost its parent', all: [one(6, 1, 6, 0)], known: ['6'], found: [6] },
])
  test(`processes to end: ${name}`, () => {
    const pids = processesOf(7, all, new Set(known)).map(({ pid }) => pid);
    assert.equal(pids, found);
  });

test('a process is read however it calls itself, and not when it has ended', () => {
  const status = 'Name:\tx\nUid:\t7\t0\t0\t0\nGid:\t1\t1\t1\t1\n';
  const rest = '3 4 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0';
  assert.equal(parseProcess(9, status, `9 (a) S 1 2) S ${rest}`), {
    pid: 9,
    parent: 3,
    session: 5,
    id: '9@777',
    uids: [7, 0, 0, 0],
  });
  assert.is(parseProcess(9, status, `9 (a) Z ${rest}`), null);
});
