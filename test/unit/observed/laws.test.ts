import fc from 'fast-check';
import { type Entry, compareEntries, joinEntries, joinViews } from '../../../store/observed/entry.js';
import { assert, suite } from '../../suite.js';

const small = fc.integer({ min: 0, max: 3 });
const entry = (machine: fc.Arbitrary<string>): fc.Arbitrary<Entry> =>
  fc.record(
    {
      machine,
      session: small,
      sequence: small,
      connected: fc.boolean(),
      gateway: fc.constantFrom('a', 'b'),
      load1: small,
      memoryUsedBytes: fc.constant(1),
      memoryTotalBytes: fc.constant(2),
      diskUsedBytes: fc.constant(3),
      diskTotalBytes: fc.constant(4),
      heardAt: small,
      // an entry without a prototype is none that JSON can bring, and unequal to its like
    },
    { noNullPrototype: true },
  );
const one = entry(fc.constant('i-1'));
const view = fc
  .array(entry(fc.constantFrom('i-1', 'i-2', 'i-3')), { maxLength: 6 })
  .map((entries) => new Map(entries.map((held) => [held.machine, held])));

const laws = suite('observed state is a CRDT');

laws('the order of reports is total and antisymmetric', () => {
  fc.assert(
    fc.property(one, one, one, (a, b, c) => {
      assert.is(Math.sign(compareEntries(a, b)), Math.sign(-compareEntries(b, a)) + 0);
      if (compareEntries(a, b) <= 0 && compareEntries(b, c) <= 0) assert.ok(compareEntries(a, c) <= 0);
    }),
  );
});

laws('joining is commutative', () => {
  fc.assert(
    fc.property(one, one, (a, b) => {
      assert.equal(joinEntries(a, b), joinEntries(b, a));
    }),
  );
  fc.assert(
    fc.property(view, view, (a, b) => {
      const sorted = (joined: ReadonlyMap<string, Entry>) => [...joined].sort(([x], [y]) => (x < y ? -1 : 1));
      assert.equal(sorted(joinViews(a, b)), sorted(joinViews(b, a)));
    }),
  );
});

laws('joining is associative', () => {
  fc.assert(
    fc.property(one, one, one, (a, b, c) => {
      assert.equal(joinEntries(joinEntries(a, b), c), joinEntries(a, joinEntries(b, c)));
    }),
  );
});

laws('joining is idempotent', () => {
  fc.assert(
    fc.property(view, view, (a, b) => {
      const joined = joinViews(a, b);
      assert.equal(joinViews(joined, b), joined);
      assert.equal(joinViews(a, a), a);
    }),
  );
});

laws('reports may come in any order, and twice: the view is the same', () => {
  const many = fc.array(entry(fc.constantFrom('i-1', 'i-2')), { maxLength: 12 });
  const shuffled = many.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })),
  );
  const viewOf = (list: readonly Entry[]) => {
    const joined = list.reduce<ReadonlyMap<string, Entry>>(
      (held, next) => joinViews(held, new Map([[next.machine, next]])),
      new Map(),
    );
    return Object.fromEntries(joined);
  };
  fc.assert(
    fc.property(shuffled, ([list, again]) => {
      assert.equal(viewOf(again), viewOf(list));
    }),
  );
});
