/** Clients that send little, read nothing, or never leave: each is cut off, and the others are served meanwhile. Runs alone: it measures. */
import type { ServerResponse } from 'node:http';
import { type Socket, connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { millis } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import type { RequestHook } from '../../server/hooks.js';
import { untilTrue } from '../build/gateways.js';
import { PATIENCE_MS } from '../build/patience.js';
import { API, TOKEN, type TestServer, shop, testServer } from '../build/server.js';
import { testIdentity } from '../build/tls.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const PATIENCE = { greeting: millis(300), headers: millis(400), request: millis(600), answer: millis(500) };

const test = suite('slow clients');

let server: TestServer;
/** Answers to lists of roles that are under way. */
const answers = new Set<ServerResponse>();
test.before(async () => {
  const noting: RequestHook = ({ url }, response) => {
    if (url !== `${API}/roles`) return false;
    answers.add(response);
    response.once('close', () => answers.delete(response));
    return false;
  };
  server = await testServer({ tls: await testIdentity(), patience: PATIENCE, extra: [noting] });
  shop(server.objects);
});
test.after(() => server.running.close());
test.afterEach(async () => {
  assert.is((await server.ask('GET', '/healthz', { token: null })).code, 200);
});

interface Held {
  readonly socket: Socket;
  /** What came, once the server has closed both halves; sends a byte now and then to find out. */
  readonly closed: Promise<string>;
}

/** Never ends its own half. */
const holding = (first: string | Buffer, socket: Socket): Held => {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  if (first.length > 0) socket.write(first);
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => {
      resolve(text);
    });
  });
  socket.once('end', () => {
    const nudge = (): void => {
      if (socket.destroyed) return;
      socket.write('x');
      systemClock.after(millis(100), nudge);
    };
    nudge();
  });
  return { socket, closed };
};

const plain = (first: string | Buffer): Held =>
  holding(first, connect({ port: server.running.port, host: '127.0.0.1', allowHalfOpen: true }));

/** Long before anybody's patience, but that of this test, is at its end. */
const SOON = 9_000;

const within = async (held: readonly Held[], limit = SOON): Promise<readonly string[]> => {
  const stop = new AbortController();
  const late = systemClock.sleep(millis(limit), stop.signal).then(() => null);
  const texts = await Promise.race([Promise.all(held.map(({ closed }) => closed)), late]);
  stop.abort();
  for (const { socket } of held) socket.destroy();
  if (texts === null) throw new Error('still open');
  return texts;
};

const HEAD = `POST ${API}/namespaces/shop/roles HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`;

const times = (count: number, make: () => Held): readonly Held[] => Array.from({ length: count }, make);

test('three hundred connections without a byte are closed', async () => {
  await within(times(300, () => plain('')));
});

test('headers and bodies that never end: 408', async () => {
  const sent = ['G', 'GET / HTTP/1.1\r\nHost:', `${HEAD}Content-Length: 1000\r\n\r\n{"a`];
  for (const text of await within(sent.flatMap((first) => times(30, () => plain(first))))) {
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.match(text, '"code":408');
  }
});

test('a handshake that never ends, and a secure connection without a request', async () => {
  const hello = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]);
  const silent = (): Held =>
    holding('', tlsConnect({ port: server.running.port, host: '127.0.0.1', rejectUnauthorized: false }));
  await within([...times(50, () => plain(hello)), ...times(20, silent)]);
});

test('who is refused does not stay: no HTTP, an upgrade that nobody takes, a header that is too long', async () => {
  const sent = [
    'GARBAGE\r\n\r\n',
    'GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`,
  ];
  const texts = await within(sent.flatMap((first) => times(10, () => plain(first))));
  for (const text of texts) assert.match(text, /^HTTP\/1\.1 4\d\d /);
});

test('an answer that nobody takes is cut off, and a slow reader gets all of his', async () => {
  const attributes = { text: 'y'.repeat(200_000) };
  for (let at = 0; at < 60; at += 1)
    server.objects.has(ref('Role', 'shop', `big-${String(at)}`), {
      spec: { type: 'custom', replicas: 0, attributes },
    });
  const get = `GET ${API}/roles HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
  const stuck = times(5, () => {
    const held = plain(get);
    held.socket.pause();
    return held;
  });
  await untilTrue('all have asked', () => answers.size === stuck.length);
  await untilTrue('all are cut off', () => answers.size === 0);
  let cut = 0;
  for (const { socket, closed } of stuck) {
    socket.resume();
    const text = await closed;
    if (!text.includes('"big-59"')) cut += 1;
  }
  assert.is(cut, 5);
  const slow = plain(get);
  const take = (): void => {
    slow.socket.pause();
    systemClock.after(millis(5), () => slow.socket.resume());
  };
  slow.socket.on('data', take);
  const [text = ''] = await within([slow], PATIENCE_MS);
  assert.match(text, '"big-59"');
});
