import { UsageError } from '../../../cli/context.js';
import { customColumns, customRow, sortedBy } from '../../../cli/print/custom-columns.js';
import { pathOf, valuesAt } from '../../../cli/print/jsonpath.js';
import { filledIn, templateOf } from '../../../cli/print/template.js';
import { assert, suite } from '../../suite.js';

const test = suite('JSONPath');

const WORLD = {
  items: [
    { name: 'app-10', n: 3, labels: { 'a.b/c': 'x' }, conditions: [{ type: 'Ready', status: 'True' }] },
    {
      name: 'app-2',
      n: 20,
      conditions: [
        { type: 'Ready', status: 'False' },
        { type: 'Odd]', status: 'no' },
      ],
    },
    { name: 'app-1', ok: false },
  ],
};

const PATHS: readonly (readonly [string, readonly unknown[]])[] = [
  ['.items[0].name', ['app-10']],
  ['items[0].name', ['app-10']],
  ['$.items[-1].name', ['app-1']],
  ['.items[*].name', ['app-10', 'app-2', 'app-1']],
  ['.items[1:].name', ['app-2', 'app-1']],
  ['.items[:-1].name', ['app-10', 'app-2']],
  ['.items[?(@.n>3)].name', ['app-2']],
  ['.items[?(@.n)].name', ['app-10', 'app-2']],
  ['.items[?(@.ok==false)].name', ['app-1']],
  ['.items[*].conditions[?(@.type=="Ready")].status', ['True', 'False']],
  ['.items[*].conditions[?(@.type=="Odd]")].status', ['no']],
  [".items[0].labels['a.b/c']", ['x']],
  ['.items[0].labels.a\\.b/c', ['x']],
  ['..status', ['True', 'False', 'no']],
  ['.nothing.here', []],
  ['.items.length', []],
];

for (const [path, values] of PATHS)
  test(path, () => {
    assert.equal(valuesAt(WORLD, pathOf(path)), values);
  });

for (const path of ['.a[', '.a[b]', '.a]', '.a b', '.a[?(x)]', '.a[?(@.b==c)]'])
  test(`${path} is refused with what is wrong`, () => {
    assert.throws(
      () => pathOf(path),
      (error: unknown) => error instanceof UsageError && error.message.includes(path),
    );
  });

const TEMPLATES: readonly (readonly [string, string])[] = [
  ['{.items[*].name}', 'app-10 app-2 app-1'],
  ['.items[0].name', 'app-10'],
  ['{range .items[*]}{.name}={.n}{"\\n"}{end}.', 'app-10=3\napp-2=20\napp-1=\n.'],
  ['a{"}"}b', 'a}b'],
  ['{.items[0].conditions[0]}', '{"type":"Ready","status":"True"}'],
];

for (const [template, text] of TEMPLATES)
  test(template, () => {
    assert.is(filledIn(templateOf(template), WORLD), text);
  });

test('templates that do not end are refused', () => {
  for (const template of ['', '{.a', '{range .a}', '{end}'])
    assert.throws(
      () => templateOf(template),
      (error: unknown) => error instanceof UsageError,
    );
});

test('columns of one’s own, and sorting', () => {
  const columns = customColumns('NAME:.name,READY:{.conditions[?(@.type=="Ready")].status}');
  assert.equal(
    WORLD.items.map((item) => customRow(columns, item)),
    [
      ['app-10', 'True'],
      ['app-2', 'False'],
      ['app-1', '<none>'],
    ],
  );
  assert.throws(
    () => customColumns('NAME'),
    (error: unknown) => error instanceof UsageError,
  );
  const names = (path: string): readonly string[] => sortedBy(WORLD.items, path).map(({ name }) => name);
  assert.equal(names('.name'), ['app-1', 'app-2', 'app-10']);
  assert.equal(names('{.n}'), ['app-1', 'app-10', 'app-2']);
});
