import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { prometheus } from '../../../../controllers/deployments/metrics.js';
import { systemClock } from '../../../../runtime/clock.js';
import { assert, suite } from '../../../suite.js';

const test = suite('deployments: a number that a Prometheus gives');

const asked: string[] = [];

const listening = async (listener: RequestListener): Promise<Server> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
};

const serving = (status: number, body: string): Promise<Server> =>
  listening((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status).end(body);
  });

const addressOf = (server: Server): string =>
  `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

const answerOf = async (status: number, body: string): Promise<number | null> => {
  const server = await serving(status, body);
  const value = await prometheus(systemClock).ask(`${addressOf(server)}/`, 'sum(errors) > 0');
  server.close();
  return value;
};

const vector = (...values: readonly string[]): string =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
  });

const rows: readonly (readonly [string, number, string, number | null])[] = [
  ['one series', 200, vector('0.25'), 0.25],
  [
    'a scalar',
    200,
    JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '3'] } }),
    3,
  ],
  ['no series: it cannot be measured', 200, vector(), null],
  ['several series: which one?', 200, vector('1', '2'), null],
  ['no number', 200, vector('NaN'), null],
  ['an error', 200, JSON.stringify({ status: 'error', error: 'parse error' }), null],
  ['not found', 404, vector('1'), null],
  ['no JSON', 200, '<html>', null],
];

for (const [name, status, body, value] of rows)
  test(name, async () => {
    assert.is(await answerOf(status, body), value);
    assert.is(asked.at(-1), '/api/v1/query?query=sum(errors)%20%3E%200');
  });

test('nobody there: it cannot be measured', async () => {
  const server = await serving(200, '');
  const address = addressOf(server);
  await new Promise((resolve) => server.close(resolve));
  assert.is(await prometheus(systemClock).ask(address, 'up'), null);
});

test('of an answer that is too long the rest is not read', async () => {
  const all = 64 * 1024 ** 2;
  let sent = 0;
  const body = function* (): Generator<Buffer> {
    for (; sent < all; sent += 65_536) yield Buffer.alloc(65_536, ' ');
  };
  const server = await listening((_request, response) => {
    Readable.from(body()).pipe(response);
  });
  assert.is(await prometheus(systemClock).ask(addressOf(server), 'up'), null);
  server.closeAllConnections();
  server.close();
  assert.ok(sent < all / 2, `${String(sent)} bytes were taken`);
});

test('it is sent to no other address', async () => {
  const other = await serving(200, vector('1'));
  const server = await listening((_request, response) => {
    response.writeHead(302, { location: `${addressOf(other)}/api/v1/query?query=up` }).end();
  });
  const before = asked.length;
  assert.is(await prometheus(systemClock).ask(addressOf(server), 'up'), null);
  assert.is(asked.length, before);
  for (const one of [server, other]) one.close();
});
