/** Every field is described, and what the descriptions say of defaults is what holds. */
import * as t from 'io-ts';
import { described } from '../../../api-types/described.js';
import { kindSchema } from '../../../api-types/kind-schema.js';
import { KIND_NAMES, type KindName, kindEntry } from '../../../api-types/kinds.js';
import { type Schema, schemaOf } from '../../../api-types/schema.js';
import {
  CountOrPercentage,
  JsonObject,
  Name,
  fields,
  listOf,
  oneOf,
  wholeNumber,
} from '../../../api-types/words.js';
import { assert, suite } from '../../suite.js';

const test = suite('api-types/schema');

interface Field {
  readonly path: string;
  readonly schema: Schema;
}

const childrenOf = (schema: Schema, path: string): readonly Field[] =>
  Object.entries(schema.properties ?? {}).map(([name, child]) => ({
    path: `${path}.${name}`,
    schema: child,
  }));

/** Every field below a schema, those of list items and map values too. */
const fieldsBelow = (schema: Schema, path: string): readonly Field[] => {
  const inner = [schema.items, schema.additionalProperties].flatMap((child) =>
    child === undefined ? [] : fieldsBelow(child, `${path}[]`),
  );
  const own = childrenOf(schema, path);
  return [...own, ...own.flatMap((field) => fieldsBelow(field.schema, field.path)), ...inner];
};

const everyField = KIND_NAMES.flatMap((kind) => fieldsBelow(kindSchema(kind), kind));

const letters = (text: string): string => text.toLowerCase().replaceAll(/[^a-z]/g, '');

test('every field of every kind is described, by more than its name', () => {
  assert.ok(everyField.length > 200, `only ${String(everyField.length)} fields were found`);
  const poor = everyField.filter(({ path, schema }) => {
    const text = schema.description ?? '';
    const name = path.split('.').at(-1) ?? '';
    return !text.endsWith('.') || text.length < 12 || letters(text) === letters(name);
  });
  assert.equal(
    poor.map(({ path, schema }) => `${path}: ${schema.description ?? 'nothing'}`),
    [],
  );
});

test('every number in seconds or percent says so', () => {
  const silent = everyField.filter(({ path, schema }) => {
    const unit = /Seconds$/.test(path) ? 'seconds' : /Percent$/.test(path) ? 'percent' : '';
    return !(schema.description ?? '').includes(unit);
  });
  assert.equal(silent, []);
});

/** The least that a spec must say. */
const LEAST: Readonly<Record<string, object>> = {
  Cloud: { provider: 'local' },
  Cluster: { cloud: 'local' },
  Role: { type: 'custom', replicas: 1 },
  Instance: { role: 'app' },
  User: {},
  Grant: { level: 'show', user: 'anna' },
  Secret: {},
  Run: { event: 'configure' },
  Application: { type: 'nodejs', source: { type: 'git', url: 'https://git.example/shop.git' } },
  Deployment: { application: 'shop', command: 'deploy' },
};

/** Documented otherwise than by a value: what they depend on is said in words. */
const IN_WORDS = ['Role.spec.healing.enabled', 'Grant.spec.ssh', 'Application.spec.strategy.type'];

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Defaults by path, from the schema or from a spec. */
const documented = (schema: Schema, path: string): Record<string, unknown> =>
  Object.assign(
    'default' in schema ? { [path]: schema.default } : {},
    ...Object.entries(schema.properties ?? {}).map(([name, child]) => documented(child, `${path}.${name}`)),
  ) as Record<string, unknown>;

const given = (value: unknown, path: string): Record<string, unknown> =>
  isPlain(value) && Object.keys(value).length > 0
    ? (Object.assign(
        {},
        ...Object.entries(value).map(([name, child]) => given(child, `${path}.${name}`)),
      ) as Record<string, unknown>)
    : { [path]: value };

const without = (all: Record<string, unknown>, paths: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(all)
      .filter(([path]) => !paths.includes(path))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const withSpec: readonly KindName[] = KIND_NAMES.filter((kind) => kindEntry(kind).spec !== null);

for (const kind of withSpec)
  test(`the defaults that ${kind} documents are those it gets`, () => {
    const least = LEAST[kind];
    assert.ok(least, `say in LEAST what a ${kind} must say`);
    const spec = kindSchema(kind).properties?.['spec'] ?? {};
    const said = documented(spec, `${kind}.spec`);
    const got = given(kindEntry(kind).defaults(least), `${kind}.spec`);
    const asked = Object.keys(given(least, `${kind}.spec`));
    assert.equal(without(said, []), without(got, [...asked, ...IN_WORDS, `${kind}.spec`]));
  });

const sample = fields(
  'Sample',
  { kind: oneOf(['a', 'b']), count: wholeNumber(1, 9) },
  {
    share: described(CountOrPercentage, 'How many.', { default: '25%', unit: 'hosts' }),
    names: listOf(Name, 'names'),
    free: JsonObject,
    by: t.record(t.string, t.strict({ on: t.boolean })),
    gone: t.union([t.string, t.null]),
    word: t.union([t.literal('x'), t.literal('y')]),
    enabled: described(t.boolean, 'Whether.', { otherwise: 'it depends' }),
  },
);

const CASES: readonly { readonly name: string; readonly schema: Schema }[] = [
  { name: 'kind', schema: { type: 'string', enum: ['a', 'b'] } },
  { name: 'count', schema: { type: 'integer', format: 'int64', minimum: 1, maximum: 9 } },
  {
    name: 'share',
    schema: {
      'x-kubernetes-int-or-string': true,
      description: 'How many. Unit: hosts. Default: 25%.',
      default: '25%',
    },
  },
  {
    name: 'names',
    schema: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 },
      'x-kubernetes-list-type': 'atomic',
    },
  },
  { name: 'free', schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  {
    name: 'by',
    schema: {
      type: 'object',
      additionalProperties: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'] },
    },
  },
  { name: 'gone', schema: { type: 'string', nullable: true } },
  { name: 'word', schema: { type: 'string', enum: ['x', 'y'] } },
  { name: 'enabled', schema: { type: 'boolean', description: 'Whether. Default: it depends.' } },
];

for (const { name, schema } of CASES)
  test(`a codec as a schema: ${name}`, () => {
    assert.equal(schemaOf(sample).properties?.[name], schema);
  });

test('what must be given is required', () => {
  assert.equal(schemaOf(sample).required, ['kind', 'count']);
  assert.equal(kindSchema('Role').properties?.['spec']?.required, ['type', 'replicas']);
});

test('a codec that the schema has no words for is a mistake, and said', () => {
  assert.throws(() => schemaOf(t.bigint), /no words for the codec BigIntType/);
});

const fieldAt = (kind: KindName, ...names: readonly string[]): Schema | undefined =>
  names.reduce<Schema | undefined>((schema, name) => schema?.properties?.[name], kindSchema(kind));

test('the API shows conditions as a list, and the phase of an Instance', () => {
  const conditions = fieldAt('Instance', 'status', 'conditions');
  assert.equal(conditions?.type, 'array');
  assert.ok(conditions?.items?.properties?.['lastTransitionTime']);
  assert.ok(fieldAt('Instance', 'status', 'phase')?.enum?.includes('running_setup'));
  assert.is(fieldAt('Role', 'status', 'phase'), undefined);
});
