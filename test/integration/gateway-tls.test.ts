/** Agents and gateways that speak TLS, and trust the authority they were told of and no other. */
import type { Agent } from '../../agent/agent.js';
import { connect } from '../../agent/connection.js';
import { bootHollow } from '../../agent/hollow.js';
import { seconds } from '../../api-types/units.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { type Log, type LogKeys, silentLog } from '../../runtime/log.js';
import { until, untilTrue, World } from '../build/gateways.js';
import { testAuthority, testIdentity } from '../build/tls.js';
import { assert, suite } from '../suite.js';

interface Context {
  world: World;
  authority: string;
  agents: Agent[];
}

const test = suite<Context>('gateways over TLS', {} as Context);

const HOSTS = 4;

test.beforeEach(async (context) => {
  const signer = await testAuthority();
  // another certificate each, as two control planes have, for one authority
  const names = ['127.0.0.1'];
  const identities = [await testIdentity(names, signer), await testIdentity(names, signer)];
  context.authority = signer.cert;
  context.agents = [];
  context.world = await World.open(identities);
  await context.world.hosts(HOSTS);
});

test.afterEach(async ({ world, agents }) => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await world.close();
});

const boot = ({ world, agents }: Context, number: number, ca: string, log: Log = silentLog): void => {
  const with_ = { clock: systemClock, chance: systemChance, log, version: 'test' };
  const config = { ...world.config([world.at(number % 2).url]), ca };
  const name = String(number);
  agents.push(bootHollow(with_)({ machine: `i-${name}`, config, address: `10.0.0.${name}` }));
};

test('agents enrol and connect with the authority of their user data; both gateways see all', async (context) => {
  const { world, authority } = context;
  for (let number = 1; number <= HOSTS; number += 1) boot(context, number, authority);
  await untilTrue('half at each', () =>
    world.gateways.every(({ gateway }) => gateway.metrics().connected === HOSTS / 2),
  );
  await untilTrue('they reach each other', () =>
    world.gateways.every(({ gateway }) => gateway.metrics().peers === 1),
  );
  for (const { observed } of world.gateways)
    await untilTrue('all observed', () =>
      [1, 2, 3, 4].every((number) => {
        const host = observed.get(`i-${String(number)}`);
        return host !== null && host.connected && host.sequence > 0;
      }),
    );
  assert.ok(world.urls.every((url) => url.startsWith('https:')));
});

/** A log that keeps the reasons of warnings. */
const reasons = (kept: string[]): Log => {
  const log: Log = {
    ...silentLog,
    warn: (_message: string, keys: LogKeys = {}) => kept.push(String(keys['why'])),
    with: () => log,
  };
  return log;
};

test('an agent that was told of another authority tells this gateway nothing', async (context) => {
  const { world } = context;
  const other = (await testAuthority()).cert;
  const said: string[] = [];
  boot(context, 1, other, reasons(said));
  await until('it tries twice', () => (said.length >= 2 ? true : null));
  assert.match(said[0] ?? '', /self-signed certificate in certificate chain|unable to verify/);
  const who = { machine: 'i-2', credential: 'its credential' };
  const route = { gateway: world.at(0).url, localAddress: null, authority: other, patience: seconds(5) };
  const never = (): void => {
    assert.unreachable('it is not to be believed');
  };
  const { ended } = connect(route, who, { opened: never, message: never, alive: never });
  assert.match((await ended).message, /self-signed certificate in certificate chain|unable to verify/);
  for (const { gateway } of world.gateways) {
    const { enrolled, enrolmentsRefused, connected, connectionsRefused } = gateway.metrics();
    assert.equal([enrolled, enrolmentsRefused, connected, connectionsRefused], [0, {}, 0, 0]);
  }
});

test('nor does one whose gateway goes by a name that its certificate has not', async (context) => {
  const said: string[] = [];
  const { world, authority, agents } = context;
  const config = { ...world.config([world.at(0).url.replace('127.0.0.1', 'localhost')]), ca: authority };
  const with_ = { clock: systemClock, chance: systemChance, log: reasons(said), version: 'test' };
  agents.push(bootHollow(with_)({ machine: 'i-1', config, address: '10.0.0.1' }));
  await until('it tries', () => (said.length > 0 ? true : null));
  assert.match(said[0] ?? '', /does not match certificate's altnames/);
  assert.is(world.at(0).gateway.metrics().enrolled, 0);
});
