/** How an agent comes by its update: real gateways, as far as their files go. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Updater } from '../../agent/update/updater.js';
import { buildOf, type AgentRelease } from '../../api-types/agent-release.js';
import { millis, seconds } from '../../api-types/units.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { untilTrue } from '../build/gateways.js';
import { assert, suite } from '../suite.js';

interface Context {
  folder: string;
  servers: Server[];
  stopping: AbortController;
}

const test = suite<Context>('how an agent comes by its update', {} as Context);

test.beforeEach((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'updater-'));
  context.servers = [];
  context.stopping = new AbortController();
});

test.afterEach(({ folder, servers, stopping }) => {
  stopping.abort();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

const AGENT = gzipSync('the next agent');
const RELEASE: AgentRelease = {
  version: '2',
  sha256: { 'linux-x64': createHash('sha256').update(AGENT).digest('hex') },
};

const serve = async ({ servers }: Context, answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
};

/** An agent that knows these gateways; its pauses are noted, and are none. */
const updater = ({ folder, stopping }: Context, gateways: readonly string[]) => {
  const pauses: number[] = [];
  let switched = '';
  const made = new Updater({
    home: {
      build: `1-linux-x64-${'a'.repeat(12)}`,
      bad: [],
      prepare: () => Promise.resolve(folder),
      switchTo: (build) => {
        switched = build;
        return Promise.resolve();
      },
      prove: () => Promise.resolve(),
    },
    route: (attempt) => ({
      gateway: gateways[attempt % gateways.length] ?? '',
      localAddress: null,
      authority: null,
      patience: seconds(10),
    }),
    idle: () => true,
    restart: () => undefined,
    stopping: stopping.signal,
    clock: {
      ...systemClock,
      sleep: async (delay) => {
        pauses.push(delay);
        await systemClock.sleep(millis(1));
      },
    },
    chance: systemChance,
    log: silentLog,
  });
  return { updater: made, pauses, switched: () => switched };
};

test('where its gateway does not have the build, it asks another one', async (context) => {
  const without = await serve(context, (_asked, response) => response.writeHead(404).end());
  const having = await serve(context, (_asked, response) => response.end(AGENT));
  const agent = updater(context, [without, having]);
  agent.updater.wanted(RELEASE);
  await untilTrue('it has it', () => agent.switched() === buildOf(RELEASE, 'linux-x64'));
  assert.is(readFileSync(join(context.folder, 'scalarium-agent'), 'utf8'), 'the next agent');
  assert.is(agent.pauses.length, 1);
});

test('a gateway that is busy is waited for as long as it says, and for longer than a few tries', async (context) => {
  let asked = 0;
  const busy = await serve(context, (_asked, response) => {
    asked += 1;
    if (asked > 25) response.end(AGENT);
    else response.writeHead(503, { 'retry-after': '7' }).end();
  });
  const agent = updater(context, [busy]);
  agent.updater.wanted(RELEASE);
  await untilTrue('it has it', () => agent.switched() !== '');
  assert.is(agent.pauses.length, 25);
  assert.ok(agent.pauses.every((pause) => pause >= seconds(7)));
});
