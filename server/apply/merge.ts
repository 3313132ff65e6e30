/** What an apply makes of an object: the applied fields are set, those the applier has given up are removed. Pure. */
import { isDeepStrictEqual } from 'node:util';
import {
  type FieldSet,
  both,
  fieldsOf,
  keysOf,
  leavesOf,
  minus,
  nodesOf,
  pointer,
  union,
} from '../../api-types/field-sets.js';
import { type Ownership, changedFields } from '../../api-types/managed-fields.js';

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `applied` over `live`: objects field by field, anything else as a whole. */
const overlaid = (live: unknown, applied: unknown): unknown => {
  if (!isPlain(live) || !isPlain(applied)) return applied;
  const keys = Object.keys(applied).filter((key) => applied[key] !== undefined);
  return {
    ...live,
    ...Object.fromEntries(
      keys.map((key) => [key, Object.hasOwn(live, key) ? overlaid(live[key], applied[key]) : applied[key]]),
    ),
  };
};

/** Takes a field out of `tree`; what becomes empty by that goes too, unless it is kept or the root's own. */
const removeField = (tree: Record<string, unknown>, path: string, kept: FieldSet): void => {
  const keys = keysOf(path);
  const holders: Record<string, unknown>[] = [tree];
  for (const key of keys.slice(0, -1)) {
    const held = holders.at(-1)?.[key];
    if (!isPlain(held)) return;
    holders.push(held);
  }
  for (let depth = keys.length - 1; depth >= 0; depth -= 1) {
    const holder = holders[depth] ?? {};
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy of our own, taken apart field by field
    delete holder[keys[depth] ?? ''];
    const emptied = depth > 1 && Object.keys(holder).length === 0;
    if (!emptied || kept.has(pointer(...keys.slice(0, depth)))) return;
  }
};

/** A field and all that hold it. */
const withAncestors = (set: FieldSet): FieldSet => {
  const all = new Set(set);
  for (const path of set)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
      all.add(path.slice(0, end));
  return all;
};

const isApplier = (owner: Ownership, manager: string): boolean =>
  owner.operation === 'Apply' && owner.manager === manager && owner.subresource === undefined;

export interface Applied {
  /** The object's fields as they are to be. */
  readonly tree: unknown;
  /** Fields of others that the merge had to take away to make room: an object where a text was, or the other way. */
  readonly ousted: FieldSet;
}

/** Merges what `manager` applies into `live`, given who owns what. */
export const applied = (
  live: unknown,
  config: unknown,
  manager: string,
  owners: readonly Ownership[],
): Applied => {
  const last = owners.find((owner) => isApplier(owner, manager))?.set ?? new Set<string>();
  const others = union(...owners.filter((owner) => !isApplier(owner, manager)).map(({ set }) => set));
  const kept = withAncestors(others);
  const over = overlaid(live, config);
  const givenUp = minus(minus(last, nodesOf(config)), kept);
  const tree = structuredClone(over) as Record<string, unknown>;
  const needed = union(kept, nodesOf(config));
  for (const path of givenUp) removeField(tree, path, needed);
  return { tree, ousted: minus(fieldsOf(live), nodesOf(over)) };
};

/** What an apply changes: an object that only lost its fields is still the one that was there. */
export const changesOfApply = (before: unknown, after: unknown, ousted: FieldSet): FieldSet => {
  const there = nodesOf(before);
  const emptied = [...leavesOf(after)].filter(([path, value]) => isPlain(value) && there.has(path));
  return union(minus(changedFields(before, after), new Set(emptied.map(([path]) => path))), ousted);
};

/** A field that is another's. */
export interface FieldConflict {
  readonly owner: Ownership;
  readonly path: string;
}

/** Fields of others among those that an apply changes. */
export const conflictsOf = (
  owners: readonly Ownership[],
  manager: string,
  changed: FieldSet,
): readonly FieldConflict[] =>
  owners
    .filter((owner) => !isApplier(owner, manager))
    .flatMap((owner) => [...both(owner.set, changed)].sort().map((path) => ({ owner, path })));

/** Owners after an apply: the applier owns what it gave, others what was not taken from them. */
export const ownersAfter = (
  owners: readonly Ownership[],
  applier: { readonly manager: string; readonly time: string; readonly set: FieldSet },
  taken: FieldSet,
  after: unknown,
): readonly Ownership[] => {
  const there = nodesOf(after);
  const own = owners.find((owner) => isApplier(owner, applier.manager));
  const others = owners
    .filter((owner) => owner !== own)
    .map((owner) => ({ ...owner, set: both(minus(owner.set, taken), there) }));
  const set = both(applier.set, there);
  return [...others, { manager: applier.manager, operation: 'Apply', time: applier.time, set }];
};

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Fields that `kubectl apply` without --server-side has set and that are still so: the same person's `kubectl apply
 * --server-side` takes them over without a conflict, as in Kubernetes.
 */
export const takenOverFrom = (
  annotations: Readonly<Record<string, string>>,
  live: unknown,
  manager: string,
): FieldSet => {
  const text = annotations[LAST_APPLIED];
  if (manager !== 'kubectl' || text === undefined) return new Set();
  const leaves = leavesOf(live);
  const same = [...leavesOf(parsed(text))].filter(([path, value]) =>
    isDeepStrictEqual(leaves.get(path), value),
  );
  return new Set([...same.map(([path]) => path), pointer('metadata', 'annotations', LAST_APPLIED)]);
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {};
  }
};
