/** Files on their way to hosts, over real connections. */
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { type Millis, millis, seconds } from '../../api-types/units.js';
import { type Clock, systemClock } from '../../runtime/clock.js';
import { Sending, type SendingBounds } from '../../server/sending.js';
import { untilTrue } from '../build/gateways.js';
import { assert, suite } from '../suite.js';

interface Context {
  server: Server;
  /** Why each file was not sent to its end; null: it was. */
  ended: (string | null)[];
}

const test = suite<Context>('files on their way to hosts', {} as Context);

test.afterEach(({ server }) => {
  server.closeAllConnections();
  server.close();
});

/** More than the buffers of a connection hold. */
const BYTES = 32 * 1024 * 1024;
const BOUNDS: SendingBounds = { atOnce: 3, toOne: 2, idle: seconds(60), bytesPerSecond: 1024 * 1024 };

const serve = async (context: Context, clock: Clock, bounds = BOUNDS): Promise<void> => {
  const sending = new Sending(clock, bounds);
  const chunk = Buffer.alloc(64 * 1024);
  const stream = () => Readable.from(Array<Buffer>(BYTES / chunk.length).fill(chunk));
  const ended: Context['ended'] = [];
  context.ended = ended;
  context.server = createServer((_asked, response) => {
    if (!sending.hasRoom(response)) response.writeHead(503).end();
    else {
      response.writeHead(200, { 'content-length': String(BYTES) });
      void sending.send({ bytes: BYTES, stream }, response).then((why) => ended.push(why));
    }
  });
  await new Promise<void>((resolve) => context.server.listen(0, '127.0.0.1', resolve));
};

/** Asks from that address and reads nothing of the answer's body. */
const ask = ({ server }: Context, localAddress: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    get({ host: '127.0.0.1', port, localAddress, agent: false }, (answer) => {
      answer.on('error', () => undefined);
      resolve(answer);
    }).on('error', reject);
  });

const codeOf = async (context: Context, address: string): Promise<number> =>
  (await ask(context, address)).statusCode ?? 0;

test('one address does not keep all others waiting, and all together do not take everything', async (context) => {
  await serve(context, systemClock);
  const first = await ask(context, '127.0.0.2');
  assert.is(await codeOf(context, '127.0.0.2'), 200);
  assert.is(await codeOf(context, '127.0.0.2'), 503, 'it has its share');
  assert.is(await codeOf(context, '127.0.0.3'), 200, 'others have theirs');
  assert.is(await codeOf(context, '127.0.0.4'), 503, 'there is no more');
  first.resume();
  await untilTrue('one is through', () => context.ended.includes(null));
  assert.is(await codeOf(context, '127.0.0.4'), 200);
});

test('who takes it too slowly is cut off', async (context) => {
  const given: { after: Millis; fire: () => void }[] = [];
  const clock: Clock = {
    ...systemClock,
    after: (delay, fire) => {
      given.push({ after: delay, fire });
      return { cancel: () => undefined };
    },
  };
  await serve(context, clock);
  await ask(context, '127.0.0.2');
  assert.equal(
    given.map(({ after }) => after),
    [seconds(60 + 32)],
  );
  given[0]?.fire();
  await untilTrue('it is cut off', () => context.ended.length === 1);
  assert.is.not(context.ended[0], null);
});

test('who takes nothing is cut off', async (context) => {
  await serve(context, systemClock, { ...BOUNDS, idle: millis(100) });
  await ask(context, '127.0.0.2');
  await untilTrue('it is cut off', () => context.ended.length === 1);
  assert.is.not(context.ended[0], null);
});
