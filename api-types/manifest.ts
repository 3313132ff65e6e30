/** A document as people write it (file, request body): decoded strictly, with defaults, problems named by path. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { KindEntry } from './kind-entry.js';
import { KINDS, KIND_NAMES, type KindName, kindEntry } from './kinds.js';
import { labelProblems } from './labels.js';
import { API_VERSION, SYSTEM_NAMESPACE } from './metadata.js';
import type { Manifest } from './plan.js';
import { type Problem, UNKNOWN_FIELD, decodeStrict, shown } from './problems.js';
import { tellable } from './tellable.js';
import { Name, fields } from './words.js';

/** A spec with its labels and annotations, as JSON in UTF-8. */
export const MAX_SPEC_BYTES = 512 * 1024;

const Texts = t.record(t.string, t.string, 'texts by name');

const OwnerReference = fields(
  'OwnerReference',
  { kind: t.string, name: t.string, uid: t.string },
  {
    apiVersion: t.string,
    controller: t.boolean,
    blockOwnerDeletion: t.boolean,
  },
);

/** What a person may send in metadata; all but name, namespace, labels, annotations and owner is there to be read back. */
const SentMetadata = fields(
  'Metadata',
  { name: Name },
  {
    namespace: Name,
    generateName: t.string,
    labels: Texts,
    annotations: Texts,
    ownerReferences: t.readonlyArray(OwnerReference, 'a list of owners'),
    uid: t.string,
    resourceVersion: t.string,
    generation: t.number,
    creationTimestamp: t.union([t.string, t.null]),
    deletionTimestamp: t.union([t.string, t.null]),
    managedFields: t.unknown,
  },
);
interface SentMetadata extends t.TypeOf<typeof SentMetadata> {}

/** A manifest with all that was sent about the object's identity. */
export interface SentManifest extends Manifest {
  readonly kind: KindName;
  readonly metadata: SentMetadata;
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const below = (path: string, problems: readonly Problem[]): readonly Problem[] =>
  problems.map((problem) => ({ ...problem, path: problem.path === '' ? path : `${path}.${problem.path}` }));

const writable = KIND_NAMES.filter((kind) => KINDS[kind].home === 'spec');

const TOP = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

const topProblems = (input: Readonly<Record<string, unknown>>): readonly Problem[] => {
  const unknown = Object.keys(input).filter((key) => !TOP.includes(key));
  const problems = unknown.map((path) => ({
    path,
    expected: 'a field of this kind',
    got: UNKNOWN_FIELD,
  }));
  if (input['apiVersion'] === API_VERSION) return problems;
  return [{ path: 'apiVersion', expected: API_VERSION, got: shown(input['apiVersion']) }, ...problems];
};

/** Role names leave room for the number of a slot: `<role>-10000` is a host name. */
const LONGEST_ROLE = 57;

/** A user is also an account on hosts. */
const ACCOUNT = /^[a-z][-a-z0-9]{0,31}$/;

const scopeProblems = (entry: KindEntry, { name, namespace }: SentMetadata): readonly Problem[] => {
  const problems: Problem[] = [];
  if (entry.scope === 'Cluster' && namespace !== undefined)
    problems.push({
      path: 'metadata.namespace',
      expected: `nothing (a ${entry.kind} is in no cluster)`,
      got: shown(namespace),
    });
  if (entry.scope === 'Namespaced' && namespace === undefined)
    problems.push({ path: 'metadata.namespace', expected: 'the name of a cluster', got: 'nothing' });
  if (entry.kind === 'Role' && name.length > LONGEST_ROLE)
    problems.push({
      path: 'metadata.name',
      expected: `at most ${String(LONGEST_ROLE)} characters (its hosts are called <role>-<number>)`,
      got: `${String(name.length)} characters`,
    });
  if (entry.kind === 'User' && !ACCOUNT.test(name))
    problems.push({
      path: 'metadata.name',
      expected: 'at most 32 of a-z, 0-9 and "-", starting with a letter (it is also an account on hosts)',
      got: shown(name),
    });
  return problems;
};

/** A namespace that is no Cluster's: what is in it would be mistaken for the cluster's. */
const reservedProblems = (entry: KindEntry, { name }: SentMetadata): readonly Problem[] =>
  entry.kind === 'Cluster' && name === SYSTEM_NAMESPACE
    ? [
        {
          path: 'metadata.name',
          expected: 'another name: this one is reserved for credentials',
          got: shown(name),
        },
      ]
    : [];

const placeProblems = (entry: KindEntry, metadata: SentMetadata): readonly Problem[] => [
  ...scopeProblems(entry, metadata),
  ...reservedProblems(entry, metadata),
  ...labelProblems(metadata),
];

/** Values become files and variables on hosts. */
const VALUE_NAME = /^[-._a-zA-Z0-9]{1,253}$/;

const valueNameProblems = (kind: KindName, spec: unknown): readonly Problem[] => {
  const data = kind === 'Secret' && isPlain(spec) ? spec['data'] : undefined;
  return Object.keys(isPlain(data) ? data : {})
    .filter((name) => !VALUE_NAME.test(name))
    .map((name) => ({
      path: `spec.data.${name}`,
      expected: 'a name of at most 253 letters, digits, "-", "_" and "."',
      got: `${String(name.length)} characters`,
    }));
};

const sizeProblems = (document: unknown): readonly Problem[] => {
  const size = Buffer.byteLength(JSON.stringify(document));
  if (size <= MAX_SPEC_BYTES) return [];
  return [
    { path: 'spec', expected: 'at most 512 KiB as JSON', got: `${String(Math.ceil(size / 1024))} KiB` },
  ];
};

const kindOf = (word: unknown): E.Either<readonly Problem[], KindName> => {
  const kind = writable.find((candidate) => candidate === word);
  if (kind !== undefined) return E.right(kind);
  return E.left([{ path: 'kind', expected: `one of ${writable.join(', ')}`, got: shown(word) }]);
};

const leftOf = (decoded: E.Either<readonly Problem[], unknown>): readonly Problem[] =>
  E.isLeft(decoded) ? decoded.left : [];

/** The document's problems, all of them, or the manifest with its defaults. `cluster` stands in for a missing namespace. */
export const decodeManifest = (
  input: unknown,
  cluster: string | null = null,
): E.Either<readonly Problem[], SentManifest> => {
  if (!isPlain(input)) return E.left([{ path: '', expected: 'an object', got: shown(input) }]);
  const kind = kindOf(input['kind']);
  if (E.isLeft(kind)) return E.left([...topProblems(input), ...kind.left]);
  const entry = kindEntry(kind.right);
  const sent = input['metadata'];
  const metadata = decodeStrict(SentMetadata, withNamespace(entry, sent, cluster));
  const spec = decodeStrict<unknown, unknown>(entry.spec ?? t.unknown, input['spec'] ?? {});
  const problems = [
    ...topProblems(input),
    ...below('metadata', leftOf(metadata)),
    ...(E.isRight(metadata) ? placeProblems(entry, metadata.right) : []),
    ...below('spec', leftOf(spec)),
    ...valueNameProblems(kind.right, input['spec']),
    ...sizeProblems({ spec: input['spec'], metadata: sent }),
  ];
  if (problems.length > 0 || E.isLeft(metadata) || E.isLeft(spec))
    return E.left(tellable(kind.right, problems));
  return E.right({
    apiVersion: API_VERSION,
    kind: kind.right,
    metadata: metadata.right,
    spec: entry.defaults(spec.right),
  });
};

const withNamespace = (entry: KindEntry, metadata: unknown, cluster: string | null): unknown => {
  if (entry.scope === 'Cluster' || cluster === null || !isPlain(metadata)) return metadata ?? {};
  return { namespace: cluster, ...metadata };
};

/** `shop/Role app`, `Cluster shop`: how a document is named to people. */
export const nameOfManifest = (input: unknown): string => {
  const { kind, metadata } = isPlain(input) ? input : {};
  const { name } = isPlain(metadata) ? metadata : {};
  const word = typeof kind === 'string' ? kind : 'no kind';
  return typeof name === 'string' ? `${word} ${name}` : word;
};
