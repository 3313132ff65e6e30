import fc from 'fast-check';
import { fieldsOf } from '../../../api-types/field-sets.js';
import type { Ownership } from '../../../api-types/managed-fields.js';
import {
  applied,
  changesOfApply,
  conflictsOf,
  ownersAfter,
  takenOverFrom,
} from '../../../server/apply/merge.js';
import { assert, suite } from '../../suite.js';

const test = suite('the merge of an apply');
const TIME = '2026-01-01T00:00:00Z';

const by = (
  manager: string,
  paths: readonly string[],
  operation: 'Apply' | 'Update' = 'Apply',
): Ownership => ({
  manager,
  operation,
  time: TIME,
  set: new Set(paths),
});

interface World {
  readonly tree: unknown;
  readonly owners: readonly Ownership[];
}

/** One apply as the server carries it out, taking over by force. */
const apply = ({ tree, owners }: World, manager: string, config: unknown): World => {
  const merged = applied(tree, config, manager, owners);
  const changed = changesOfApply(tree, merged.tree, merged.ousted);
  const applier = { manager, time: TIME, set: fieldsOf(config) };
  return { tree: merged.tree, owners: ownersAfter(owners, applier, changed, merged.tree) };
};

const spec = (value: object): object => ({ spec: value });

const MERGES: readonly {
  readonly name: string;
  readonly live: object;
  readonly owners: readonly Ownership[];
  readonly config: object;
  readonly tree: object;
  readonly conflicts?: readonly string[];
}[] = [
  { name: 'a new field is set', live: { a: 1 }, owners: [], config: { b: 2 }, tree: { a: 1, b: 2 } },
  {
    name: 'a field that is no longer given goes',
    live: { a: 1, b: 2 },
    owners: [by('me', ['/spec/a', '/spec/b'])],
    config: { a: 1 },
    tree: { a: 1 },
  },
  {
    name: 'unless another owns it too',
    live: { a: 1, b: 2 },
    owners: [by('me', ['/spec/a', '/spec/b']), by('you', ['/spec/b'], 'Update')],
    config: { a: 1 },
    tree: { a: 1, b: 2 },
  },
  {
    name: 'a field of nobody stays',
    live: { a: 1, b: 2 },
    owners: [by('me', ['/spec/a'])],
    config: { a: 1 },
    tree: { a: 1, b: 2 },
  },
  {
    name: 'an object that becomes empty goes with its last field',
    live: { a: 1, o: { x: { y: 1 } } },
    owners: [by('me', ['/spec/a', '/spec/o/x/y'])],
    config: { a: 1 },
    tree: { a: 1 },
  },
  {
    name: 'unless it was given as empty by another',
    live: { a: 1, o: { x: 1 } },
    owners: [by('me', ['/spec/o/x']), by('you', ['/spec/o'])],
    config: { a: 1 },
    tree: { a: 1, o: {} },
  },
  {
    name: 'a list is one field',
    live: { l: [1, 2] },
    owners: [by('you', ['/spec/l'])],
    config: { l: [2] },
    tree: { l: [2] },
    conflicts: ['/spec/l'],
  },
  {
    name: 'the same value is no conflict',
    live: { a: 1 },
    owners: [by('you', ['/spec/a'])],
    config: { a: 1 },
    tree: { a: 1 },
  },
  {
    name: 'the same manager by another way is another owner',
    live: { a: 1 },
    owners: [by('me', ['/spec/a'], 'Update')],
    config: { a: 2 },
    tree: { a: 2 },
    conflicts: ['/spec/a'],
  },
  {
    name: 'an object ousted by a text is a conflict with who owns what was in it',
    live: { o: { x: 1 } },
    owners: [by('you', ['/spec/o/x'])],
    config: { o: 'text' },
    tree: { o: 'text' },
    conflicts: ['/spec/o/x'],
  },
  {
    name: 'keys with slashes and tildes',
    live: { 'a/b': 1, 'c~d': 2 },
    owners: [by('me', ['/spec/a~1b', '/spec/c~0d'])],
    config: { 'c~d': 2 },
    tree: { 'c~d': 2 },
  },
];

for (const { name, live, owners, config, tree, conflicts = [] } of MERGES)
  test(name, () => {
    const merged = applied(spec(live), spec(config), 'me', owners);
    assert.equal(merged.tree, spec(tree));
    const changed = changesOfApply(spec(live), merged.tree, merged.ousted);
    assert.equal(
      conflictsOf(owners, 'me', changed).map(({ path }) => path),
      conflicts,
    );
  });

test("what kubectl's client-side apply has set is taken over by its server-side one, and by nobody else's", () => {
  const configuration = JSON.stringify({ metadata: { labels: { a: 'b' } }, spec: { x: 1, y: 2 } });
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': configuration };
  const live = { metadata: { labels: { a: 'b' } }, spec: { x: 1, y: 3 } };
  const free = [...takenOverFrom(annotations, live, 'kubectl')].sort();
  assert.ok(free.includes('/metadata/labels/a') && free.includes('/spec/x'));
  assert.not.ok(free.includes('/spec/y'), 'somebody else has changed it since');
  assert.is(takenOverFrom(annotations, live, 'flux').size, 0);
  const broken = { 'kubectl.kubernetes.io/last-applied-configuration': '{' };
  assert.is(takenOverFrom(broken, live, 'kubectl').size, 1);
});

const tree = fc.letrec<{ node: unknown; object: Record<string, unknown> }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: 0, max: 3 }),
    fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'x/y', 'm~n'), tie('node'), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
})).object;

const sorted = ({ owners }: World): unknown =>
  owners
    .filter(({ set }) => set.size > 0)
    .map(({ manager, operation, set }) => [manager, operation, [...set].sort()])
    .sort((left, right) => (String(left[0]) < String(right[0]) ? -1 : 1));

test('applying the same twice is applying it once', () => {
  fc.assert(
    fc.property(tree, tree, tree, (live, first, config) => {
      const before = apply({ tree: spec(live), owners: [] }, 'me', spec(first));
      const once = apply(before, 'me', spec(config));
      const twice = apply(once, 'me', spec(config));
      assert.equal(twice.tree, once.tree);
      assert.equal(sorted(twice), sorted(once));
    }),
  );
});

test('two appliers of fields that do not touch each other may come in either order', () => {
  fc.assert(
    fc.property(tree, tree, tree, (live, mine, yours) => {
      const world: World = { tree: spec({ ...live, one: {}, two: {} }), owners: [] };
      const me = spec({ one: { k: 1, ...mine } });
      const you = spec({ two: { k: 1, ...yours } });
      const left = apply(apply(world, 'me', me), 'you', you);
      const right = apply(apply(world, 'you', you), 'me', me);
      assert.equal(left.tree, right.tree);
      assert.equal(sorted(left), sorted(right));
      assert.equal(applied(left.tree, me, 'me', left.owners).tree, left.tree, 'nobody undoes the other');
    }),
  );
});

test('what an applier gave is there, and giving up everything takes it all back', () => {
  fc.assert(
    fc.property(tree, (config) => {
      const world = apply({ tree: { spec: {} }, owners: [] }, 'me', spec(config));
      assert.equal(world.tree, spec(config));
      assert.equal(apply(world, 'me', { spec: {} }).tree, { spec: {} });
    }),
  );
});
