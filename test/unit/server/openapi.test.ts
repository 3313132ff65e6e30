/** The API's schema as clients read it, in both versions and in the bytes of gnostic. */
import protobuf from 'protobufjs/light.js';
import { KIND_NAMES, kindEntry } from '../../../api-types/kinds.js';
import { GROUP_VERSIONS } from '../../../server/discovery/resources.js';
import { documentType } from '../../../server/openapi/gnostic.js';
import { getDoor, jsonOf } from '../../build/doors.js';
import { assert, suite } from '../../suite.js';

const test = suite('server/openapi');

const OURS = '/openapi/v3/apis/scalarium.dev/v1';

type Json = Readonly<Record<string, unknown>>;

const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((inner, key) => (inner as Json | undefined)?.[key], value);

const names = (parameters: unknown): readonly unknown[] =>
  (parameters as readonly { readonly name: string }[]).map(({ name }) => name);

/** Every reference in a document. */
const referencesIn = (value: unknown): readonly string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) =>
        key === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
      );

for (const { path } of GROUP_VERSIONS)
  test(`the document of ${path} refers to nothing that is not in it`, async () => {
    const document = jsonOf(await getDoor(`/openapi/v3${path}`));
    const schemas = at(document, 'components', 'schemas') as Json;
    const missing = referencesIn(document).filter(
      (reference) => !Object.hasOwn(schemas, reference.replace('#/components/schemas/', '')),
    );
    assert.equal(missing, []);
    assert.ok(referencesIn(document).length > 0);
  });

test('each PATCH says which kind it is for, what it takes, and that nothing is strategic', async () => {
  const paths = Object.entries(jsonOf(await getDoor(OURS))['paths'] as Json);
  const patches = paths.filter(([path, item]) => path.endsWith('{name}') && at(item, 'patch') !== undefined);
  const written = KIND_NAMES.filter((kind) => kindEntry(kind).home === 'spec');
  assert.equal(
    patches.map(([, item]) => at(item, 'patch', 'x-kubernetes-group-version-kind')),
    written.map((kind) => ({ group: 'scalarium.dev', version: 'v1', kind })),
  );
  for (const [, item] of patches) {
    assert.equal(names(at(item, 'patch', 'parameters')), [
      'dryRun',
      'fieldManager',
      'fieldValidation',
      'force',
    ]);
    assert.equal(Object.keys(at(item, 'patch', 'requestBody', 'content') as Json), [
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/apply-patch+yaml',
    ]);
  }
});

test('the log of a host is text, with its options', async () => {
  const paths = jsonOf(await getDoor(OURS))['paths'];
  const path = '/apis/scalarium.dev/v1/namespaces/{namespace}/instances/{name}/logs';
  const get = at(paths, path, 'get');
  assert.equal(names(at(get, 'parameters')), ['tail', 'follow', 'event']);
  assert.equal(at(get, 'responses', '200', 'content'), { 'text/plain': { schema: { type: 'string' } } });
});

test('operations are told apart by their ids', async () => {
  for (const path of ['/openapi/v2', OURS]) {
    const items = Object.values(jsonOf(await getDoor(path))['paths'] as Json);
    const ids = items.flatMap((item) =>
      Object.values(item as Json).flatMap((one) => at(one, 'operationId') ?? []),
    );
    assert.ok(ids.length > 20);
    assert.is(new Set(ids).size, ids.length);
  }
});

test('the index leads to every document by its hash, and that may be kept', async () => {
  const index = jsonOf(await getDoor('/openapi/v3'))['paths'] as Json;
  assert.equal(
    Object.keys(index),
    GROUP_VERSIONS.map(({ path }) => path.slice(1)),
  );
  const url = String(at(index, 'apis/scalarium.dev/v1', 'serverRelativeURL'));
  assert.match(url, /^\/openapi\/v3\/apis\/scalarium\.dev\/v1\?hash=[0-9A-F]{32}$/);
  const byHash = await getDoor(url);
  assert.match(byHash.headers?.['Cache-Control'] ?? '', /immutable/);
  const byName = await getDoor(`${OURS}?hash=0000`);
  assert.is(byName.headers?.['Cache-Control'], 'no-cache, private');
  assert.is((await getDoor(OURS, { 'if-none-match': byName.headers?.['ETag'] ?? '' })).code, 304);
});

test('a role is there as it is explained', async () => {
  const name = 'dev.scalarium.v1.Role';
  const role = at(jsonOf(await getDoor(OURS)), 'components', 'schemas', name);
  const healing = at(role, 'properties', 'spec', 'properties', 'healing', 'properties');
  assert.equal(at(healing, 'silentSeconds', 'default'), 25);
  assert.match(String(at(healing, 'silentSeconds', 'description')), /Unit: seconds\. Default: 25\.$/);
  assert.equal(at(role, 'x-kubernetes-group-version-kind'), [
    { group: 'scalarium.dev', version: 'v1', kind: 'Role' },
  ]);
  const attributes = at(role, 'properties', 'spec', 'properties', 'attributes');
  assert.is(at(attributes, 'x-kubernetes-preserve-unknown-fields'), true);
});

const V2 = 'application/com.github.proto-openapi.spec.v2';

for (const [accept, type] of [
  [`${V2}@v1.0+protobuf`, `${V2}.v1.0+protobuf`],
  [`${V2}.v1.0+protobuf, application/json;q=0.5`, `${V2}.v1.0+protobuf`],
  [`application/json, ${V2}@v1.0+protobuf`, 'application/json'],
  ['*/*', 'application/json'],
] as const)
  test(`version 2 for ${accept}`, async () => {
    assert.is((await getDoor('/openapi/v2', { accept })).type, type);
  });

const gnostic = async (): Promise<Buffer> =>
  (await getDoor('/openapi/v2', { accept: `${V2}@v1.0+protobuf` })).body as Buffer;

test('the bytes hold every path and definition of the JSON', async () => {
  const decoded = documentType()
    .decode(await gnostic())
    .toJSON();
  const json = jsonOf(await getDoor('/openapi/v2'));
  assert.is(decoded['swagger'], '2.0');
  assert.equal(names(at(decoded, 'paths', 'path')), Object.keys(json['paths'] as Json));
  const definitions = at(decoded, 'definitions', 'additionalProperties') as readonly Json[];
  assert.equal(names(definitions), Object.keys(json['definitions'] as Json));
  const role = definitions.find(({ name }) => name === 'dev.scalarium.v1.Role');
  assert.equal(at(role, 'value', 'vendorExtension'), [
    {
      name: 'x-kubernetes-group-version-kind',
      value: { yaml: '[{"group":"scalarium.dev","version":"v1","kind":"Role"}]' },
    },
  ]);
});

test('version 2 knows no null and no wrapped references', async () => {
  const text = String((await getDoor('/openapi/v2')).body);
  assert.not.match(text, /"nullable"/);
  assert.not.match(text, /"allOf"/);
});

type Wire = ReadonlyMap<number, readonly Uint8Array[]>;

/** Length-delimited fields of a message by number, read without any descriptor. */
const wireOf = (bytes: Uint8Array): Wire => {
  const reader = protobuf.Reader.create(bytes);
  const all = new Map<number, Uint8Array[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) === 2) all.set(tag >>> 3, [...(all.get(tag >>> 3) ?? []), reader.bytes()]);
    else reader.skipType(tag & 7);
  }
  return all;
};

const text = (wire: Wire, number: number): string => Buffer.from(wire.get(number)?.[0] ?? []).toString();

const inner = (wire: Wire, ...numbers: readonly number[]): Wire =>
  numbers.reduce((last, number) => wireOf(last.get(number)?.[0] ?? new Uint8Array()), wire);

/** One entry of a list of names and values: name is 1, value is 2. */
const entry = (wire: Wire, list: number, name: string): Wire => {
  const found = (wire.get(list) ?? []).map(wireOf).find((one) => text(one, 1) === name);
  assert.ok(found, `no entry ${name} in field ${String(list)}`);
  return inner(found, 2);
};

test('fields are under the numbers that gnostic gives them', async () => {
  const document = wireOf(await gnostic());
  assert.is(text(document, 1), '2.0', 'Document.swagger');
  assert.is(text(inner(document, 2), 1), 'Scalarium', 'Document.info, Info.title');
  const role = entry(inner(document, 9), 1, 'dev.scalarium.v1.Role');
  assert.match(text(role, 4), /^What a group of hosts/, 'Document.definitions, Schema.description');
  const spec = entry(inner(role, 25), 1, 'spec');
  assert.is(text(inner(spec, 22), 1), 'object', 'Schema.properties, Schema.type');
  assert.is(text(spec, 19), 'type', 'Schema.required');
  const fields = inner(spec, 25);
  assert.is(text(inner(entry(fields, 1, 'type'), 20), 2), '"load-balancer"', 'Schema.enum, Any.yaml');
  assert.is(text(inner(entry(fields, 1, 'dependsOn'), 5), 2), '[]', 'Schema.default');
  const item = inner(entry(fields, 1, 'dependsOn'), 23, 1);
  assert.match(text(item, 13), /^\^\[a-z0-9\]/, 'Schema.items, ItemsItem.schema, Schema.pattern');
  assert.is(text(entry(inner(role, 25), 1, 'metadata'), 1).slice(0, 14), '#/definitions/', 'Schema._ref');
  const path = entry(inner(document, 8), 2, '/apis/scalarium.dev/v1/namespaces/{namespace}/roles/{name}');
  const patch = inner(path, 8);
  assert.match(text(patch, 5), /^patch_/, 'Paths.path, PathItem.patch, Operation.operation_id');
  assert.is(text(patch, 7), 'application/json-patch+json', 'Operation.consumes');
  const kind = entry(patch, 13, 'x-kubernetes-group-version-kind');
  assert.match(text(kind, 2), /"kind":"Role"/, 'Operation.vendor_extension');
  const parameters = (patch.get(8) ?? []).map((one) => inner(wireOf(one), 1));
  const query = parameters.flatMap((one) => (one.has(2) ? [text(inner(one, 2, 3), 4)] : []));
  assert.equal(query, ['dryRun', 'fieldManager', 'fieldValidation', 'force'], 'QueryParameterSubSchema.name');
  const inPath = (path.get(9) ?? []).map((one) => text(inner(wireOf(one), 1, 2, 4), 4));
  assert.equal(inPath, ['namespace', 'name'], 'PathItem.parameters, PathParameterSubSchema.name');
  const answer = entry(inner(patch, 9), 1, '200');
  assert.is(text(inner(answer, 1), 1), 'OK', 'Operation.responses, ResponseValue.response');
});
