import * as E from 'fp-ts/lib/Either.js';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemChance } from '../../../runtime/chance.js';
import { systemClock } from '../../../runtime/clock.js';
import { silentLog } from '../../../runtime/log.js';
import { belongTogether } from '../../../server/tls/certificate.js';
import { ensureAuthority } from '../../../server/tls/authority.js';
import { openEmbeddedStore } from '../../../store/embedded/embedded.js';
import { AUTHORITY } from '../../../store/keys.js';
import type { Store, Transaction } from '../../../store/store.js';
import { assert, suite } from '../../suite.js';

interface Context {
  folder: string;
  store: Store;
}

const test = suite<Context>('the certificate authority of an installation', {} as Context);

const KEY = Buffer.alloc(32, 7);
const around = { clock: systemClock, chance: systemChance, log: silentLog };

const authorityOf = (store: Store, installationKey = KEY) =>
  ensureAuthority({ store, installation: 'one', installationKey, ...around })();

const rightOf = <A>(either: E.Either<{ readonly message: string }, A>): A => {
  if (E.isRight(either)) return either.right;
  throw new Error(either.left.message);
};

test.beforeEach(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'scalarium-authority-'));
  context.store = await openEmbeddedStore({ directory: join(context.folder, 'store'), ...around });
});

test.afterEach(async ({ store, folder }) => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

test('two control planes make one at once: both use the one that was first', async ({ store }) => {
  const outcomes: boolean[] = [];
  const told: Store = Object.assign(Object.create(store) as Store, {
    txn: (txn: Transaction) => async () => {
      const written = await store.txn(txn)();
      if (E.isRight(written)) outcomes.push(written.right.succeeded);
      return written;
    },
  });
  const [one, two] = (await Promise.all([authorityOf(told), authorityOf(told)])).map(rightOf);
  assert.equal(outcomes, [true, false], 'both had found none');
  assert.equal(one, two);
  assert.ok(one !== undefined && belongTogether(one));
  assert.equal(rightOf(await authorityOf(store)), one, 'and so does the next');
});

test('signs servers, and no further authorities', async ({ store }) => {
  const { cert } = rightOf(await authorityOf(store));
  const certificate = new X509Certificate(cert);
  assert.ok(certificate.ca);
  assert.is(certificate.subject, 'CN=Scalarium one');
});

test('its key is in the store sealed, and opens with the installation key only', async ({ store }) => {
  const { key } = rightOf(await authorityOf(store));
  const kept = rightOf(await store.get(AUTHORITY)())?.value ?? '';
  assert.not.match(kept, /PRIVATE KEY/);
  assert.not.match(kept, key.split('\n')[1] ?? 'nothing');
  const other = await authorityOf(store, Buffer.alloc(32, 8));
  assert.ok(E.isLeft(other));
  assert.is(other.left._tag, 'Stalled');
  assert.match(other.left.message, /sealed with another installation's key/);
});

for (const [what, value] of [
  ['no JSON', 'nonsense'],
  ['no such document', '{"certificate": 1}'],
] as const)
  test(`what is there and is ${what} is left alone`, async ({ store }) => {
    rightOf(await store.txn({ compare: [], then: [{ op: 'put', key: AUTHORITY, value }] })());
    const found = await authorityOf(store);
    assert.ok(E.isLeft(found));
    assert.match(found.left.message, /is not one of ours$/);
    assert.is(rightOf(await store.get(AUTHORITY)())?.value, value);
  });
