import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prometheus } from '../../../../controllers/deployments/metrics.js';
import { systemClock } from '../../../../runtime/clock.js';
import { assert, suite } from '../../../suite.js';

const test = suite('deployments: a number that a Prometheus gives');

const asked: string[] = [];

const serving = async (status: number, body: string): Promise<Server> => {
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
};

const answerOf = async (status: number, body: string): Promise<number | null> => {
  const server = await serving(status, body);
  const { port } = server.address() as AddressInfo;
  const value = await prometheus(systemClock).ask(`http://127.0.0.1:${String(port)}/`, 'sum(errors) > 0');
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
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  assert.is(await prometheus(systemClock).ask(`http://127.0.0.1:${String(port)}`, 'up'), null);
});
