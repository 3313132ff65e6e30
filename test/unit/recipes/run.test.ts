/** Runs of resources: order, secrets, dry runs, failures. */
import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplyOptions } from '../../../recipes/apply.js';
import type { Resource } from '../../../recipes/resource.js';
import { assert } from '../../suite.js';
import { apply, file, onStage, restart, says, settled, text, web } from './stage.js';

const test = onStage('a run of resources');

test('onlyIf: a resource counts only when its guard says so', async (context) => {
  await apply(context, [
    says('yes', { onlyIf: ['true'] }),
    says('no', { onlyIf: ['false'] }),
    { ...file('x'), onlyIf: ['false'] },
  ]);
  assert.equal(await readdir(context.root), ['said']);
});

test('what a change makes true is seen by those that come after it', async (context) => {
  const { changed } = await apply(context, [
    { type: 'file', path: '/a', content: '1' },
    says('guarded', { unless: ['test', '-e', 'a'] }),
    { type: 'absent', path: '/a' },
    { type: 'file', path: '/a', content: '1' },
  ]);
  assert.equal(changed, ['file[/a]', 'absent[/a]', 'file[/a]']);
});

const secrets: ApplyOptions['secrets'] = (name) =>
  name === 'db' ? Promise.resolve({ password: 'hunter22' }) : Promise.reject(new Error('it is nobody here'));

const password = { secret: 'db', key: 'password' };

const withSecret: Resource = {
  type: 'template',
  path: '/etc/db.conf',
  template: 'user = {{ user }}\npassword = {{ db.password }}\n',
  attributes: { user: 'app', db: { password } },
};

test('a secret is filled in, and its file is for its owner alone', async (context) => {
  assert.is((await apply(context, [withSecret], { secrets })).failure, null);
  assert.is(await text(context.root, 'etc/db.conf'), 'user = app\npassword = hunter22\n');
  assert.is((await stat(join(context.root, 'etc/db.conf'))).mode & 0o777, 0o600);
});

test('no secret is in a log, a failure or a diff', async (context) => {
  const lines: unknown[] = [];
  const say = (message: string, keys?: unknown): void => {
    lines.push(message, keys);
  };
  const log = { info: say, warn: say };
  const leaks: Resource = {
    type: 'execute',
    name: 'leak',
    command: ['sh', '-c', 'cat; echo $PASSWORD; echo hunter22 >&2; exit 1'],
    environment: { PASSWORD: password },
    input: { template: 'in {{ it }}\n', attributes: { it: password } },
  };
  const { failure } = await apply(context, [withSecret, leaks], { secrets, log });
  assert.match(failure ?? '', /exit code 1; last output:\nin \*+\n\*+\n\*+$/);
  await writeFile(join(context.root, 'etc/db.conf'), 'user = app\npassword = theoldone\n');
  const { diffs } = await apply(context, [withSecret], { secrets, log, dryRun: true });
  const all = JSON.stringify([lines, failure, diffs]);
  assert.not.match(all, /hunter22|theoldone/);
  assert.match(all, /\+password = \*{6}/);
});

test('a secret that cannot be had is named', async (context) => {
  const resource: Resource = {
    ...withSecret,
    attributes: { user: 'a', db: { password: { secret: 'x', key: 'y' } } },
  };
  assert.is(
    (await apply(context, [resource], { secrets })).failure,
    'template[/etc/db.conf]: the secret x cannot be had: it is nobody here',
  );
});

test('a failure names where the recipe says so', async (context) => {
  const resource: Resource = { type: 'file', path: 'x', content: '', at: 'recipes/roles/web.ts:31' };
  assert.match(
    (await apply(context, [resource])).failure ?? '',
    /^file\[x\] \(recipes\/roles\/web\.ts:31\): /,
  );
});

test('a dry run touches nothing and says what would change', async (context) => {
  await settled(context);
  await apply(context, [file('one\ntwo\n')]);
  await chmod(join(context.root, 'etc/web.conf'), 0o600);
  const before = await readdir(context.root, { recursive: true });
  const applied = await apply(
    context,
    [
      file('one\n2\n', restart),
      web,
      { type: 'directory', path: '/srv/new' },
      { type: 'link', path: '/srv/link', target: '/srv/new' },
      says('words'),
    ],
    { dryRun: true },
  );
  assert.equal(applied, {
    changed: ['file[/etc/web.conf]', 'directory[/srv/new]', 'link[/srv/link]', 'execute[words]'],
    failure: null,
    diffs: [
      {
        resource: 'file[/etc/web.conf]',
        diff: '--- /etc/web.conf\n+++ /etc/web.conf\n@@ -1,2 +1,2 @@\n one\n-two\n+2',
      },
      { resource: 'directory[/srv/new]', diff: '/srv/new: new directory' },
      { resource: 'link[/srv/link]', diff: '/srv/link: a link to new' },
      { resource: 'execute[words]', diff: 'would run: sh -c echo words >> said' },
      { resource: 'service[web]', diff: 'restart, notified by file[/etc/web.conf]' },
    ],
  });
  assert.equal(await readdir(context.root, { recursive: true }), before);
  assert.equal(context.services.calls, []);
});

test('a dry run of what is as it should be finds nothing', async (context) => {
  await apply(context, [web, file('x', restart)]);
  assert.equal(await apply(context, [web, file('x', restart)], { dryRun: true }), {
    changed: [],
    failure: null,
    diffs: [],
  });
});

test('in a dry run, what cannot be told before the rest is done is a note', async (context) => {
  const { failure, notes } = await apply(
    context,
    [file('x'), says('guarded', { cwd: '/not/yet', unless: ['true'] })],
    { dryRun: true },
  );
  assert.is(failure, null);
  assert.match(notes?.[0] ?? '', /^execute\[guarded\]: cannot be told before the rest is done/);
});

test('diffs are bounded', async (context) => {
  const big = (index: number): Resource => ({
    type: 'file',
    path: `/big-${String(index)}`,
    content: 'word\n'.repeat(5_000),
  });
  const { diffs = [] } = await apply(context, [big(1), big(2), big(3), big(4)], { dryRun: true });
  assert.ok(Buffer.byteLength(JSON.stringify(diffs)) < 80 * 1024);
  assert.match(diffs.at(-1)?.diff ?? '', /\[cut: there is more than is shown\]$/);
});

test('content that its check refuses never comes into force', async (context) => {
  const check = ['grep', '-q', 'good', '{}'];
  const conf = (content: string): Resource => ({ type: 'file', path: '/etc/x.conf', content, check });
  assert.is((await apply(context, [conf('good\n')])).failure, null);
  assert.match(
    (await apply(context, [conf('bad\n')])).failure ?? '',
    /^file\[\/etc\/x\.conf\]: the new content is not accepted: command "grep -q good [^"]*": exit code 1/,
  );
  assert.is(await text(context.root, 'etc/x.conf'), 'good\n');
  assert.equal(await readdir(join(context.root, 'etc')), ['x.conf']);
});

test('on a host that is a folder the machine is left alone', async (context) => {
  const { failure, notes = [] } = await apply(context, [
    { type: 'package', names: ['no-such-package'] },
    { type: 'user', name: 'nobody-at-all' },
    { type: 'group', name: 'nobody-at-all' },
    { type: 'filesystem', device: '/dev/null', format: 'ext4' },
    { type: 'mount', path: '/mnt', device: '/dev/null', format: 'ext4' },
    { type: 'sysctl', name: 'vm.swappiness', value: '1' },
    { type: 'file', path: '/x', content: '', owner: 'no-such-user' },
    says('words', { user: 'no-such-user' }),
  ]);
  assert.is(failure, null);
  assert.is(notes.length, 6);
});
