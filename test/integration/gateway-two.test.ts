import type { Agent } from '../../agent/agent.js';
import { bootHollow } from '../../agent/hollow.js';
import { millis } from '../../api-types/units.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { firstProtocolAgent } from '../build/first-protocol.js';
import { until, untilTrue, World } from '../build/gateways.js';
import { assert, suite } from '../suite.js';

const HOSTS = 12;
const machines = Array.from({ length: HOSTS }, (_, index) => `i-${String(index + 1)}`);

/** A host whose agent is started only by the test that needs it. */
const OLD = `i-${String(HOSTS + 1)}`;

interface Context {
  world: World;
  agents: Agent[];
}

const two = suite<Context>('two gateways over one store', {} as Context);

const boot = (world: World, machine: string, gateways = world.urls): Agent =>
  bootHollow({
    clock: systemClock,
    chance: systemChance,
    log: silentLog,
    version: 'test',
    times: { setup: millis(200), configure: millis(20) },
  })({ machine, config: world.config(gateways), address: `10.0.0.${machine.slice(2)}` });

const everyone = async (world: World, event: string): Promise<void> => {
  await until(`${event} everywhere`, async () => ((await world.results(event)).size === HOSTS ? true : null));
};

two.beforeEach(async (context) => {
  context.world = await World.open(2);
  await context.world.hosts(HOSTS + 1);
  // half of them know only the one, half only the other
  context.agents = machines.map((machine, index) =>
    boot(context.world, machine, [context.world.at(index % 2).url]),
  );
  const { world } = context;
  await untilTrue(
    'all hosts connected',
    () => world.at(0).gateway.metrics().connected + world.at(1).gateway.metrics().connected === HOSTS,
  );
});

two.afterEach(async ({ world, agents }) => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await world.close();
});

two('first words are recorded with the address the agent tells', async ({ world }) => {
  await untilTrue('all first words', () => machines.every((m) => world.agentOf(m.replace('i-', 'app-'))));
  assert.is(world.agentOf('app-3')?.machine, 'i-3');
  assert.is(world.agentOf('app-3')?.address, '10.0.0.3');
  assert.is(world.agentOf('app-3')?.version, 'test');
});

two('an event written once reaches the hosts of both, and all results come back', async ({ world }) => {
  await world.tell('setup-1', 'setup', machines);
  await everyone(world, 'setup-1');
  assert.is((await world.resultOf('setup-1', 'i-5')).state, 'succeeded');
  assert.is(world.at(0).gateway.metrics().connected, HOSTS / 2);
  assert.is(world.at(1).gateway.metrics().connected, HOSTS / 2);
  const chunks = world.gateways.map(({ gateway }) => gateway.metrics().resultChunks);
  assert.ok(
    chunks.every((count) => count <= 3),
    `results are gathered: ${String(chunks)}`,
  );
});

two('either gateway sees all hosts', async ({ world }) => {
  for (const { observed } of world.gateways)
    await untilTrue('all hosts observed', () =>
      machines.every((machine) => {
        const host = observed.get(machine);
        return host !== null && host.connected && host.sequence > 0;
      }),
    );
});

two(
  'one gateway is killed: its agents move to the other, which sends what they missed',
  async ({ world }) => {
    await world.tell('setup-1', 'setup', machines);
    await everyone(world, 'setup-1');
    await untilTrue('the gateways know each other', () =>
      world.gateways.every(({ gateway }) => gateway.metrics().peers === 1),
    );
    const dead = world.at(0).kill();
    await world.tell('configure-2', 'configure', machines);
    await everyone(world, 'configure-2');
    await dead;
    assert.is(world.at(1).gateway.metrics().connected, HOSTS);
  },
);

two('a gateway that closes sends its agents to the other', async ({ world }) => {
  await untilTrue('all first words', () => machines.every((m) => world.agentOf(m.replace('i-', 'app-'))));
  await world.at(0).close();
  await untilTrue('all at the other', () => world.at(1).gateway.metrics().connected === HOSTS);
  const { observed } = world.at(1);
  await untilTrue('all observed', () =>
    machines.every((machine) => observed.get(machine)?.connected === true),
  );
});

two('a host that leaves is seen to have left by both', async ({ world, agents }) => {
  for (const { observed } of world.gateways)
    await untilTrue('seen', () => observed.get('i-1')?.connected === true);
  await agents[0]!.stop();
  for (const { observed } of world.gateways)
    await untilTrue('seen to have left', () => observed.get('i-1')?.connected === false);
});

two('a released machine hears so and its agent ends; others stay', async ({ world, agents }) => {
  await world.release('app-2');
  assert.is(await agents[1]!.done, 'released');
  for (const { observed } of world.gateways) await untilTrue('forgotten', () => observed.get('i-2') === null);
  const connected = () => world.gateways.reduce((sum, { gateway }) => sum + gateway.metrics().connected, 0);
  await untilTrue('one less', () => connected() === HOSTS - 1);
});

two(
  'configures that pile up behind a setup: the newest runs, the others are recorded superseded',
  async ({ world }) => {
    await world.tell('setup-1', 'setup', ['i-3']);
    for (const name of ['c-1', 'c-2', 'c-3']) await world.tell(name, 'configure', ['i-3']);
    await world.resultOf('c-3', 'i-3');
    const states = await Promise.all(
      ['setup-1', 'c-1', 'c-2', 'c-3'].map(async (name) => (await world.resultOf(name, 'i-3')).state),
    );
    assert.equal([states[0], states[3]], ['succeeded', 'succeeded']);
    assert.ok(states.includes('superseded'), String(states));
  },
);

two('a dry run goes to agents that know it; for one that does not its gateway answers', async ({ world }) => {
  const old = await firstProtocolAgent(world.config([world.at(1).url]), OLD);
  try {
    const run = await world.run('look');
    await world.ask('run-configure-1', ['i-1', 'i-2', OLD], run);
    for (const machine of ['i-1', 'i-2'])
      assert.is((await world.resultOf('run-configure-1', machine)).state, 'succeeded');
    const { state, message } = await world.resultOf('run-configure-1', OLD);
    assert.is(state, 'failed');
    assert.match(
      message ?? '',
      /^the agent on app-13 \(version 0\.0\.1\) is too old for dry runs: update it/,
    );
    await world.tell('configure-2', 'configure', [OLD]);
    await untilTrue('the next event', () => old.heard.length > 0);
    assert.equal(old.heard, ['configure-2']);
  } finally {
    old.stop();
  }
});
