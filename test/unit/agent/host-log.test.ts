import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostLog, openHostLog } from '../../../agent/host-log.js';
import { LogRequests } from '../../../agent/log-requests.js';
import type { AgentMessage, LogLines } from '../../../api-types/agent-protocol.js';
import { assert, suite } from '../../suite.js';

interface Context {
  folder: string;
}

const test = suite<Context>("the host's log", { folder: '' });

test.beforeEach((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'scalarium-log-'));
});
test.afterEach(({ folder }) => {
  rmSync(folder, { recursive: true });
});

const line = (message: string, event?: string): string => `${JSON.stringify({ message, event })}\n`;
const messages = (lines: readonly string[]): readonly string[] =>
  lines.map((text) => (JSON.parse(text) as { readonly message: string }).message);

const EVENTS = [
  line('event begins', 'a'),
  line('a file'),
  line('event ends', 'a'),
  line('connected'),
  line('event begins', 'b'),
  line('b file'),
];

const written = (log: HostLog, lines: readonly string[]): HostLog => {
  for (const one of lines) log.write(one);
  return log;
};

test('two files of a bound size hold the newest lines, over a restart too', ({ folder }) => {
  const log = openHostLog(folder, 1000);
  for (let at = 1; at <= 200; at += 1) log.write(line(`line ${String(at)}`));
  for (const name of ['agent.log', 'agent.log.1']) assert.ok(statSync(join(folder, name)).size <= 1000, name);
  const again = openHostLog(folder, 1000);
  again.write(line('after'));
  assert.equal(messages(again.tail(3, null)), ['line 199', 'line 200', 'after']);
  assert.ok(again.tail(1000, null).length > 20);
  assert.is(statSync(join(folder, 'agent.log')).mode & 0o077, 0);
});

test('a log that cannot be written loses lines, and nothing else', ({ folder }) => {
  const log = openHostLog(join(folder, 'var'), 1000);
  rmSync(join(folder, 'var'), { recursive: true });
  log.write(line('lost'));
  assert.not(existsSync(join(folder, 'var')));
  assert.equal(log.tail(10, null), []);
});

const FILTERED: readonly {
  readonly event: string | null;
  readonly tail: number;
  readonly is: readonly string[];
}[] = [
  { event: null, tail: 2, is: ['event begins', 'b file'] },
  { event: null, tail: 0, is: [] },
  { event: 'a', tail: 100, is: ['event begins', 'a file', 'event ends'] },
  { event: 'a', tail: 1, is: ['event ends'] },
  { event: 'b', tail: 100, is: ['event begins', 'b file'] },
  { event: 'c', tail: 100, is: [] },
];

for (const { event, tail, is } of FILTERED)
  test(`the last ${String(tail)} lines of ${event ?? 'all events'}`, ({ folder }) => {
    assert.equal(messages(written(openHostLog(folder), EVENTS).tail(tail, event)), is);
  });

test('followers hear new lines; of an event that has begun before too; until they leave', ({ folder }) => {
  const log = written(openHostLog(folder), EVENTS);
  const heard: string[] = [];
  const leave = log.follow('b', (text) => heard.push(text));
  log.write(line('more of b'));
  log.write(line('event ends', 'b'));
  log.write(line('connected'));
  leave();
  log.write(line('b again', 'b'));
  assert.equal(messages(heard), ['more of b', 'event ends']);
});

const asking = (log: HostLog | null) => {
  const sent: LogLines[] = [];
  const requests = new LogRequests(log, (message: AgentMessage) => sent.push(message as LogLines));
  return { sent, requests };
};

test('a gateway is answered in pieces below 64 KiB', ({ folder }) => {
  const log = openHostLog(folder);
  for (let at = 0; at < 100; at += 1) log.write(line('é'.repeat(2000)));
  const { sent, requests } = asking(log);
  requests.ask({ type: 'logs', request: '1', tail: 10_000, follow: false });
  assert.ok(sent.length > 5);
  for (const message of sent) assert.ok(Buffer.byteLength(JSON.stringify(message)) < 64 * 1024);
  assert.is(sent.flatMap(({ lines }) => lines).length, 100);
  assert.equal(
    sent.map(({ end }) => end).filter((end) => end),
    [true],
  );
});

test('what is followed ends with the connection, or when nobody reads it; a host without a log says so', ({
  folder,
}) => {
  const log = openHostLog(folder);
  const { sent, requests } = asking(log);
  for (const request of ['1', '2']) requests.ask({ type: 'logs', request, tail: 0, follow: true });
  log.write(line('one'));
  requests.leave('1');
  log.write(line('two'));
  requests.close();
  log.write(line('three'));
  const told = sent.flatMap(({ request, lines }) =>
    messages(lines).map((message) => `${request} ${message}`),
  );
  assert.equal(told, ['1 one', '2 one', '2 two']);
  const none = asking(null);
  none.requests.ask({ type: 'logs', request: '1', tail: 1, follow: true });
  assert.equal(none.sent, [
    { type: 'log', request: '1', lines: [], end: true, problem: 'this host keeps no log' },
  ]);
});
