import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kindSchema } from '../../../api-types/kind-schema.js';
import { kindEntry, type KindName } from '../../../api-types/kinds.js';
import { OWNERS, type Writer } from '../../../controllers/owners.js';
import { assert, suite } from '../../suite.js';

const test = suite('every field and condition of a status has one writer');

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where each writer's code is. */
const SOURCES: Readonly<Record<Writer, string>> = {
  clouds: 'controllers/clouds',
  instances: 'controllers/instances',
  lifecycle: 'controllers/lifecycle',
  healing: 'controllers/healing',
  cookbooks: 'controllers/cookbooks',
  sweeper: 'controllers/sweeper',
  drift: 'controllers/drift',
  deployments: 'controllers/deployments',
  membership: 'controllers/membership',
  keeper: 'store/objects',
  gateway: 'server/gateway',
  server: 'server',
};

type Owned = Readonly<Partial<Record<'fields' | 'conditions', readonly string[]>>>;

interface Claim {
  readonly kind: string;
  readonly writer: Writer;
  readonly field: string;
}

const claimsOf = (of: 'fields' | 'conditions'): readonly Claim[] =>
  Object.entries(OWNERS).flatMap(([kind, writers]) =>
    Object.entries(writers).flatMap(([writer, owned]) => {
      const names: readonly string[] = (owned as Owned)[of] ?? [];
      return names.map((field) => ({ kind, writer: writer as Writer, field }));
    }),
  );

/** How io-ts holds a codec made with `fields` of api-types/words.ts. */
interface Exact {
  readonly type: { readonly types: readonly { readonly props: Readonly<Record<string, unknown>> }[] };
}

const propsOf = (codec: unknown): readonly string[] =>
  (codec as Exact).type.types.flatMap(({ props }) => Object.keys(props));

const sourceOf = (folder: string): string =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && (folder !== 'server' || !name.startsWith('gateway')))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'))
    .join('\n');

for (const of of ['fields', 'conditions'] as const) {
  test(`no two writers have one of the ${of}`, () => {
    const names = claimsOf(of).map(({ kind, field }) => `${kind}.${field}`);
    assert.ok(names.length > 0);
    assert.equal(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  test(`a writer's code knows the ${of} it is said to write`, () => {
    const sources = Object.entries(SOURCES).map(([writer, folder]) => [writer, sourceOf(folder)] as const);
    const text = new Map<string, string>(sources);
    const strange = claimsOf(of).filter(
      ({ writer, field }) => !new RegExp(`\\b${field}\\b`).test(text.get(writer) ?? ''),
    );
    assert.equal(strange, []);
  });
}

test('every field of a status codec has a writer', () => {
  for (const kind of Object.keys(OWNERS) as KindName[]) {
    const claimed = claimsOf('fields').flatMap((claim) => (claim.kind === kind ? [claim.field] : []));
    const props = propsOf(kindEntry(kind).status);
    assert.ok(props.length > 0, kind);
    const held = props.filter((field) => field !== 'conditions');
    assert.equal([...claimed].sort(), [...held].sort(), kind);
  }
});

test('every condition that is written is named in the text of its kind', () => {
  const silent = claimsOf('conditions').filter(({ kind, field }) => {
    const { status } = kindSchema(kind as KindName).properties ?? {};
    return !new RegExp(`\\b${field}\\b`).test(status?.properties?.['conditions']?.description ?? '');
  });
  assert.equal(silent, []);
});
