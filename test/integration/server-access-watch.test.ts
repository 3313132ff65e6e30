/** Rights that change under a running watch. */
import { millis } from '../../api-types/units.js';
import { openClient } from '../../client/client.js';
import { systemClock } from '../../runtime/clock.js';
import { type AccessServer, grant, person, withServer } from '../build/access.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('rights that change under a watch');

const pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  systemClock.sleep(millis(Math.min(20, milliseconds)), signal);

/** The events of roles, `change` being made after the second. */
const events = async (
  { running, objects }: AccessServer,
  { cluster, token }: { readonly cluster: string | null; readonly token: string },
  change: () => void,
): Promise<readonly string[]> => {
  const stop = new AbortController();
  const late = setTimeout(() => {
    stop.abort();
  }, 10_000);
  const client = openClient({ url: running.url, token, pause });
  const seen: string[] = [];
  for await (const { type, object } of client.watch('Role', { cluster, signal: stop.signal })) {
    seen.push(`${type} ${object.metadata.name}`);
    if (seen.length === 2) {
      change();
      objects.putRaw(ref('Role', 'shop', 'app'), { spec: { type: 'custom', replicas: 9 } });
    }
    if (seen.includes('MODIFIED app') && seen.length >= 4) stop.abort();
  }
  clearTimeout(late);
  return seen;
};

for (const cluster of ['shop', null]) {
  const where = cluster === null ? 'across clusters' : 'in one cluster';
  const spec = { type: 'custom', replicas: 1 };

  test(
    `${where}: what may not be seen any more is gone`,
    withServer(async (server) => {
      const token = person(server.objects, 'ana');
      server.objects.has(ref('Role', 'shop', 'db'), { spec });
      grant(server.objects, 'ana', { user: 'ana', level: 'show' });
      const seen = await events(server, { cluster, token }, () => {
        grant(server.objects, 'ana', { user: 'ana', level: 'show', roles: ['app'] });
      });
      assert.equal([...seen].sort(), ['ADDED app', 'ADDED db', 'DELETED db', 'MODIFIED app']);
    }),
  );

  test(
    `${where}: what may be seen now is there`,
    withServer(async (server) => {
      const token = person(server.objects, 'ana');
      for (const name of ['db', 'web']) server.objects.has(ref('Role', 'shop', name), { spec });
      grant(server.objects, 'ana', { user: 'ana', level: 'show', roles: ['app', 'web'] });
      const seen = await events(server, { cluster, token }, () => {
        grant(server.objects, 'ana', { user: 'ana', level: 'show' });
      });
      assert.equal([...seen].sort(), ['ADDED app', 'ADDED db', 'ADDED web', 'MODIFIED app']);
    }),
  );
}
