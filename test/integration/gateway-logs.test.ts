/** Logs of hosts through the API: from an agent at this gateway, at another one, and nowhere. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Agent, runAgent } from '../../agent/agent.js';
import { hollowExecutor } from '../../agent/hollow.js';
import { type HostLog, openHostLog } from '../../agent/host-log.js';
import { openMemoryJournal } from '../../agent/journal.js';
import { lineLog } from '../../agent/line-log.js';
import { openFleetingMemory } from '../../agent/memory.js';
import { openMemorySnapshots } from '../../agent/snapshots.js';
import { millis } from '../../api-types/units.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { askPeer } from '../../server/gateway/peer-logs.js';
import { testIdentity } from '../build/tls.js';
import { until, untilTrue, World } from '../build/gateways.js';
import { API, type TestServer, TOKEN, shop, testServer } from '../build/server.js';
import { hostStatus } from '../build/cli-scene.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

interface Context {
  world: World;
  agents: Agent[];
  logs: HostLog[];
  /** One API at each gateway. */
  servers: TestServer[];
}

const test = suite<Context>('logs of hosts', {} as Context);

const boot = (world: World, number: number, hostLog: HostLog | null): Agent => {
  const machine = `i-${String(number)}`;
  const log = lineLog(systemClock, hostLog ?? { write: () => undefined });
  const memory = openFleetingMemory(machine);
  return runAgent({
    machine,
    config: world.config([world.at(0).url]),
    address: null,
    localAddress: null,
    state: { memory, journal: openMemoryJournal(), snapshots: openMemorySnapshots() },
    executor: () => hollowExecutor(systemClock, { setup: millis(10), configure: millis(10) }),
    measure: () =>
      Promise.resolve({
        load1: 0,
        memoryUsedBytes: 0,
        memoryTotalBytes: 0,
        diskUsedBytes: 0,
        diskTotalBytes: 0,
      }),
    clock: systemClock,
    chance: systemChance,
    log,
    hostLog,
    version: 'test',
  });
};

test.beforeEach(async (context) => {
  const world = await World.open(2);
  await world.hosts(3);
  const logs = ['one', 'two'].map((name) => openHostLog(join(world.folder, name)));
  // the third keeps no log
  const agents = [1, 2, 3].map((number) => boot(world, number, logs[number - 1] ?? null));
  const servers = await Promise.all(
    [0, 1].map((at) => testServer({ openLog: (...asked) => world.at(at).gateway.openLog(...asked) })),
  );
  for (const { objects } of servers) {
    shop(objects);
    for (const number of ['1', '2', '3', '4'])
      objects.has(
        ref('Instance', 'shop', `app-${number}`),
        { spec: { role: 'app' } },
        hostStatus('running', `i-${number}`),
      );
    objects.has(ref('Instance', 'shop', 'app-5'), { spec: { role: 'app' } });
  }
  Object.assign(context, { world, agents, logs, servers });
  await untilTrue('all are connected', () => world.at(0).gateway.metrics().connected === 3);
  await untilTrue('the other gateway knows', () => world.at(1).observed.get('i-3')?.connected === true);
});

test.afterEach(async ({ world, agents, servers }) => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await Promise.all(servers.map(({ running }) => running.close()));
  await world.close();
});

const pathOf = (host: string, query = ''): string => `${API}/namespaces/shop/instances/${host}/logs${query}`;

interface Followed {
  readonly answer: IncomingMessage;
  text(): string;
  ended(): boolean;
}

const follow = ({ running }: TestServer, path: string): Promise<Followed> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const asked = httpRequest(
      { host: '127.0.0.1', port: running.port, path, headers, agent: false },
      (answer) => {
        let text = '';
        let ended = false;
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('close', () => (ended = true));
        answer.on('error', () => undefined);
        resolve({ answer, text: () => text, ended: () => ended });
      },
    );
    asked.on('error', reject);
    asked.end();
  });

for (const [at, where] of ['its own gateway', 'another gateway'].entries()) {
  test(`the tail, through ${where}`, async ({ servers, world }) => {
    await world.tell('setup-1', 'setup', ['i-1'], await world.snapshot());
    await world.resultOf('setup-1', 'i-1');
    const { code, text, headers } = await servers[at]!.ask('GET', pathOf('app-1', '?tail=2'));
    assert.is(code, 200, text);
    assert.match(headers['content-type'] ?? '', /^text\/plain/);
    const lines = text.trimEnd().split('\n');
    assert.is(lines.length, 2);
    const last = JSON.parse(lines[1] ?? '') as { readonly message: string; readonly event: string };
    assert.equal([last.message, last.event], ['event ends', 'setup-1']);
    const ofEvent = await servers[at]!.ask('GET', pathOf('app-1', '?event=setup-1'));
    assert.match(ofEvent.text, /^.*event begins.*\n.*event ends.*\n$/);
  });

  test(`new lines as they come, until the reader goes, through ${where}`, async ({ servers, logs }) => {
    const reader = await follow(servers[at]!, pathOf('app-2', '?tail=0&follow=true'));
    assert.is(reader.answer.statusCode, 200);
    logs[1]!.write('{"message":"one"}');
    await untilTrue('the first line', () => reader.text() === '{"message":"one"}\n');
    logs[1]!.write('{"message":"two"}');
    await untilTrue('the second line', () => reader.text().endsWith('{"message":"two"}\n'));
    reader.answer.destroy();
  });

  test(`a host that keeps none, through ${where}: 503 with the reason`, async ({ servers }) => {
    const { code, json } = await servers[at]!.ask('GET', pathOf('app-3'));
    assert.is(code, 503);
    assert.match(json.message ?? '', /app-3.*keeps no log/);
  });

  test(`the host goes while it is followed, through ${where}: the end says why`, async ({
    servers,
    agents,
  }) => {
    const reader = await follow(servers[at]!, pathOf('app-1', '?tail=0&follow=true'));
    await agents[0]!.stop();
    await untilTrue('the end', () => reader.ended());
    assert.match(reader.text(), /the connection to it ended/);
  });
}

test('a host that is not connected: when it was last heard; one without a machine: 409', async ({
  servers,
  agents,
  world,
}) => {
  await agents[0]!.stop();
  await untilTrue('it is gone', () => world.at(0).observed.get('i-1')?.connected === false);
  const gone = await servers[0]!.ask('GET', pathOf('app-1'));
  assert.is(gone.code, 503);
  assert.match(gone.json.message ?? '', /machine i-1 is not connected; it was last heard \d+ s ago/);
  const never = await servers[0]!.ask('GET', pathOf('app-4'));
  assert.is(never.code, 503);
  assert.match(never.json.message ?? '', /not heard of since this control plane began/);
  assert.is((await servers[0]!.ask('GET', pathOf('app-5'))).code, 409);
  assert.is((await servers[0]!.ask('GET', pathOf('app-9'))).code, 404);
});

test('nonsense is refused, and a user has so many logs open at most', async ({ servers }) => {
  const [server] = servers;
  for (const query of ['?tail=-1', '?tail=10001', '?tail=x', `?event=${'x'.repeat(300)}`])
    assert.is((await server!.ask('GET', pathOf('app-1', query))).code, 400, query);
  assert.is((await server!.ask('POST', pathOf('app-1'), { body: {} })).code, 405);
  assert.is((await server!.ask('GET', pathOf('app-1'), { token: 'wrong' })).code, 401);
  const open: Followed[] = [];
  for (let at = 0; at < 64; at += 1) open.push(await follow(server!, pathOf('app-1', '?tail=0&follow=true')));
  assert.is((await server!.ask('GET', pathOf('app-2'))).code, 429);
  for (const { answer } of open) answer.destroy();
  await until('a place is free again', async () =>
    (await server!.ask('GET', pathOf('app-2'))).code === 200 ? true : null,
  );
});

test('a stranger gets nothing from a gateway', async ({ world }) => {
  const answer = await fetch(`${world.at(0).url}/agent/v1/logs?machine=i-1&tail=10`, {
    headers: { authorization: 'Bearer guess' },
  });
  assert.is(answer.status, 404);
  await answer.text();
});

test('gateways ask each other over TLS, and only one whose certificate is of their authority', async () => {
  const identity = await testIdentity();
  const { cert, key } = identity.current();
  const server = createServer({ cert, key }, (request, response) => {
    assert.is(request.headers.authorization, 'Bearer peer');
    assert.is(request.url, '/agent/v1/logs?machine=i-1&tail=5&follow=false&event=setup-1');
    response.end('one\ntwo\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const peer = { url: `https://127.0.0.1:${String(port)}`, id: 'here', token: 'peer' };
  const asked = { tail: 5, follow: false, event: 'setup-1' };
  const read = (authority: string): Promise<readonly string[]> =>
    new Promise((resolve) => {
      const said: string[] = [];
      askPeer({ ...peer, authority }, 'i-1', asked, {
        lines: (lines) => said.push(...lines),
        end: (problem) => {
          resolve(problem === null ? said : [problem]);
        },
      });
    });
  try {
    assert.equal(await read(identity.authority), ['one', 'two']);
    const other = await testIdentity();
    assert.match((await read(other.authority))[0] ?? '', /cannot be reached: .*certificate/);
  } finally {
    server.close();
  }
});
