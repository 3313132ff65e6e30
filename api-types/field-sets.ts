/**
 * Sets of fields, as owners of fields need them: JSON pointers of leaves. Objects are granular; lists, texts, numbers and
 * empty objects are leaves. On the wire a set is Kubernetes' FieldsV1 (`{"f:spec": {"f:replicas": {}}}`).
 */
import * as E from 'fp-ts/lib/Either.js';

/** JSON pointers (RFC 6901). */
export type FieldSet = ReadonlySet<string>;

export type FieldsV1 = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isInner = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isPlain(value) && Object.keys(value).length > 0;

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const unescaped = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~');

/** The JSON pointer of a field. */
export const pointer = (...keys: readonly string[]): string => keys.map((key) => `/${escaped(key)}`).join('');

/** The keys of a pointer. */
export const keysOf = (path: string): readonly string[] => path.split('/').slice(1).map(unescaped);

/** `.spec.replicas`: how a field is named to people. */
export const fieldText = (path: string): string =>
  keysOf(path)
    .map((key) => `.${key}`)
    .join('');

type Visit = (path: string, value: unknown, leaf: boolean) => void;

/** Bodies are at most 64 levels deep, and so are documents that decode: recursion is safe. */
const walk = (path: string, value: unknown, visit: Visit): void => {
  const inner = isInner(value);
  if (path !== '') visit(path, value, !inner);
  if (!inner) return;
  for (const [key, held] of Object.entries(value))
    if (held !== undefined) walk(`${path}/${escaped(key)}`, held, visit);
};

/** Every leaf with its value. */
export const leavesOf = (tree: unknown): ReadonlyMap<string, unknown> => {
  const leaves = new Map<string, unknown>();
  walk('', tree, (path, value, leaf) => {
    if (leaf) leaves.set(path, value);
  });
  return leaves;
};

/** Every field there is, leaves and what holds them. */
export const nodesOf = (tree: unknown): FieldSet => {
  const nodes = new Set<string>();
  walk('', tree, (path) => nodes.add(path));
  return nodes;
};

/** The paths of all leaves. */
export const fieldsOf = (tree: unknown): FieldSet => new Set(leavesOf(tree).keys());

/** What is in any of them. */
export const union = (...sets: readonly FieldSet[]): FieldSet => new Set(sets.flatMap((set) => [...set]));
/** What is in the first and not in the other. */
export const minus = (set: FieldSet, other: FieldSet): FieldSet =>
  new Set([...set].filter((path) => !other.has(path)));
/** What is in both. */
export const both = (set: FieldSet, other: FieldSet): FieldSet =>
  new Set([...set].filter((path) => other.has(path)));
/** Whether they hold the same. */
export const sameSet = (set: FieldSet, other: FieldSet): boolean =>
  set.size === other.size && [...set].every((path) => other.has(path));

interface Branch {
  /** The field itself is in the set, beside fields below it. */
  here: boolean;
  readonly below: Map<string, Branch>;
}

const newBranch = (): Branch => ({ here: false, below: new Map() });

const grown = (set: FieldSet): Branch => {
  const root = newBranch();
  for (const path of [...set].sort()) {
    let at = root;
    for (const key of keysOf(path)) {
      const next = at.below.get(key) ?? newBranch();
      at.below.set(key, next);
      at = next;
    }
    at.here = true;
  }
  return root;
};

const written = ({ here, below }: Branch): FieldsV1 => ({
  ...(here && below.size > 0 ? { '.': {} } : {}),
  ...Object.fromEntries([...below].map(([key, branch]) => [`f:${key}`, written(branch)])),
});

/** The set as `metadata.managedFields` writes it. */
export const toFieldsV1 = (set: FieldSet): FieldsV1 => written(grown(set));

/** Left: what in it is no field of ours. */
export const fromFieldsV1 = (fields: unknown): E.Either<string, FieldSet> => {
  const set = new Set<string>();
  const open: { readonly path: string; readonly at: unknown }[] = [{ path: '', at: fields }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, at } = next;
    if (!isPlain(at)) return E.left(`expected an object at "${path}"`);
    const keys = Object.keys(at);
    if (path !== '' && (keys.length === 0 || keys.includes('.'))) set.add(path);
    for (const key of keys) {
      if (key === '.') continue;
      // lists are owned as a whole here: an item of one ("k:", "v:", "i:") is no field
      if (!key.startsWith('f:')) return E.left(`expected "f:<field>" or "." at "${path}", got "${key}"`);
      open.push({ path: `${path}/${escaped(key.slice(2))}`, at: at[key] });
    }
  }
  return E.right(set);
};
