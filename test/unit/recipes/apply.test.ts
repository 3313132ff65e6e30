import { mkdtemp, readFile, readdir, readlink, rm, stat, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyResources, type Applied } from '../../../recipes/apply.js';
import type { Resource } from '../../../recipes/resource.js';
import { identify } from '../../../runtime/process-identity.js';
import { assert, suite } from '../../suite.js';
import { optionsFor } from './options.js';

const test = suite<{ root: string }>('resources change only what differs', { root: '' });

test.beforeEach(async (context) => {
  context.root = await mkdtemp(join(tmpdir(), 'scalarium-recipes-'));
});
test.afterEach(async ({ root }) => {
  await rm(root, { recursive: true, force: true });
});

const apply = (
  root: string,
  resources: readonly Resource[],
  signal = new AbortController().signal,
): Promise<Applied> => applyResources(resources, optionsFor(root, { signal }));

const all: readonly Resource[] = [
  { type: 'directory', path: '/srv/www', mode: 0o750 },
  { type: 'file', path: '/etc/motd', content: 'hello\n', mode: 0o600 },
  {
    type: 'template',
    path: '/etc/app.conf',
    template: 'port {{ app.port }}\n',
    attributes: { app: { port: 80 } },
  },
  { type: 'link', path: '/etc/current.conf', target: '/etc/app.conf' },
  { type: 'execute', name: 'touch', command: ['touch', 'done'], creates: '/done' },
];

test('a second run changes nothing', async ({ root }) => {
  const first = await apply(root, all);
  assert.equal(first, {
    changed: [
      'directory[/srv/www]',
      'file[/etc/motd]',
      'template[/etc/app.conf]',
      'link[/etc/current.conf]',
      'execute[touch]',
    ],
    failure: null,
  });
  assert.equal(await apply(root, all), { changed: [], failure: null });
  assert.is(await readFile(join(root, 'etc/current.conf'), 'utf8'), 'port 80\n');
  assert.is((await stat(join(root, 'etc/motd'))).mode & 0o777, 0o600);
  assert.is((await stat(join(root, 'srv/www'))).mode & 0o777, 0o750);
});

test('what somebody changed is put right, and only that', async ({ root }) => {
  await apply(root, all);
  await writeFile(join(root, 'etc/motd'), 'bye');
  assert.equal(await apply(root, all), { changed: ['file[/etc/motd]'], failure: null });
  assert.is(await readFile(join(root, 'etc/motd'), 'utf8'), 'hello\n');
});

test('no temporary files stay, and one left by a crash is no hindrance', async ({ root }) => {
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc/.motd.scalarium-new'), 'half');
  await apply(root, all);
  assert.equal((await readdir(join(root, 'etc'))).sort(), ['app.conf', 'current.conf', 'motd']);
});

test('a link is written so that it stays within the root', async ({ root }) => {
  await apply(root, [{ type: 'link', path: '/a/b/link', target: '/etc/passwd' }]);
  assert.is(await readlink(join(root, 'a/b/link')), '../../etc/passwd');
});

const failures: readonly { readonly name: string; readonly resource: Resource; readonly says: RegExp }[] = [
  {
    name: 'an unknown attribute',
    resource: { type: 'template', path: '/x', template: '{{ a.b }} {{ c }}', attributes: { c: 1 } },
    says: /^template\[\/x\]: unknown attribute "a\.b"/,
  },
  {
    name: 'an attribute that is an object',
    resource: { type: 'template', path: '/x', template: '{{ a }}', attributes: { a: {} } },
    says: /unknown attribute "a"/,
  },
  { name: 'a relative path', resource: { type: 'file', path: 'x', content: '' }, says: /not absolute/ },
  { name: 'a path that climbs', resource: { type: 'file', path: '/a/../../x', content: '' }, says: /"\.\."/ },
  {
    name: 'a link that climbs out',
    resource: { type: 'link', path: '/a/link', target: '../../x' },
    says: /out of the host's root/,
  },
  {
    name: 'a command that fails, with its code and last output',
    resource: { type: 'execute', name: 'fail', command: ['sh', '-c', 'echo so it goes; exit 3'] },
    says: /^execute\[fail\]: command "sh -c [^"]*": exit code 3; last output:\nso it goes$/,
  },
  {
    name: 'a program that is not there',
    resource: { type: 'execute', name: 'none', command: ['/no/such/program'] },
    says: /ENOENT/,
  },
  {
    name: 'a command without an end',
    resource: { type: 'execute', name: 'slow', command: ['sleep', '60'], timeoutSeconds: 0 },
    says: /no end after 0 s, killed/,
  },
];

for (const row of failures) {
  test(`${row.name}: fails and stops there`, async ({ root }) => {
    const after: Resource = { type: 'file', path: '/after', content: '' };
    const applied = await apply(root, [row.resource, after]);
    assert.match(applied.failure ?? '', row.says);
    assert.equal(applied.changed, []);
    assert.equal((await readdir(root)).includes('after'), false);
  });
}

test('a link out of the root on the host is not followed', async ({ root }) => {
  const outside = await mkdtemp(join(tmpdir(), 'scalarium-outside-'));
  try {
    await symlink(outside, join(root, 'etc'));
    const applied = await apply(root, [{ type: 'file', path: '/etc/motd', content: 'x' }]);
    assert.match(applied.failure ?? '', /leads out of the host's root/);
    assert.equal(await readdir(outside), []);
  } finally {
    await rm(outside, { recursive: true });
  }
});

test('a file that is a link out of the root is replaced, not written through', async ({ root }) => {
  const outside = join(root, '..', `outside-${String(process.pid)}`);
  await symlink(outside, join(root, 'motd'));
  await apply(root, [{ type: 'file', path: '/motd', content: 'x' }]);
  assert.is(await readFile(join(root, 'motd'), 'utf8'), 'x');
});

test('unless: nothing is done when the check succeeds', async ({ root }) => {
  const resource: Resource = { type: 'execute', name: 'x', command: ['touch', 'x'], unless: ['true'] };
  assert.equal(await apply(root, [resource]), { changed: [], failure: null });
  assert.equal(await readdir(root), []);
});

test('an abort kills the command and its children', async ({ root }) => {
  const stop = new AbortController();
  const command = ['sh', '-c', 'sleep 61 & echo $! > child; wait'];
  const applied = apply(root, [{ type: 'execute', name: 'x', command }], stop.signal);
  let child = '';
  while (child === '') child = (await readFile(join(root, 'child'), 'utf8').catch(() => '')).trim();
  stop.abort();
  assert.match((await applied).failure ?? '', /aborted/);
  while (identify(Number(child)) !== null) await new Promise((resolve) => setImmediate(resolve));
});

test('output is bounded', async ({ root }) => {
  const command = ['sh', '-c', 'yes 0123456789 | head -c 3000000; exit 1'];
  const applied = await apply(root, [{ type: 'execute', name: 'chatty', command }]);
  assert.ok((applied.failure ?? '').length < 1000);
});
