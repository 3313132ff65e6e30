/** The store as a plain model, and random transactions to compare a real one with it. */
import fc from 'fast-check';
import { orThrow } from '../../runtime/failure.js';
import type { Compare, KeyEvent, KeyValue, Operation, Store, Transaction } from '../../store/store.js';
import { assert } from '../suite.js';
import { see, until } from './store-steps.js';

const KEYS = ['a', 'b', 'd/x', 'd/y', 'é/雪'];

interface Model {
  readonly current: Map<string, KeyValue>;
  revision: number;
  readonly history: { readonly revision: number; readonly events: readonly KeyEvent[] }[];
}

/** A comparison that holds now or one that may not; resolved against the model when its turn comes. */
interface Wish {
  readonly key: string;
  readonly target: Compare['target'];
  readonly honest: boolean;
}

interface Step {
  readonly wishes: readonly Wish[];
  readonly puts: readonly string[];
  readonly deletes: readonly string[];
  readonly prefix: boolean;
  readonly value: string;
}

const FIELD = { create: 'createRevision', mod: 'modRevision', version: 'version' } as const;

const compareOf = (model: Model, root: string, { key, target, honest }: Wish): Compare => {
  const kv = model.current.get(root + key);
  if (target === 'value')
    return { key: root + key, target, equals: honest ? (kv?.value ?? 'none') : 'something else' };
  return { key: root + key, target, equals: (kv?.[FIELD[target]] ?? 0) + (honest ? 0 : 1) };
};

const holds = (model: Model, compare: Compare): boolean => {
  const kv = model.current.get(compare.key);
  if (compare.target === 'value') return kv?.value === compare.equals;
  return (kv?.[FIELD[compare.target]] ?? 0) === compare.equals;
};

const operationsOf = (root: string, step: Step): readonly Operation[] => {
  const puts = step.puts.map((key): Operation => ({ op: 'put', key: root + key, value: step.value }));
  const gone = step.deletes.filter((key) => !step.puts.includes(key));
  const deletes = gone.map((key): Operation => ({ op: 'delete', key: root + key }));
  const sweep = step.prefix && !step.puts.some((key) => key.startsWith('d/'));
  const prefix: readonly Operation[] = sweep ? [{ op: 'deletePrefix', prefix: `${root}d/` }] : [];
  return [
    ...puts,
    ...deletes.filter((o) => !sweep || (o.op === 'delete' && !o.key.includes('/d/'))),
    ...prefix,
  ];
};

const remove = (model: Model, revision: number, key: string): readonly KeyEvent[] =>
  model.current.delete(key) ? [{ type: 'delete', key, modRevision: revision }] : [];

const effect = (model: Model, revision: number, operation: Operation): readonly KeyEvent[] => {
  if (operation.op === 'delete') return remove(model, revision, operation.key);
  if (operation.op === 'deletePrefix') {
    const below = [...model.current.keys()].filter((key) => key.startsWith(operation.prefix));
    return below.flatMap((key) => remove(model, revision, key));
  }
  const { key, value } = operation;
  const before = model.current.get(key);
  const createRevision = before?.createRevision ?? revision;
  const version = (before?.version ?? 0) + 1;
  const kv = { key, value, createRevision, modRevision: revision, version, lease: null };
  model.current.set(key, kv);
  return [{ type: 'put', kv }];
};

const carryOut = (model: Model, { compare, then }: Transaction): boolean => {
  if (!compare.every((c) => holds(model, c))) return false;
  const revision = model.revision + 1;
  const events = then.flatMap((operation) => effect(model, revision, operation));
  if (events.length > 0) {
    model.revision = revision;
    model.history.push({ revision, events });
  }
  return true;
};

const key = fc.constantFrom(...KEYS);
const wish: fc.Arbitrary<Wish> = fc.record({
  key,
  target: fc.constantFrom('create', 'mod', 'version', 'value'),
  honest: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.boolean() }),
});
const step: fc.Arbitrary<Step> = fc.record({
  wishes: fc.array(wish, { maxLength: 2 }),
  puts: fc.uniqueArray(key, { maxLength: 3 }),
  deletes: fc.uniqueArray(key, { maxLength: 2 }),
  prefix: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  value: fc.string({ unit: 'grapheme', maxLength: 20 }),
});

const byKey = (a: { key: string }, b: { key: string }): number =>
  Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
const keyOf = (event: KeyEvent): string => (event.type === 'put' ? event.kv.key : event.key);
/** The order of events within a revision is not promised. */
const sorted = (events: readonly KeyEvent[]): readonly KeyEvent[] =>
  [...events].sort((a, b) => byKey({ key: keyOf(a) }, { key: keyOf(b) }));

const runSteps = async (store: Store, root: string, steps: readonly Step[]): Promise<void> => {
  const { revision: start } = await orThrow(store.list(root));
  const model: Model = { current: new Map(), revision: start, history: [] };
  const early = see(store, root, start);
  for (const next of steps) {
    const compare = next.wishes.map((w) => compareOf(model, root, w));
    const transaction = { compare, then: operationsOf(root, next) };
    const result = await orThrow(store.txn(transaction));
    assert.is(result.succeeded, carryOut(model, transaction), JSON.stringify(transaction));
    assert.is(result.revision, model.revision, JSON.stringify(transaction));
  }
  const listing = await orThrow(store.list(root));
  assert.equal(listing, { revision: model.revision, items: [...model.current.values()].sort(byKey) });
  const late = see(store, root, start);
  for (const seen of [early, late]) {
    await until('every revision arrives', () => seen.revisions.length >= model.history.length);
    assert.equal(
      seen.revisions.map(({ revision, events }) => ({ revision, events: sorted(events) })),
      model.history.map(({ revision, events }) => ({ revision, events: sorted(events) })),
    );
    seen.subscription.unsubscribe();
  }
};

/** Random sequences of transactions do to the store what they do to the model; nobody else may write meanwhile. */
export const agreesWithModel = async (store: Store, root: string, numRuns: number): Promise<void> => {
  let run = 0;
  const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
    run += 1;
    await runSteps(store, `${root}${String(run)}/`, steps);
  });
  await fc.assert(property, { numRuns, endOnFailure: true });
};
