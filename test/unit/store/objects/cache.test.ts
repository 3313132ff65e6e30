import { recordKey, specKey } from '../../../../store/keys.js';
import { objectCache, type ObjectCache } from '../../../../store/objects/cache.js';
import type { Change, Ref } from '../../../../store/objects/objects.js';
import type { KeyValue } from '../../../../store/store.js';
import { EPOCH } from '../../../build/objects.js';
import { keyValue, roleDocument } from '../../../build/sides.js';
import { assert, suite } from '../../../suite.js';

const test = suite('the cache of objects');

const role = (name: string, cluster = 'shop'): Ref<'Role'> => ({ kind: 'Role', cluster, name });
const opened = (): ObjectCache => objectCache('3f0a3c5e-6f0b-4a53-9d2c-0a4f3c1d2b1e', () => EPOCH);

const spec = (name: string, mod: number, cluster = 'shop'): KeyValue =>
  keyValue(specKey(role(name, cluster)), roleDocument(1), { create: 1, mod });

const told = (changes: readonly Change[]): readonly string[] =>
  changes.map(({ ref, before, after }) => `${ref.name}:${before ? 'was' : ''}>${after ? 'is' : ''}`);

const names = (cache: ObjectCache, cluster?: string): readonly string[] =>
  cache.list('Role', cluster).map(({ ref }) => `${ref.cluster ?? ''}/${ref.name}`);

test('a new listing tells exactly what differs from what was known', () => {
  const cache = opened();
  cache.replace({ revision: 5, items: [spec('same', 2), spec('edited', 3), spec('gone', 4)] });
  const changes = cache.replace({
    revision: 9,
    items: [spec('same', 2), spec('edited', 7), spec('new', 8)],
  });
  assert.equal([...told(changes)].sort(), ['edited:was>is', 'gone:was>', 'new:>is']);
  assert.is(cache.revision(), 9);
});

test('all events of one revision for one object are one change', () => {
  const cache = opened();
  const record = keyValue(
    recordKey(role('app')),
    { incarnation: 1, createdAt: EPOCH, status: {} },
    { create: 3 },
  );
  const events = [spec('app', 3), record].map((kv) => ({ type: 'put', kv }) as const);
  assert.equal(told(cache.apply({ revision: 3, events })), ['app:>is']);
  assert.equal(cache.apply({ revision: 3, events }), [], 'once taken in, never again');
});

test('keys that are no objects move the revision and nothing else', () => {
  const cache = opened();
  const kv = keyValue('/scalarium/leases/owners/shop', {});
  assert.equal(cache.apply({ revision: 3, events: [{ type: 'put', kv }] }), []);
  assert.is(cache.revision(), 3);
});

test('lists are sorted, follow changes, and are the same list while nothing changes', () => {
  const cache = opened();
  cache.replace({ revision: 5, items: [spec('b', 2), spec('a', 3), spec('c', 4, 'other')] });
  assert.equal(names(cache, 'shop'), ['shop/a', 'shop/b']);
  assert.equal(names(cache), ['other/c', 'shop/a', 'shop/b']);
  assert.is(cache.list('Role', 'shop'), cache.list('Role', 'shop'));
  assert.equal(names(cache, 'nowhere'), []);
  cache.apply({ revision: 6, events: [{ type: 'put', kv: spec('aa', 6) }] });
  cache.apply({
    revision: 7,
    events: [{ type: 'delete', key: specKey(role('b')), modRevision: 7 }],
  });
  assert.equal(names(cache), ['other/c', 'shop/a', 'shop/aa']);
});

test('an older listing of a restored store is taken', () => {
  const cache = opened();
  cache.replace({ revision: 50, items: [spec('a', 40)] });
  assert.equal(told(cache.replace({ revision: 9, items: [spec('b', 8)] })), ['a:was>', 'b:>is']);
});
