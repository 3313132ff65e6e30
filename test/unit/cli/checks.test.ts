import * as E from 'fp-ts/lib/Either.js';
import { type DocumentProblem, inDependencyOrder, referenceProblems } from '../../../api-types/references.js';
import type { Manifest } from '../../../api-types/plan.js';
import { decodeAll } from '../../../cli/checks.js';
import { parseTexts } from '../../../cli/documents.js';
import { assert, suite } from '../../suite.js';

const test = suite('checks before anything is stored');

const role = (name: string, spec: object = {}): Manifest => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Role',
  metadata: { name, namespace: 'shop' },
  spec: { type: 'custom', replicas: 1, ...spec },
});
const cluster: Manifest = {
  apiVersion: 'scalarium.dev/v1',
  kind: 'Cluster',
  metadata: { name: 'shop' },
  spec: { cloud: 'local' },
};
const slot = (spec: object): Manifest => ({ ...role('app-1'), kind: 'Instance', spec });

const stored: Readonly<Record<string, unknown>> = {
  'Cloud//local': {},
  'Role/shop/old': { dependsOn: ['app'] },
};
const lookup = (kind: string, of: string | null, name: string): unknown =>
  stored[`${kind}/${of ?? ''}/${name}`] ?? null;
const said = (problems: readonly DocumentProblem[]): readonly string[] =>
  problems.map(({ document, path, got }) => `${String(document)} ${path} ${got}`);

for (const { name, manifests, expected } of [
  { name: 'all there', manifests: [cluster, role('app', { dependsOn: ['db'] }), role('db')], expected: [] },
  { name: 'in the store', manifests: [cluster, role('db', { watches: ['old'] }), role('app')], expected: [] },
  { name: 'no cluster', manifests: [role('app')], expected: ['0 metadata.namespace "shop"'] },
  {
    name: 'no cloud',
    manifests: [{ ...cluster, spec: { cloud: 'mars' } }],
    expected: ['0 spec.cloud "mars"'],
  },
  {
    name: 'no role',
    manifests: [cluster, slot({ role: 'app', roles: ['old', 'none'] })],
    expected: ['1 spec.role "app"', '1 spec.roles.1 "none"'],
  },
  {
    name: 'waits for itself',
    manifests: [cluster, role('app', { dependsOn: ['app'] })],
    expected: ['1 spec.dependsOn app → app'],
  },
  {
    name: 'a circle through the store',
    manifests: [cluster, role('app', { dependsOn: ['old'] })],
    expected: ['1 spec.dependsOn app → old → app'],
  },
  {
    name: 'twice the same name',
    manifests: [cluster, role('app'), role('app')],
    expected: ['2 metadata.name "app", which an earlier document has'],
  },
])
  test(`references: ${name}`, () => {
    assert.equal(said(referenceProblems(manifests, lookup)), expected);
  });

test('what is referred to is written first, otherwise the order of the files stays', () => {
  const order = inDependencyOrder([slot({}), role('b'), role('a'), cluster, { ...cluster, kind: 'Cloud' }]);
  assert.equal(
    order.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ['Cloud shop', 'Cluster shop', 'Role b', 'Role a', 'Instance app-1'],
  );
});

for (const { name, text, expected } of [
  { name: 'broken', text: 'a: 1\nb: [\n', expected: /^f\.yaml:3:1: / },
  { name: 'twice the same key', text: 'a: 1\na: 2\n', expected: /^f\.yaml:2:1: .*unique/ },
  {
    name: 'a bomb',
    text: `a: &a [x]\n${'b: [*a, *a, *a, *a, *a, *a, *a, *a]\n'.repeat(1)}`.replace(
      'b: [',
      `b: [${'*a, '.repeat(100)}`,
    ),
    expected: /^f\.yaml: .*alias/,
  },
  { name: 'deep', text: '['.repeat(20_000), expected: /^f\.yaml/ },
])
  test(`YAML that cannot be read: ${name}`, () => {
    const { problems, documents } = parseTexts([{ file: 'f.yaml', text }]);
    assert.equal(documents, []);
    assert.match(problems[0] ?? '', expected);
    assert.not.match(problems[0] ?? '', '\n');
  });

test('documents are counted in their file; empty ones are none; lists are their items', () => {
  const text = '---\n---\nkind: RoleList\nitems: [{a: 1}, {b: 2}]\n---\nc: 3\n';
  const { documents } = parseTexts([{ file: 'f', text }]);
  assert.equal(
    documents.map(({ index, value }) => [index, value]),
    [
      [1, { a: 1 }],
      [2, { b: 2 }],
      [3, { c: 3 }],
    ],
  );
});

test('every problem of every document is a line with file, document and path', () => {
  const value = { apiVersion: 'v2', kind: 'Role', metadata: { name: 'A' }, spec: { replicas: 'x' }, more: 1 };
  const result = decodeAll([{ file: 'f.yaml', index: 2, value }], null);
  const lines = E.isLeft(result) ? result.left : [];
  for (const path of ['apiVersion', 'more', 'metadata.name', 'spec.type', 'spec.replicas'])
    assert.ok(
      lines.some((line) => line.startsWith(`f.yaml (document 2, Role A): ${path}: expected `)),
      `${path} in ${lines.join('\n')}`,
    );
});
