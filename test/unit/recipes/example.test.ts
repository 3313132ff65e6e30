import * as E from 'fp-ts/lib/Either.js';
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { findKind } from '../../../api-types/kinds.js';
import { decodeStrict } from '../../../api-types/problems.js';
import { assert, suite } from '../../suite.js';

const test = suite('the example is a cluster of 13 hosts');

interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: { readonly replicas?: number };
}

const documents = parseAllDocuments(readFileSync('examples/monster-world.yaml', 'utf8')).map(
  (document) => document.toJS() as Document,
);

test('the example of an application decodes', () => {
  const { kind, spec } = parseAllDocuments(
    readFileSync('examples/hello.yaml', 'utf8'),
  )[0]?.toJS() as Document;
  const entry = findKind(kind);
  assert.ok(entry?.spec);
  assert.ok(E.isRight(decodeStrict(entry.spec, spec)));
});

test('every document decodes', () => {
  for (const { kind, spec, metadata } of documents) {
    const entry = findKind(kind);
    assert.ok(entry?.spec, `${kind} is a kind`);
    assert.ok(E.isRight(decodeStrict(entry.spec, spec)), `${kind} ${metadata.name}`);
  }
});

test('five roles, 13 hosts', () => {
  const roles = documents.filter(({ kind }) => kind === 'Role');
  assert.equal(
    roles.map(({ metadata }) => metadata.name),
    ['lb', 'app', 'db', 'db-replica', 'cache'],
  );
  assert.is(
    roles.reduce((sum, { spec }) => sum + (spec.replicas ?? 0), 0),
    13,
  );
});
