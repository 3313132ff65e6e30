import * as E from 'fp-ts/lib/Either.js';
import { clausesOf } from '../../../server/accept.js';
import { type Wanting, shapeOf } from '../../../server/reads/shapes.js';
import { findView } from '../../../server/views/views.js';
import { assert, suite } from '../../suite.js';

const test = suite('what a client takes');

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const PARTIAL = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

const keyOf = (accept: string | undefined, wanting: Wanting, includeObject = ''): string | number => {
  const view = findView('scalarium.dev/v1', 'roles');
  if (view === null) throw new Error('no roles');
  const shape = shapeOf(view, wanting, { accept, query: new URLSearchParams({ includeObject }) });
  return E.isLeft(shape) ? shape.left.code : shape.right.key;
};

const ROWS: readonly (readonly [string | undefined, Wanting, string | number])[] = [
  [undefined, 'list', 'objects'],
  ['', 'one', 'objects'],
  ['*/*', 'list', 'objects'],
  ['application/*', 'watch', 'objects'],
  ['application/json', 'one', 'objects'],
  ['APPLICATION/JSON; charset=utf-8', 'one', 'objects'],
  [TABLE, 'list', 'table v1 Metadata'],
  [TABLE, 'watch', 'table v1 Metadata'],
  [`${TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`, 'one', 'table v1 Metadata'],
  ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', 'list', 'table v1beta1 Metadata'],
  [`application/json;q=0.5,${TABLE};q=0.9`, 'list', 'table v1 Metadata'],
  [`${TABLE};q=0,application/json;q=0.1`, 'list', 'objects'],
  ['application/json;as=Table;v=v2;g=meta.k8s.io,application/json', 'list', 'objects'],
  ['application/json;as=Table;v=v2;g=meta.k8s.io', 'list', 406],
  ['application/json;as=Table;v=v1;g=other', 'list', 406],
  [PARTIAL, 'one', 'metadata v1'],
  [PARTIAL, 'watch', 'metadata v1'],
  ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', 'list', 'metadata v1'],
  ['application/yaml', 'list', 'yaml objects'],
  ['application/yaml,application/json;q=0.9', 'one', 'yaml objects'],
  ['application/json, application/yaml', 'one', 'objects'],
  ['application/yaml', 'watch', 406],
  ['application/yaml;as=Table;v=v1;g=meta.k8s.io', 'list', 406],
  ['application/vnd.kubernetes.protobuf', 'list', 406],
  ['application/vnd.kubernetes.protobuf,application/json', 'list', 'objects'],
  ['application/cbor', 'one', 406],
  ['text/html', 'one', 406],
  [';;;,,,=;q=x', 'one', 406],
];

test('the best that is offered, else 406', () => {
  for (const [accept, wanting, expected] of ROWS)
    assert.is(keyOf(accept, wanting), expected, `${String(accept)} ${wanting}`);
});

test('includeObject chooses what a row carries', () => {
  assert.is(keyOf(TABLE, 'list', 'Object'), 'table v1 Object');
  assert.is(keyOf(TABLE, 'list', 'None'), 'table v1 None');
  assert.is(keyOf(TABLE, 'list', 'All'), 400);
});

test('clauses come by quality, then as they were given', () => {
  const medias = clausesOf('a/a;q=0.2, b/b, c/c;q=0.2;x="y", d/d;q=7').map(({ media }) => media);
  assert.equal(medias, ['b/b', 'd/d', 'a/a', 'c/c']);
  assert.equal(clausesOf('c/c;X="y"')[0]?.parameters, { x: 'y' });
});
