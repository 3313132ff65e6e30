/** Which host is given which Secret, over the agent's own requests. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hex, systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { seconds } from '../../api-types/units.js';
import { enrol, fetchSecret, Refusal, type Credential, type Route } from '../../agent/requests.js';
import { secretsOver } from '../../agent/secrets.js';
import { World } from '../build/gateways.js';
import { assert, suite } from '../suite.js';

interface Context {
  world: World;
}

const test = suite<Context>('secrets of hosts', {} as Context);

test.before(async (context) => {
  context.world = await World.open(2);
  await context.world.hosts(2, { secrets: ['db', 'late', 'nowhere'] });
  await context.world.secret('db', { password: 'swordfish', user: 'shop' });
  await context.world.secret('others', { password: 'theirs' });
});
test.after(({ world }) => world.close());

const routeTo = (gateway: string): Route => ({
  gateway,
  localAddress: null,
  authority: null,
  patience: seconds(10),
});

const enrolled = async (world: World, machine: string): Promise<Credential> => {
  const { cluster, role, batch, token } = world.config();
  const answer = await enrol(routeTo(world.at(0).url), { cluster, role, batch, token, machine });
  assert.is(answer._tag, 'Enrolled');
  return { machine, credential: answer._tag === 'Enrolled' ? answer.answer.credential : '' };
};

const refusal = async (asked: Promise<unknown>): Promise<Refusal> => {
  const error = await asked.then(
    () => null,
    (why: unknown) => why,
  );
  assert.instance(error, Refusal);
  return error as Refusal;
};

test('a host is given what its role names', async ({ world }) => {
  const who = await enrolled(world, 'i-1');
  const texts = await fetchSecret(routeTo(world.at(1).url), who, { name: 'db' });
  assert.equal(texts, { password: 'swordfish', user: 'shop' });
});

test('and nothing else, whether or not it is there', async ({ world }) => {
  const who = await enrolled(world, 'i-1');
  const route = routeTo(world.at(0).url);
  for (const name of ['others', 'imagined']) {
    const { status, message } = await refusal(fetchSecret(route, who, { name }));
    assert.is(status, 403);
    assert.is(
      message,
      `no role of host shop/app-1 has a need for the secret ${name}: name it in spec.secrets of role app`,
    );
  }
});

test('with the credential of another machine there is nothing', async ({ world }) => {
  const { credential } = await enrolled(world, 'i-1');
  const { status } = await refusal(
    fetchSecret(routeTo(world.at(0).url), { machine: 'i-2', credential }, { name: 'db' }),
  );
  assert.is(status, 401);
});

test('one that nobody has made is said to be missing', async ({ world }) => {
  const who = await enrolled(world, 'i-1');
  const { status, message } = await refusal(fetchSecret(routeTo(world.at(0).url), who, { name: 'nowhere' }));
  assert.is(status, 404);
  assert.is(message, 'cluster shop has no secret nowhere');
});

test('one that is made a moment later is waited for, also by way of another gateway', async ({ world }) => {
  const who = await enrolled(world, 'i-2');
  const stopping = new AbortController();
  const text = hex(systemChance, 16);
  let asked = 0;
  const source = secretsOver({
    route: (attempt) => {
      asked += 1;
      // the first does not answer
      return attempt === 0 ? routeTo('http://127.0.0.1:1') : routeTo(world.at(1).url);
    },
    credential: () => who,
    clock: systemClock,
    signal: stopping.signal,
  });
  const got = source('late');
  await world.secret('late', { text });
  assert.equal(await got, { text });
  assert.ok(asked >= 2);
});

/** What is asked of gateways that answer so; resolves with why it was given up. */
const givenUp = async (gateway: string, signal: AbortSignal): Promise<string> => {
  const source = secretsOver({
    route: () => routeTo(gateway),
    credential: () => ({ machine: 'i-1', credential: '' }),
    clock: systemClock,
    signal: new AbortController().signal,
  });
  const began = systemClock.monotonic();
  const error: unknown = await source('db', signal).catch((why: unknown) => why);
  assert.ok(systemClock.monotonic() - began < seconds(15), 'it does not wait');
  return String(error);
};

const serving = async (answer: RequestListener): Promise<{ url: string; close: () => void }> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, close };
};

for (const [what, answer] of [
  ['the next try', (response: ServerResponse) => response.writeHead(404).end()],
  ['an answer', () => undefined],
] as const)
  test(`a run that is cut off waits for no secret: not for ${what}`, async () => {
    const run = new AbortController();
    const gateway = await serving((_asked, response) => {
      answer(response);
      run.abort();
    });
    await givenUp(gateway.url, run.signal).finally(gateway.close);
  });

test('one that the control plane cannot read is not asked for again', async () => {
  let asked = 0;
  const unreadable = await serving((_asked, response) => {
    asked += 1;
    response.writeHead(500).end('{"message":"it was sealed with another key"}');
  });
  try {
    assert.match(await givenUp(unreadable.url, new AbortController().signal), 'sealed with another key');
    assert.is(asked, 1);
  } finally {
    unreadable.close();
  }
});

test('what every object inherits is no door', async ({ world }) => {
  const { machine, credential } = await enrolled(world, 'i-1');
  const headers = { authorization: `Bearer ${credential}`, 'x-scalarium-machine': machine };
  for (const what of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const answer = await fetch(`${world.at(0).url}/agent/v1/${what}/x`, { headers });
    assert.is(answer.status, 404, what);
  }
});
