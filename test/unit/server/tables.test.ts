import { KIND_NAMES, kindEntry } from '../../../api-types/kinds.js';
import { age } from '../../../server/reads/ages.js';
import { columnDefinitions, rowCells } from '../../../server/reads/tables.js';
import { findView } from '../../../server/views/views.js';
import type { View } from '../../../server/views/view.js';
import { EPOCH, live, readyInstance } from '../../build/objects.js';
import { assert, suite } from '../../suite.js';

const test = suite('tables');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const viewOf = (groupVersion: string, plural: string): View => {
  const view = findView(groupVersion, plural);
  if (view === null) throw new Error(`no view of ${plural}`);
  return view;
};

test('ages as kubectl tells them', () => {
  const rows: readonly (readonly [number, string])[] = [
    [-5, '0s'],
    [0, '0s'],
    [119_000, '119s'],
    [2 * MINUTE, '2m'],
    [3 * MINUTE + 20_000, '3m20s'],
    [10 * MINUTE, '10m'],
    [179 * MINUTE, '179m'],
    [5.5 * HOUR, '5h30m'],
    [9 * HOUR, '9h'],
    [2 * DAY + HOUR, '2d1h'],
    [9 * DAY, '9d'],
    [800 * DAY, '2y70d'],
    [4000 * DAY, '10y'],
    [NaN, '<unknown>'],
  ];
  for (const [milliseconds, expected] of rows) assert.is(age(milliseconds), expected);
});

test('name first, age last, wide columns of priority 1, one cell a column', () => {
  const view = viewOf('scalarium.dev/v1', 'instances');
  const columns = columnDefinitions(view) as readonly { readonly name: string; readonly priority: number }[];
  assert.is(columns[0]?.name, 'Name');
  assert.is(columns.at(-1)?.name, 'Age');
  assert.equal(
    columns.filter(({ priority }) => priority === 1).map(({ name }) => name),
    ['Zone', 'Instance-Type'],
  );
  const cells = JSON.parse(rowCells(view)(readyInstance('app-1'), Date.parse(EPOCH) + 5000)) as string[];
  assert.is(cells.length, columns.length);
  assert.equal([cells[0], cells[1], cells[2], cells.at(-1)], ['app-1', 'app', 'online', '5s']);
});

test('an age grows though the rest of the row is kept', () => {
  const cells = rowCells(viewOf('scalarium.dev/v1', 'roles'));
  const role = live('Role', 'app', { type: 'nodejs-app', replicas: 1 });
  const at = (seconds: number): unknown =>
    (JSON.parse(cells(role, Date.parse(EPOCH) + seconds * 1000)) as string[]).at(-1);
  assert.is(at(1), '1s');
  assert.is(at(60), '60s');
});

test('what an object lacks is a dash, never an error', () => {
  const cells = rowCells(viewOf('scalarium.dev/v1', 'lifecycleevents'));
  const broken = live('LifecycleEvent', 'x', undefined as never, { createdAt: 'never' });
  assert.equal(JSON.parse(cells(broken, 0)), ['x', '-', '-', '-', '<unknown>']);
});

test('events have the columns of kubectl get events', () => {
  const view = viewOf('v1', 'events');
  const columns = columnDefinitions(view) as readonly { readonly name: string; readonly priority: number }[];
  assert.equal(
    columns.filter(({ priority }) => priority === 0).map(({ name }) => name),
    ['Last Seen', 'Type', 'Reason', 'Object', 'Message'],
  );
  const event = live('Event', 'x', undefined as never, {
    status: {
      type: 'Normal',
      reason: 'Launched',
      message: 'launched i-1\n',
      source: 'instances',
      regarding: { kind: 'Instance', name: 'app-1', namespace: 'shop' },
      firstSeen: '2026-01-01T00:00:00.000Z',
      lastSeen: '2026-01-01T01:00:00.000Z',
      count: 3,
    },
  });
  const cells = JSON.parse(rowCells(view)(event, Date.parse('2026-01-01T01:00:09Z'))) as unknown;
  assert.equal(cells, [
    '9s',
    'Normal',
    'Launched',
    'instance/app-1',
    'instances',
    'launched i-1',
    '60m',
    '3',
    'x',
  ]);
});

test('every column of our kinds says what its field means', () => {
  const undescribed = KIND_NAMES.flatMap((kind) => {
    const columns = columnDefinitions(viewOf('scalarium.dev/v1', kindEntry(kind).plural));
    return (columns as readonly { readonly name: string; readonly description: string }[])
      .filter(({ description }) => description.length < 10)
      .map(({ name }) => `${kind} ${name}`);
  });
  assert.equal(undescribed, []);
  const [, , replicas] = columnDefinitions(viewOf('scalarium.dev/v1', 'roles'));
  assert.match(JSON.stringify(replicas), /hosts/);
});
