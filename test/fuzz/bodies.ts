/** What a generated request carries. */
import * as fc from 'fast-check';

const one = <A>(...values: readonly A[]): fc.Arbitrary<A> => fc.constantFrom(...values);

export const METADATA = fc.record(
  {
    name: fc.oneof({ weight: 5, arbitrary: one('app', 'fuzz', 'shop', 'web') }, fc.string({ maxLength: 80 })),
    namespace: one<unknown>('shop', 'default', 'nowhere', '', 5, null),
    labels: fc.oneof(
      fc.dictionary(fc.string({ maxLength: 10 }), fc.string({ maxLength: 10 })),
      fc.jsonValue(),
    ),
    annotations: fc.jsonValue(),
    resourceVersion: one<unknown>('1', '0', 'x', 5, '999999999'),
    uid: one<unknown>('x', 1),
    generateName: one<unknown>('fuzz-', 'X_', 1),
    managedFields: fc.jsonValue(),
    ownerReferences: fc.jsonValue(),
    finalizers: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

export const SPEC = fc.record(
  {
    type: one<unknown>('custom', 'memcached', 'x', 1),
    replicas: one<unknown>(0, -1, 1.5, '1', 1e99, null),
    cloud: one<unknown>('local', 5),
    role: one<unknown>('app', 'X'),
    level: one<unknown>('show', 'deny', 'root'),
    user: one<unknown>('admin', ''),
    data: fc.oneof(fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 })), fc.jsonValue()),
    sealed: fc.jsonValue(),
    sshKeys: fc.jsonValue(),
    attributes: fc.jsonValue(),
    healing: fc.jsonValue(),
    resourceAttributes: fc.jsonValue(),
    namespace: one<unknown>('shop', 5),
    x: fc.jsonValue(),
    event: one<unknown>('setup', 'x'),
    roles: one<unknown>(['app'], [], 5),
    instances: one<unknown>(['app-1', 'nobody'], 'app-1'),
    '日本\r\nX: y': one<unknown>(1),
    admin: one<unknown>(true, 'x'),
    oidc: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

const manifest = fc.record(
  {
    apiVersion: one<unknown>('scalarium.dev/v1', 'autoscaling/v1', 'authorization.k8s.io/v1', 'v1', 5),
    kind: one<unknown>(
      'Role',
      'Cluster',
      'Grant',
      'User',
      'Secret',
      'Cloud',
      'List',
      'Scale',
      'DeleteOptions',
      'x',
      null,
    ),
    metadata: fc.oneof({ weight: 9, arbitrary: METADATA }, { weight: 1, arbitrary: fc.jsonValue() }),
    spec: fc.oneof({ weight: 9, arbitrary: SPEC }, { weight: 1, arbitrary: fc.jsonValue() }),
    status: fc.jsonValue(),
    dryRun: one<unknown>(['All'], 'All', 5),
    preconditions: fc.jsonValue(),
    user: one<unknown>('admin', 'nobody', 5, ''),
    password: one<unknown>('x', '', 5, 'x'.repeat(100_000)),
    idToken: one<unknown>('x.y.z', 'eyJhbGciOiJub25lIn0.e30.', 5),
    expiresSeconds: one<unknown>(-1, 'x', 1e99, 60),
    name: one<unknown>('ci', 'constructor', 'X', 5),
    current: one<unknown>('x', 5),
    tokenName: one<unknown>('laptop', '', 5),
  },
  { requiredKeys: [] },
);

const PATHS = [
  '/spec/replicas',
  '/metadata/name',
  '',
  '/',
  '/a/b/c',
  '/spec/-',
  '/metadata/labels/a~1b',
  '/__proto__/x',
];

export const jsonPatch = fc.array(
  fc.record(
    {
      op: one<unknown>('add', 'remove', 'replace', 'move', 'copy', 'test', 'x', 1),
      path: fc.oneof(one(...PATHS), fc.string({ maxLength: 20 })),
      from: one<unknown>(...PATHS, 5),
      value: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 5 },
);

const BOMB = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...'bcdefghij'.split('').map(
    (c, i) =>
      `${c}: &${c} [${Array(9)
        .fill(`*${'abcdefghij'[i] ?? 'a'}`)
        .join(',')}]`,
  ),
].join('\n');

/** Bodies: manifests, patches, and what no parser should be given. */
export const body: fc.Arbitrary<Buffer | null> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 8, arbitrary: manifest.map((value) => Buffer.from(JSON.stringify(value))) },
  { weight: 2, arbitrary: jsonPatch.map((value) => Buffer.from(JSON.stringify(value))) },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: manifest.map((value) => Buffer.from(JSON.stringify(value).slice(0, -2))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: one(
      Buffer.from(BOMB),
      Buffer.from('['.repeat(100_000)),
      Buffer.from(`{"a":${'['.repeat(500)}${']'.repeat(500)}}`),
      Buffer.from('{"__proto__":{"x":1},"constructor":{"prototype":{}}}'),
      Buffer.from('---\n---\n---\n'),
      Buffer.from(`${'a: b\n'.repeat(3)}a: c\n`),
      Buffer.alloc(3_200_000, 'x'),
      Buffer.from(`a: [${'x,'.repeat(1_000_000)}x]`),
      Buffer.from(
        JSON.stringify({
          spec: Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${String(at)}`, 1])),
        }),
      ),
      Buffer.from(`{"kind":"List","items":[${'{},'.repeat(5000)}{}]}`),
      Buffer.from('k8s\0\x0a\x00\x12\x7f', 'latin1'),
    ),
  },
);
