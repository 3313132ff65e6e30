import * as E from 'fp-ts/lib/Either.js';
import { selectorOf } from '../../../server/reads/selectors.js';
import { findView } from '../../../server/views/views.js';
import type { View } from '../../../server/views/view.js';
import { instance, live, readyInstance } from '../../build/objects.js';
import { assert, suite } from '../../suite.js';

const test = suite('selectors');

const viewOf = (groupVersion: string, plural: string): View => {
  const view = findView(groupVersion, plural);
  if (view === null) throw new Error(`no view of ${plural}`);
  return view;
};
const instances = viewOf('scalarium.dev/v1', 'instances');

const query = (parameter: string, text: string): URLSearchParams =>
  new URLSearchParams({ [parameter]: text });

const LABELS: readonly (readonly [string, boolean])[] = [
  ['', true],
  ['tier=web', true],
  ['tier==web', true],
  [' tier = web ', true],
  ['tier!=web', false],
  ['other!=web', true],
  ['tier', true],
  ['!tier', false],
  ['!other', true],
  ['other', false],
  ['tier in (data, web)', true],
  ['tier in(data)', false],
  ['other in (web)', false],
  ['tier notin (data)', true],
  ['tier notin (data,web)', false],
  ['other notin (web)', true],
  ['tier in (web,data),zone!=b,example.com/team', true],
  ['tier in (web,data),zone!=a', false],
  ['tier=', false],
  ['empty=', true],
  ['empty in ()', true],
];

test('label selectors: equality, sets and presence; a label that is not there is not equal to anything', () => {
  const of = instance('app-1', { labels: { tier: 'web', zone: 'a', 'example.com/team': 'x', empty: '' } });
  for (const [text, expected] of LABELS) {
    const selector = selectorOf(instances, query('labelSelector', text));
    if (E.isLeft(selector)) throw new Error(`${text}: ${selector.left.message ?? ''}`);
    assert.is(selector.right(of), expected, text);
  }
});

test('what is no selector: 400 that says where', () => {
  const wrong = [
    'a in b',
    'a in (b',
    'a,',
    ',',
    'a=b=c',
    'a b',
    '-x=1',
    'x=-',
    'a in ((b))',
    '(a)',
    `k=${'x'.repeat(64)}`,
  ];
  for (const text of wrong) {
    const selector = selectorOf(instances, query('labelSelector', text));
    assert.ok(E.isLeft(selector), text);
    assert.is(selector.left.code, 400, text);
    assert.match(selector.left.message ?? '', 'labelSelector', text);
  }
});

test('an inherited property is no label', () => {
  const selector = selectorOf(instances, query('labelSelector', 'constructor'));
  assert.ok(E.isRight(selector) && !selector.right(instance()));
});

test('field selectors: name, namespace, and what the kind offers', () => {
  const of = readyInstance('app-1');
  const rows: readonly (readonly [string, boolean])[] = [
    ['metadata.name=app-1', true],
    ['metadata.name!=app-1', false],
    ['metadata.namespace=shop,metadata.name=app-1', true],
    ['metadata.namespace=', false],
    ['spec.role=app', true],
    ['spec.role==db', false],
    ['status.phase=online', true],
    ['status.phase!=online', false],
  ];
  for (const [text, expected] of rows) {
    const selector = selectorOf(instances, query('fieldSelector', text));
    assert.ok(E.isRight(selector) && selector.right(of) === expected, text);
  }
});

test('an unknown field: 400 that names those there are', () => {
  for (const text of ['spec.image=x', 'constructor=x', 'toString!=x']) {
    const selector = selectorOf(instances, query('fieldSelector', text));
    assert.ok(E.isLeft(selector), text);
    assert.match(selector.left.message ?? '', 'metadata.name, metadata.namespace, spec.role, status.phase');
  }
});

test('events are found by what they regard, in the words of either group', () => {
  const event = live('Event', 'x', undefined as never, {
    status: {
      type: 'Warning',
      reason: 'Frozen',
      message: 'a, b',
      source: 'healing',
      regarding: { kind: 'Cluster', name: 'shop' },
      count: 1,
    },
  });
  const text = 'involvedObject.name=shop,involvedObject.namespace=,involvedObject.kind=Cluster,type!=Normal';
  for (const [group, asked] of [
    ['v1', text],
    ['events.k8s.io/v1', 'regarding.name=shop,reportingController=healing,reason=Frozen'],
  ] as const) {
    const selector = selectorOf(viewOf(group, 'events'), query('fieldSelector', asked));
    assert.ok(E.isRight(selector) && selector.right(event), asked);
  }
});
