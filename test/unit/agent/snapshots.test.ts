import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDiskSnapshots, openMemorySnapshots } from '../../../agent/snapshots.js';
import { snapshotDigest } from '../../../api-types/snapshot-digest.js';
import { assert, suite } from '../../suite.js';

const never = () => Promise.reject(new Error('asked for'));
const named = (snapshot: unknown) => snapshotDigest(snapshot);
const version = { version: 1 };

const snapshots = suite('snapshots on a host');

snapshots('a diff on a base that is held makes the next one without a fetch', async () => {
  const held = openMemorySnapshots();
  const [one, two] = [{ hosts: { a: 1 } }, { hosts: { a: 1, b: 2 } }];
  await held.get(named(one), () => Promise.resolve(one));
  await held.offer({
    snapshot: { ...version, digest: named(two) },
    diff: { base: named(one), patch: { hosts: { b: 2 } } },
  });
  assert.equal(await held.get(named(two), never), two);
  assert.is(held.newest(), named(two));
});

snapshots('a diff that does not add up is dropped: the whole is fetched', async () => {
  const held = openMemorySnapshots();
  const [one, two] = [{ a: 1 }, { a: 2 }];
  await held.get(named(one), () => Promise.resolve(one));
  await held.offer({ snapshot: { ...version, digest: named(two) }, diff: { base: named(one), patch: {} } });
  assert.equal(await held.get(named(two), () => Promise.resolve(two)), two);
});

snapshots('what is not what its name says is refused', async () => {
  const held = openMemorySnapshots();
  const refused = await held
    .get(named({ a: 1 }), () => Promise.resolve({ a: 2 }))
    .catch((error: unknown) => (error as Error).message);
  assert.match(String(refused), /another snapshot/);
});

snapshots('many who want the same one cause one fetch', async () => {
  const held = openMemorySnapshots();
  let fetched = 0;
  const fetch = () => {
    fetched += 1;
    return Promise.resolve({ a: 1 });
  };
  await Promise.all(Array.from({ length: 50 }, () => held.get(named({ a: 1 }), fetch)));
  assert.is(fetched, 1);
});

snapshots('they outlive a restart, the newest last, three at most', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'snapshots-'));
  try {
    const first = await openDiskSnapshots(folder);
    for (const a of [1, 2, 3, 4]) await first.get(named({ a }), () => Promise.resolve({ a }));
    assert.is((await readdir(folder)).length, 3);
    const second = await openDiskSnapshots(folder);
    assert.is(second.newest(), named({ a: 4 }));
    assert.equal(await second.get(named({ a: 2 }), never), { a: 2 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
