import WebSocket from 'ws';
import { AGENT_PATH, CLOSE } from '../../api-types/agent-protocol.js';
import { snapshotDigest } from '../../api-types/snapshot-digest.js';
import { batchToken } from '../../runtime/tokens.js';
import { BATCH, until, untilTrue, World } from '../build/gateways.js';
import { KEY } from '../build/running-gateway.js';
import { assert, suite } from '../suite.js';

interface Context {
  world: World;
}

const tokens = suite<Context>('credentials of agents', {} as Context);

tokens.before(async (context) => {
  context.world = await World.open(1);
  await context.world.hosts(8);
});
tokens.after(({ world }) => world.close());

const enrol = (world: World, machine: string, more: object = {}): Promise<Response> =>
  fetch(`${world.at(0).url}${AGENT_PATH}/enrol`, {
    method: 'POST',
    body: JSON.stringify({
      cluster: 'shop',
      role: 'app',
      batch: BATCH,
      token: batchToken(KEY, BATCH),
      machine,
      ...more,
    }),
  });

const credentialOf = async (world: World, machine: string): Promise<string> => {
  const answer = await enrol(world, machine);
  assert.is(answer.status, 200);
  return ((await answer.json()) as { credential: string }).credential;
};

const dial = (world: World, machine: string, credential: string): WebSocket =>
  new WebSocket(`${world.at(0).url.replace('http', 'ws')}${AGENT_PATH}/connect`, {
    headers: { authorization: `Bearer ${credential}`, 'x-scalarium-machine': machine },
  });

const HELLO = { type: 'hello', version: 'v', cursor: 0, lastSession: 0, snapshot: '' };

/** Connects and says hello; gives the welcome. */
const speak = (socket: WebSocket, more: object = {}): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      socket.send(JSON.stringify({ ...HELLO, ...more }));
    });
    socket.once('message', (data) => {
      resolve(JSON.parse((data as Buffer).toString()) as Record<string, unknown>);
    });
  });

const closeCode = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      resolve(code);
    });
  });

const refusedStatus = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
  });

const refusals = (world: World) => world.at(0).gateway.metrics().enrolmentsRefused;

tokens('a wrong token is refused, and counted', async ({ world }) => {
  const answer = await enrol(world, 'i-1', { token: 'guessed' });
  assert.is(answer.status, 401);
  assert.is(((await answer.json()) as { kind: string }).kind, 'Status');
  assert.is(refusals(world)['BadToken'], 1);
});

tokens('a machine that is not bound yet is asked to wait while its batch is open', async ({ world }) => {
  const answer = await enrol(world, 'i-99');
  assert.is(answer.status, 202);
  assert.is(answer.headers.get('retry-after'), '1');
});

tokens('a token of another batch does not enrol a machine of this one', async ({ world }) => {
  const answer = await enrol(world, 'i-1', { batch: 'other', token: batchToken(KEY, 'other') });
  assert.is(answer.status, 403);
  assert.is(refusals(world)['NotOfBatch'], 1);
});

tokens('nonsense is answered with what was expected', async ({ world }) => {
  const answer = await fetch(`${world.at(0).url}${AGENT_PATH}/enrol`, { method: 'POST', body: '{"a":1}' });
  assert.is(answer.status, 400);
  assert.match(((await answer.json()) as { message: string }).message, /machine: expected string/);
});

tokens(
  'the same machine enrols again until its credential was used; then its place is spent',
  async ({ world }) => {
    const credential = await credentialOf(world, 'i-2');
    assert.is(await credentialOf(world, 'i-2'), credential);
    const socket = dial(world, 'i-2', credential);
    await speak(socket);
    const stolen = await enrol(world, 'i-2');
    assert.is(stolen.status, 403);
    await untilTrue('recorded', () => world.agentOf('app-2')?.machine === 'i-2');
    assert.is((await enrol(world, 'i-2')).status, 403);
    assert.is(refusals(world)['Spent'], 2);
    const warning = await until('the warning', () => world.objects.list('Event', 'shop')[0] ?? null);
    assert.is(warning.status.reason, 'EnrolmentRefused');
    assert.is(warning.status.regarding.name, 'app-2');
    socket.terminate();
  },
);

tokens('a wrong credential gets no connection; another machine’s neither', async ({ world }) => {
  const credential = await credentialOf(world, 'i-3');
  assert.is(await refusedStatus(dial(world, 'i-3', 'guessed')), 401);
  assert.is(await refusedStatus(dial(world, 'i-4', credential)), 401);
  assert.is(world.at(0).gateway.metrics().connectionsRefused, 2);
});

tokens('a machine that no record names is told that it was released', async ({ world }) => {
  assert.is(await closeCode(dial(world, 'i-gone', 'anything')), CLOSE.released);
});

tokens('what is not of the protocol ends the connection', async ({ world }) => {
  const socket = dial(world, 'i-5', await credentialOf(world, 'i-5'));
  const code = closeCode(socket);
  socket.on('open', () => {
    socket.send('{"type":"report"}');
  });
  assert.is(await code, CLOSE.protocol);
});

tokens(
  'a second connection of the same machine replaces the first, with a greater session',
  async ({ world }) => {
    const credential = await credentialOf(world, 'i-6');
    const first = dial(world, 'i-6', credential);
    const one = await speak(first);
    const code = closeCode(first);
    const second = dial(world, 'i-6', credential);
    const two = await speak(second);
    assert.is(await code, CLOSE.replaced);
    assert.ok(Number(two['session']) > Number(one['session']));
    second.terminate();
  },
);

tokens('a wild claim of a session is not believed', async ({ world }) => {
  const socket = dial(world, 'i-7', await credentialOf(world, 'i-7'));
  const welcome = await speak(socket, { lastSession: 9_000_000_000_000 });
  assert.ok(Number(welcome['session']) < 1_000_000);
  socket.terminate();
});

tokens('a snapshot is given only to hosts of its cluster', async ({ world }) => {
  const { digest } = await world.snapshot();
  const credential = await credentialOf(world, 'i-8');
  const get = (name: string, token: string) =>
    fetch(`${world.at(0).url}${AGENT_PATH}/snapshots/${name}`, {
      headers: { authorization: `Bearer ${token}`, 'x-scalarium-machine': 'i-8' },
    });
  const given = await get(digest, credential);
  assert.is(given.status, 200);
  assert.is(snapshotDigest(await given.json()), digest);
  assert.is((await get(digest, 'guessed')).status, 401);
  assert.is((await get('0'.repeat(64), credential)).status, 404);
});

tokens('no credential is in any key of the store', async ({ world }) => {
  const credential = await credentialOf(world, 'i-8');
  const listed = await world.store.list('/scalarium/')();
  assert.not.match(JSON.stringify(listed), credential);
  assert.not.match(JSON.stringify(listed), batchToken(KEY, BATCH));
});
