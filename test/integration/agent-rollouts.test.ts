/** The stored rollout of an agent, as several control planes over one store see it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { AGENT_PATH } from '../../api-types/agent-protocol.js';
import type { AgentRelease } from '../../api-types/agent-release.js';
import { millis, minutes } from '../../api-types/units.js';
import { systemClock, timestamp } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { openRollouts, type Rollouts } from '../../server/agent-files/rollouts.js';
import { ROLLOUT } from '../../store/keys.js';
import { PLATFORM, writeAgentFiles } from '../build/agent-files.js';
import { until, untilTrue, World } from '../build/gateways.js';
import { assert, suite } from '../suite.js';

interface Context {
  world: World;
  open: Rollouts[];
}

const test = suite<Context>('a rollout that several control planes move on', {} as Context);

test.beforeEach(async (context) => {
  context.world = await World.open(1);
  context.open = [];
});

test.afterEach(async ({ world, open }) => {
  await Promise.all(open.map((one) => one.close()));
  await world.close();
});

const releaseOf = (letter: string): AgentRelease => ({
  version: letter,
  sha256: { 'linux-x64': letter.repeat(64) },
});
const buildOf = (letter: string): string => `${letter}-linux-x64-${letter.repeat(12)}`;

/** A control plane where this is built. */
const plane = (context: Context, release: AgentRelease | null): Rollouts => {
  const { store, objects } = context.world;
  const connected = { connected: true } as const;
  const rollouts = openRollouts({
    store,
    objects,
    observed: { get: () => connected } as unknown as Parameters<typeof openRollouts>[0]['observed'],
    release: () => release,
    rolloutTimes: { settle: millis(200), lost: minutes(20), again: minutes(10) },
    rolloutEvery: millis(20),
    clock: systemClock,
    log: silentLog,
  });
  context.open.push(rollouts);
  return rollouts;
};

const stored = async ({ world }: Context): Promise<string> =>
  (await orThrow(world.store.get(ROLLOUT)))?.value ?? '';

/** The host says that it is this build. */
const says = async ({ world }: Context, build: string): Promise<void> => {
  const at = timestamp(systemClock.now());
  const agent = {
    machine: 'i-1',
    address: '127.0.0.1',
    version: '1',
    connectedAt: at,
    build,
    buildSince: at,
  };
  const ref = { kind: 'Instance', cluster: 'shop', name: 'app-1' } as const;
  await orThrow(world.objects.write(null, [{ write: 'status', ref, patch: { agent } }]));
};

test('a control plane where nothing was built tells its hosts what another one put forward', async (context) => {
  await context.world.hosts(1);
  await says(context, buildOf('a'));
  plane(context, releaseOf('b'));
  const without = plane(context, null);
  await untilTrue('it tells', () => without.wantedOf('i-1', buildOf('a'))?.version === 'b');
});

test('the one that moves on what another put forward does not come back to its own', async (context) => {
  await context.world.hosts(1);
  await says(context, buildOf('a'));
  const older = plane(context, releaseOf('a'));
  await until('the older one is put forward', async () =>
    (await stored(context)).includes('"version":"a"') ? true : null,
  );
  const newer = plane(context, releaseOf('b'));
  await untilTrue('the newer one stands', () => older.wantedOf('i-1', buildOf('a'))?.version === 'b');
  await newer.close();
  await says(context, buildOf('b'));
  await until('the older one moves it on', async () => {
    const text = await stored(context);
    assert.match(text, '"version":"b"');
    return text.includes('"stage":"all"') ? true : null;
  });
  await systemClock.sleep(millis(200));
  assert.match(await stored(context), '"version":"b"', 'it stays');
});

test('a host that stays as it is is told again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollouts-'));
  writeAgentFiles(folder, '2', 'the next agent');
  const world = await World.open(1, { agentFiles: folder });
  try {
    await world.hosts(1);
    const told: unknown[] = [];
    const socket = await anAgent(world, `1-${PLATFORM}-${'a'.repeat(12)}`, (message) => told.push(message));
    await untilTrue('it is told three times', () => told.length >= 3);
    socket.terminate();
  } finally {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** One that is this build and stays it; hears what it is told of updates. */
const anAgent = async (world: World, build: string, hear: (message: unknown) => void): Promise<WebSocket> => {
  const { url } = world.at(0);
  const { cluster, role, batch, token } = world.config();
  const enrolled = await fetch(`${url}${AGENT_PATH}/enrol`, {
    method: 'POST',
    body: JSON.stringify({ cluster, role, batch, token, machine: 'i-1' }),
  });
  const { credential } = (await enrolled.json()) as { readonly credential: string };
  const socket = new WebSocket(`${url.replace('http', 'ws')}${AGENT_PATH}/connect`, {
    headers: { authorization: `Bearer ${credential}`, 'x-scalarium-machine': 'i-1' },
  });
  socket.on('message', (data) => {
    const message = JSON.parse((data as Buffer).toString()) as { readonly type: string };
    if (message.type === 'update') hear(message);
  });
  socket.on('open', () => {
    socket.send(
      JSON.stringify({ type: 'hello', version: 'v', cursor: 0, lastSession: 0, snapshot: '', build }),
    );
  });
  return socket;
};
