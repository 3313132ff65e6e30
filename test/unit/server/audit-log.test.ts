import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../runtime/clock.js';
import { silentLog } from '../../../runtime/log.js';
import type { AuditEntry, AuditQuery } from '../../../server/audit/audit.js';
import { type AuditLog, type AuditLogOptions, openAuditLog } from '../../../server/audit/log.js';
import { eventually } from '../../conformance/objects-world.js';
import { assert, suite } from '../../suite.js';

interface Bench {
  directory: string;
  log: AuditLog;
}

const test = suite<Bench>('the audit log on disk', { directory: '', log: null as never });

const opened = (directory: string, more: Partial<AuditLogOptions> = {}): AuditLog =>
  openAuditLog({ directory, clock: systemClock, log: silentLog, ...more });

test.beforeEach((bench) => {
  bench.directory = join(mkdtempSync(join(tmpdir(), 'scalarium-audit-')), 'audit');
  bench.log = opened(bench.directory);
});
test.afterEach(async (bench) => {
  await bench.log.close();
  rmSync(join(bench.directory, '..'), { recursive: true, force: true });
});

const entry = (name: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
  time: '2026-01-01T00:00:00.000Z',
  user: 'ada',
  proof: 'token:laptop',
  address: '127.0.0.1',
  userAgent: 'test',
  verb: 'create',
  kind: 'Role',
  cluster: 'shop',
  name,
  subresource: null,
  path: '/apis',
  allowed: true,
  reason: '',
  code: 201,
  dryRun: false,
  before: null,
  after: null,
  ...more,
});

const ALL: AuditQuery = { since: null, is: {}, limit: 10_000 };
const names = async (log: AuditLog, query: Partial<AuditQuery> = {}): Promise<readonly (string | null)[]> =>
  (await log.read({ ...ALL, ...query })).map(({ name }) => name);
const range = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `n-${String(from + index)}`);
const files = (directory: string): readonly string[] => readdirSync(directory).sort();
const metric = (log: AuditLog, name: string): number =>
  log.metrics().find((one) => one.name === `scalarium_audit_${name}`)?.value ?? -1;

test('keeps the order, also of lines written while others are', async ({ log }) => {
  for (const name of range(1, 50)) log.write(entry(name));
  await Promise.resolve();
  for (const name of range(51, 100)) log.write(entry(name));
  assert.equal(await names(log), range(1, 100));
  assert.is(metric(log, 'lines_total'), 100);
});

test('is there after a restart, goes on in the same file, and only its owner reads it', async (bench) => {
  bench.log.write(entry('before'));
  await bench.log.close();
  bench.log = opened(bench.directory);
  bench.log.write(entry('after'));
  assert.equal(await names(bench.log), ['before', 'after']);
  assert.equal(files(bench.directory), ['audit.000001.jsonl']);
  const modes = [bench.directory, join(bench.directory, 'audit.000001.jsonl')].map(
    (path) => statSync(path).mode & 0o777,
  );
  assert.equal(modes, [0o700, 0o600]);
});

test('a line that a crash left half written is ended, and the rest is read', async (bench) => {
  bench.log.write(entry('before'));
  await bench.log.close();
  appendFileSync(join(bench.directory, 'audit.000001.jsonl'), '{"time": "2026-01-01T0');
  bench.log = opened(bench.directory);
  bench.log.write(entry('after'));
  assert.equal(await names(bench.log), ['before', 'after']);
});

test('begins new files and forgets the oldest', async (bench) => {
  await bench.log.close();
  bench.log = opened(bench.directory, { fileBytes: 2000, files: 3 });
  for (const name of range(1, 40)) {
    bench.log.write(entry(name));
    await bench.log.read({ ...ALL, limit: 1 });
  }
  assert.is(files(bench.directory).length, 3);
  for (const file of files(bench.directory))
    assert.ok(statSync(join(bench.directory, file)).size <= 2000, 'none grows beyond its size');
  const kept = await names(bench.log);
  assert.equal(kept, range(41 - kept.length, 40), 'the newest, without a gap');
});

const chosen = [
  { name: 'the newest', query: { limit: 2 }, is: ['n-3', 'n-4'] },
  { name: 'of a user', query: { is: { user: 'bob' } }, is: ['n-2'] },
  { name: 'of a kind and verb', query: { is: { kind: 'Role', verb: 'delete' } }, is: ['n-3'] },
  { name: 'of a cluster', query: { is: { cluster: 'other' } }, is: ['n-4'] },
  { name: 'since a time', query: { since: Date.parse('2026-01-01T00:00:03Z') }, is: ['n-3', 'n-4'] },
] as const;

for (const { name, query, is } of chosen) {
  test(`gives lines ${name}`, async ({ log }) => {
    const at = (seconds: number) => ({ time: `2026-01-01T00:00:0${String(seconds)}.000Z` });
    log.write(entry('n-1', { ...at(1), reason: 'not by "bob"' }));
    log.write(entry('n-2', { ...at(2), user: 'bob' }));
    log.write(entry('n-3', { ...at(3), verb: 'delete' }));
    log.write(entry('n-4', { ...at(4), cluster: 'other' }));
    assert.equal(await names(log, query), is);
  });
}

test('lines longer than what is read at once come whole', async ({ log }) => {
  const after = { text: 'ü'.repeat(150_000) };
  for (const name of range(1, 3)) log.write(entry(name, { after }));
  const read = await log.read(ALL);
  assert.equal(
    read.map((one) => one.after),
    [after, after, after],
  );
});

test('a directory that was removed is made again; a file in its place is told, and lines wait', async (bench) => {
  bench.log.write(entry('n-1'));
  await bench.log.read(ALL);
  rmSync(bench.directory, { recursive: true });
  bench.log.write(entry('n-2'));
  assert.equal(await names(bench.log), ['n-2']);
  rmSync(bench.directory, { recursive: true });
  writeFileSync(bench.directory, '');
  bench.log.write(entry('n-3'));
  await eventually('it is counted', () => metric(bench.log, 'write_failures_total') > 0);
  assert.is(metric(bench.log, 'lines_waiting'), 1);
  rmSync(bench.directory);
  await eventually('it is written', () => metric(bench.log, 'lines_waiting') === 0);
  assert.equal(await names(bench.log), ['n-3']);
});

test('a disk that takes nothing: closing ends, and counts what is lost', async (bench) => {
  writeFileSync(bench.directory, '');
  bench.log.write(entry('n-1'));
  bench.log.write(entry('n-2'));
  await bench.log.close();
  assert.is(metric(bench.log, 'lines_lost_total'), 2);
  assert.is(readFileSync(bench.directory, 'utf8'), '');
});

test('a flood of refusals is cut; other lines are not', async ({ log }) => {
  for (const name of range(1, 600)) log.write(entry(name, { code: 401, user: '' }));
  log.write(entry('work'));
  const read = await names(log);
  assert.ok(read.length >= 501 && read.length < 510, String(read.length));
  assert.is(read.at(-1), 'work');
  assert.ok(metric(log, 'refusals_left_out_total') > 90);
});
