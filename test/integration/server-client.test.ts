import { openClient } from '../../client/client.js';
import { millis } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import { TOKEN, type TestServer, shop, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('the client');
const spec = { type: 'custom', replicas: 1 };
const pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  systemClock.sleep(millis(Math.min(20, milliseconds)), signal);

/** The next `count` events as text. */
const taken = async (
  server: TestServer,
  count: number,
  during: () => Promise<void>,
): Promise<readonly string[]> => {
  const client = openClient({ url: server.running.url, token: TOKEN, pause });
  const stop = new AbortController();
  const seen: string[] = [];
  const doing = { done: false };
  for await (const { type, object } of client.watch('Role', { cluster: 'shop', signal: stop.signal })) {
    seen.push(`${type} ${object.metadata.name} ${String(object.spec?.replicas)}`);
    if (seen.length === count) stop.abort();
    if (!doing.done) {
      doing.done = true;
      await during();
    }
  }
  return seen;
};

test('a watch goes on after the server was away, telling each change once', async () => {
  const first = await testServer();
  shop(first.objects);
  const { port } = first.running;
  let second: TestServer['running'] | null = null;
  const seen = await taken(first, 3, async () => {
    first.objects.has(ref('Role', 'shop', 'db'), { spec });
    await first.running.close();
    first.objects.has(ref('Role', 'shop', 'app'), { spec: { ...spec, replicas: 5 } });
    // a server that starts later knows no earlier revisions: the client must list and compare
    second = (await testServer({ port, objects: first.objects })).running;
  });
  assert.equal([...seen].sort(), ['ADDED app 2', 'ADDED db 1', 'MODIFIED app 5']);
  await (second as TestServer['running'] | null)?.close();
});

test('a watch that is refused, or finds nobody, ends with the Status', async () => {
  const server = await testServer();
  const failing = async (url: string, token: string): Promise<string> => {
    const client = openClient({ url, token, pause });
    try {
      for await (const event of client.watch('Role')) return event.type;
    } catch (error) {
      return (error as Error).message;
    }
    return 'ended';
  };
  assert.match(await failing(server.running.url, 'wrong'), 'bearer token');
  await server.running.close();
  assert.match(await failing(server.running.url, TOKEN), 'no control plane answers');
});
