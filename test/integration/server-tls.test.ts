import { createHash } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { millis } from '../../api-types/units.js';
import { takeBoth } from '../../server/tls/one-port.js';
import { until, untilTrue } from '../build/gateways.js';
import { API, testServer, TOKEN, type TestServer } from '../build/server.js';
import { askSecurely, secureSocket, serialOf, testIdentity, type TestIdentity } from '../build/tls.js';
import { assert, suite } from '../suite.js';

interface Context {
  identity: TestIdentity;
  server: TestServer;
}

const both = suite<Context>('TLS and plain HTTP on one port', {} as Context);

both.before(async (context) => {
  context.identity = await testIdentity();
  context.server = await testServer({ tls: context.identity });
});

both.after(({ server }) => server.running.close());

both('answers both', async ({ identity, server }) => {
  const { port, url, secureUrl } = server.running;
  assert.is(url, `http://127.0.0.1:${String(port)}`);
  assert.is(secureUrl, `https://127.0.0.1:${String(port)}`);
  const plain = await server.ask('GET', `${API}/clusters`);
  const secure = await askSecurely(port, `${API}/clusters`, { ca: identity.authority, token: TOKEN });
  assert.is(plain.code, 200);
  assert.is(secure.code, 200);
  assert.is(secure.text, plain.text);
});

both('takes a request whose first byte comes alone', async ({ server }) => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(server.running.port, '127.0.0.1', () => {
      socket.write('G');
      void systemClock.sleep(millis(30)).then(() => socket.end('ET /healthz HTTP/1.0\r\n\r\n'));
    });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('close', () => {
      resolve(text);
    });
    socket.on('error', reject);
  });
  assert.match(answer, /^HTTP\/1\.1 \d\d\d /);
});

both('is trusted only by who has its authority', async ({ server }) => {
  const other = await testIdentity();
  const failed = await askSecurely(server.running.port, '/version', { ca: other.authority }).then(
    () => null,
    (error: unknown) => error as NodeJS.ErrnoException,
  );
  assert.match(String(failed?.code), /SELF_SIGNED|UNABLE_TO_VERIFY/);
});

both('speaks no TLS older than 1.2', async ({ identity, server }) => {
  const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };
  const failed = await secureSocket(server.running.port, identity.authority, old).then(
    () => null,
    (error: unknown) => error as NodeJS.ErrnoException,
  );
  assert.match(String(failed?.code), /ERR_SSL|ECONNRESET/);
});

both('renews while a connection lives', async ({ identity, server }) => {
  const { port } = server.running;
  const first = await secureSocket(port, identity.authority);
  await identity.renew();
  const second = await secureSocket(port, identity.authority);
  assert.is.not(serialOf(second), serialOf(first));
  first.write(`GET ${API}/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  const answer = await until('an answer', () => (first.read() as Buffer | null)?.toString() ?? null);
  assert.match(answer, /^HTTP\/1\.1 200 OK/);
  first.destroy();
  second.destroy();
});

both('survives what is no TLS after the first byte', async ({ identity, server }) => {
  const socket = connect(server.running.port, '127.0.0.1', () =>
    socket.write(Buffer.from([0x16, 1, 2, 3, 4, 5, 6])),
  );
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  const { code } = await askSecurely(server.running.port, `${API}/clusters`, {
    ca: identity.authority,
    token: TOKEN,
  });
  assert.is(code, 200);
});

const only = suite('a port that takes TLS only');

only('answers plain HTTP with what to do, and closes', async () => {
  const identity = await testIdentity();
  const server = await testServer({ tls: identity, plain: false });
  try {
    const answer = await server.raw(
      `GET ${API}/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(answer, /this port speaks TLS/);
    assert.not.match(answer, /Cluster/);
    assert.is(server.running.url, server.running.secureUrl);
  } finally {
    await server.running.close();
  }
});

only('is what every address off loopback gets, and without TLS it is refused', async () => {
  const refused = await testServer({ host: '0.0.0.0' }).then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
  assert.match(refused, /^listening on 0\.0\.0\.0 without TLS is refused/);
});

const ending = suite('the end of a server that speaks TLS');

ending('does not wait for connections that have said nothing, or are shaking hands', async () => {
  const server = await testServer({ tls: await testIdentity() });
  const { port } = server.running;
  const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  let closed = 0;
  for (const socket of sockets) socket.on('error', () => undefined).on('close', () => (closed += 1));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  sockets[1]!.write(Buffer.from([0x16]));
  sockets.forEach((socket) => socket.resume());
  const began = systemClock.monotonic();
  await server.running.close();
  assert.ok(systemClock.monotonic() - began < 8_000, 'before their patience is at its end');
  await untilTrue('both are cut', () => closed === 2);
});

ending('lets an answer that is under way arrive', async () => {
  const identity = await testIdentity();
  let release: (() => void) | null = null;
  const server = await testServer({
    tls: identity,
    extra: [
      (request, response) => {
        if (request.url !== '/slow') return false;
        release = () => response.end('whole');
        return true;
      },
    ],
  });
  const answer = askSecurely(server.running.port, '/slow', { ca: identity.authority });
  const end = await until('the request', () => release);
  const closing = server.running.close();
  end();
  assert.is((await answer).text, 'whole');
  await closing;
});

const slow = suite('clients that dawdle');

/** A connection that sends these bytes and no more, and is never closed at this end. */
const dawdler = (port: number, bytes: readonly number[] | string) => {
  const said = { text: '' };
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
    if (bytes.length > 0) socket.write(typeof bytes === 'string' ? bytes : Buffer.from(bytes));
  });
  socket.on('data', (chunk: Buffer) => (said.text += chunk.toString()));
  socket.on('error', () => undefined);
  return { socket, said };
};

for (const [what, bytes, plain, expected] of [
  ['says nothing', [], true, ''],
  ['begins to shake hands and stops', [0x16, 3, 1], true, ''],
  ['is refused and does not close', 'GET / HTTP/1.1\r\n', false, 'HTTP/1.1 400 Bad Request'],
] as const)
  slow(`one that ${what} is cut in time, and no other is`, async () => {
    const identity = await testIdentity();
    const server = createServer((_request, response) => response.end('whole'));
    const open = new Map<Socket, number>();
    const lived: number[] = [];
    const both = takeBoth(server, identity, plain, { firstByte: 300, handshake: 300, linger: 300 });
    server.on('connection', (socket: Socket) => {
      open.set(socket, systemClock.monotonic());
      socket.on('close', () => {
        lived.push(systemClock.monotonic() - (open.get(socket) ?? Infinity));
        open.delete(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const good = await secureSocket(port, identity.authority);
    const { socket, said } = dawdler(port, bytes);
    try {
      await untilTrue('it has come', () => open.size === 2);
      await untilTrue('it is cut', () => open.size === 1);
      const [after = 0] = lived;
      assert.is(said.text.split('\r\n')[0], expected);
      assert.ok(after > 200, `after ${String(after)} ms`);
      good.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      const answer = await until('an answer', () => (good.read() as Buffer | null)?.toString() ?? null);
      assert.match(answer, /whole/, 'one that took as long, having shaken hands');
    } finally {
      for (const one of [good, socket, ...open.keys()]) one.destroy();
      both.close();
      both.cut();
      server.close();
    }
  });

const large = suite('large requests on one port');

const sent = (secure: boolean, port: number, ca: string, body: Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const ask = secure ? httpsRequest : httpRequest;
    const options = { host: '127.0.0.1', port, method: 'POST', path: '/', ca, agent: false };
    const request = ask(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve(text);
      });
    });
    request.on('error', reject);
    request.end(body);
  });

large('arrive whole and in order, whatever was read of them to tell what they are', async () => {
  const identity = await testIdentity();
  const digest = (body: Buffer): string => createHash('sha256').update(body).digest('hex');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(digest(Buffer.concat(chunks))));
  });
  const both = takeBoth(server, identity, true);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const bodies = Array.from({ length: 24 }, (_, index) => systemChance.bytes(100_000 * (index + 1)));
    const answers = await Promise.all(
      bodies.map((body, index) => sent(index % 2 === 0, port, identity.authority, body)),
    );
    assert.equal(answers, bodies.map(digest));
  } finally {
    both.close();
    server.close();
    server.closeAllConnections();
  }
});
