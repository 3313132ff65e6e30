/** Archives: what is in them comes into force whole and checked, or not at all. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Applied } from '../../../recipes/apply.js';
import type { ArchiveResource } from '../../../recipes/resource.js';
import { served, sha256, tarOf, zipOf, type FileServer } from '../../build/archives.js';
import { assert } from '../../suite.js';
import { apply, onStage, text, type Stage } from './stage.js';

const test = onStage('archives');

let data: Buffer = Buffer.alloc(0);
let server: FileServer;

test.before(async () => {
  server = await served(() => data);
});
test.after(() => {
  server.close();
});

const bring = (stage: Stage, what: Buffer, more: Partial<ArchiveResource> = {}): Promise<Applied> => {
  data = what;
  const base = { type: 'archive', path: '/srv/app', url: server.url, checksum: sha256(what) } as const;
  return apply(stage, [{ ...base, ...more }]);
};

const failing = async (stage: Stage, what: Buffer, more: Partial<ArchiveResource> = {}): Promise<string> => {
  const { failure, changed } = await bring(stage, what, more);
  assert.equal(changed, []);
  return failure ?? '';
};

/** Of a failure nothing stays. */
const nothingIn = async ({ root }: Stage): Promise<void> => {
  assert.equal(existsSync(join(root, 'srv')) ? await readdir(join(root, 'srv')) : [], []);
};

const APP = [{ name: 'app-1/' }, { name: 'app-1/run', text: 'go' }, { name: 'app-1/now', link: 'run' }];

for (const [name, archive] of [
  ['tar.gz', tarOf(...APP)],
  ['zip', zipOf({ name: 'app-1/run', text: 'go' }, { name: 'app-1/now', link: 'run' })],
] as const)
  test(`${name}: unpacked, its leading parts dropped; a second run does nothing`, async (stage) => {
    assert.is((await bring(stage, archive, { strip: 1 })).failure, null);
    assert.is(await text(stage.root, 'srv/app/now'), 'go');
    assert.equal(await bring(stage, archive, { strip: 1 }), { changed: [], failure: null });
    assert.equal(await readdir(join(stage.root, 'srv')), ['app']);
  });

test('another archive takes the place of the old one, with all that was in it', async (stage) => {
  await bring(stage, tarOf({ name: 'old', text: '1' }));
  await bring(stage, tarOf({ name: 'new', text: '2' }));
  assert.equal((await readdir(join(stage.root, 'srv/app'))).sort(), ['.scalarium-archive', 'new']);
});

test('what has another checksum never comes into force, and what was there stays', async (stage) => {
  await bring(stage, tarOf({ name: 'old', text: '1' }));
  const why = await failing(stage, tarOf({ name: 'new', text: '2' }), { checksum: 'a'.repeat(64) });
  assert.match(
    why,
    /^archive\[\/srv\/app\]: \S+ has another content than wanted: its SHA-256 is [0-9a-f]{64}, not a{64}$/,
  );
  assert.is(await text(stage.root, 'srv/app/old'), '1');
  assert.equal(await readdir(join(stage.root, 'srv')), ['app']);
});

test('a server that has none, an odd address, an odd checksum', async (stage) => {
  const any = tarOf({ name: 'x' });
  assert.match(await failing(stage, any, { url: `${server.url}none` }), /the server said 404/);
  assert.match(await failing(stage, any, { url: 'file:///etc/passwd' }), /no address of http or https/);
  assert.match(await failing(stage, any, { checksum: 'abc' }), /"abc" is no SHA-256/);
  assert.match(
    await failing(stage, any, { url: 'http://127.0.0.1:1/' }),
    /cannot be downloaded: fetch failed: \S/,
  );
  await nothingIn(stage);
});

const BAD = [
  {
    name: 'a name that climbs',
    entries: [{ name: 'a/../../../evil', text: 'x' }],
    says: /"a\/..\/..\/..\/evil" in it leads out/,
  },
  {
    name: 'an absolute name',
    entries: [{ name: '/tmp/evil', text: 'x' }],
    says: /"\/tmp\/evil" in it leads out/,
  },
  {
    name: 'a link to an absolute place',
    entries: [{ name: 'l', link: '/etc' }],
    says: /the link l in it leads out of it, to \/etc/,
  },
  {
    name: 'a link that climbs',
    entries: [{ name: 'l', link: '../../etc' }],
    says: /the link l in it leads out/,
  },
  {
    name: 'a link that climbs by way of another',
    entries: [
      { name: 'a/b/c/x', link: '../../../d' },
      { name: 'd/y', text: '' },
      { name: 'l', link: 'a/b/c/x/../../../etc' },
    ],
    says: /the link (l|a\/b\/c\/x) in it leads out/,
  },
  {
    name: 'a file through a link',
    entries: [
      { name: 'l', link: '/tmp' },
      { name: 'l/evil-scalarium', text: 'x' },
    ],
    says: /exit code|leads out/,
  },
] as const;

for (const { name, entries, says } of BAD)
  for (const [kind, pack] of [
    ['tar', tarOf],
    ['zip', zipOf],
  ] as const)
    test(`${kind}: ${name}: refused, and nothing stays`, async (stage) => {
      assert.match(await failing(stage, pack(...entries)), says);
      await nothingIn(stage);
      assert.not(existsSync('/tmp/evil') || existsSync('/tmp/evil-scalarium'));
    });

test('a link to nothing within is no harm', async (stage) => {
  assert.is((await bring(stage, tarOf({ name: 'l', link: 'not/yet' }))).failure, null);
});

test('a device is refused', async (stage) => {
  assert.match(await failing(stage, tarOf({ name: 'sda', device: true })), /"sda" in it is a device/);
});

test('one that unpacks to more than the disk has is refused before it is unpacked', async (stage) => {
  const claims = 7 * 1024 ** 3;
  const entries = Array.from({ length: 400 }, (_item, index) => ({
    name: `f${String(index)}`,
    claims: 4_000_000_000,
  }));
  assert.match(
    await failing(stage, zipOf(...entries)),
    /it unpacks to \d+ bytes or more, and the disk has room for \d+/,
  );
  const many = Array.from({ length: 1 }, () => ({ name: 'big', claims }));
  assert.match(await failing(stage, tarOf(...many)), /unpacks to \d+ bytes|no archive that can be read/);
  await nothingIn(stage);
});

test('what is no archive, or half of one, is refused', async (stage) => {
  assert.match(await failing(stage, Buffer.from('no archive at all')), /no archive that can be read/);
  const whole = tarOf({ name: 'a', text: 'x'.repeat(100_000) });
  assert.match(await failing(stage, whole.subarray(0, 90)), /no archive that can be read/);
  await nothingIn(stage);
});

test('what is not from an archive is not replaced: a file, a directory with something in it', async (stage) => {
  await mkdir(join(stage.root, 'srv'));
  await writeFile(join(stage.root, 'srv/app'), 'mine');
  assert.match(await failing(stage, tarOf({ name: 'a' })), /there is something else already/);
  assert.is(await readFile(join(stage.root, 'srv/app'), 'utf8'), 'mine');
  await rm(join(stage.root, 'srv/app'));
  await mkdir(join(stage.root, 'srv/app'));
  assert.is((await bring(stage, tarOf({ name: 'a', text: 'x' }))).failure, null);
  await rm(join(stage.root, 'srv/app/.scalarium-archive'));
  assert.match(await failing(stage, tarOf({ name: 'b' })), /there is something else already/);
});
