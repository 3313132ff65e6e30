/** What every adapter for load balancers of a cloud must do. */
import * as E from 'fp-ts/lib/Either.js';
import type { BalancerMember, Balancers } from '../../cloud/balancers.js';
import { orThrow } from '../../runtime/failure.js';
import { assert, suite } from '../suite.js';

export interface BalancersUnderTest {
  readonly balancers: Balancers;
  /** One without members. */
  readonly balancer: string;
  /** Three that the cloud has, and that answer its checks. */
  readonly machines: readonly [string, string, string];
  /** Lets a little time pass: on a virtual clock, or really. */
  readonly pass: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const UNKNOWN = 'i-0ffffffffffffffff';
const ATTEMPTS = 400;

const ids = (members: readonly BalancerMember[]): readonly string[] =>
  members.map(({ machine }) => machine).sort();

/** Asks until it is so. */
const until = async (
  { balancers, balancer, pass }: BalancersUnderTest,
  holds: (members: readonly BalancerMember[]) => boolean,
): Promise<readonly BalancerMember[]> => {
  let members: readonly BalancerMember[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    members = await orThrow(balancers.members(balancer));
    if (holds(members)) return members;
    await pass();
  }
  throw new Error(`never so: ${JSON.stringify(members)}`);
};

const allHealthy =
  (...machines: readonly string[]) =>
  (members: readonly BalancerMember[]): boolean =>
    JSON.stringify(ids(members)) === JSON.stringify([...machines].sort()) &&
    members.every(({ health }) => health === 'healthy');

const nobody = (members: readonly BalancerMember[]): boolean => members.length === 0;

const isGivenNothing =
  (machine: string) =>
  (members: readonly BalancerMember[]): boolean =>
    members.every((member) => member.machine !== machine || member.health === 'draining');

/** Runs the suite on what `open` makes, anew for each test. */
export const balancersConformance = (name: string, open: () => Promise<BalancersUnderTest>): void => {
  const test = suite(`load balancers of a cloud: ${name}`);

  const on = (title: string, run: (under: BalancersUnderTest) => Promise<void>): void => {
    test(title, async () => {
      const under = await open();
      try {
        await run(under);
      } finally {
        await under.close();
      }
    });
  };

  on('members join, are well, leave and are gone', async (under) => {
    const { balancers, balancer, machines } = under;
    const [one, other] = machines;
    assert.equal(await orThrow(balancers.members(balancer)), []);
    const joined = await orThrow(balancers.register(balancer, [one, other]));
    assert.equal([...joined.done].sort(), [one, other].sort());
    await until(under, allHealthy(one, other));
    await orThrow(balancers.deregister(balancer, [one]));
    await until(under, isGivenNothing(one));
    await until(under, allHealthy(other));
  });

  on('what is so already changes nothing', async (under) => {
    const { balancers, balancer, machines } = under;
    const [one, other] = machines;
    await orThrow(balancers.register(balancer, [one]));
    await until(under, allHealthy(one));
    await orThrow(balancers.register(balancer, [one]));
    await orThrow(balancers.deregister(balancer, [other]));
    assert.ok(allHealthy(one)(await orThrow(balancers.members(balancer))), 'it was never out');
    await orThrow(balancers.deregister(balancer, [one]));
    await orThrow(balancers.deregister(balancer, [one]));
    await until(under, nobody);
    await orThrow(balancers.deregister(balancer, [one]));
    assert.equal(await orThrow(balancers.members(balancer)), []);
  });

  on('one that drains is taken in again', async (under) => {
    const { balancers, balancer, machines } = under;
    const [one] = machines;
    await orThrow(balancers.register(balancer, [one]));
    await until(under, allHealthy(one));
    await orThrow(balancers.deregister(balancer, [one]));
    await orThrow(balancers.register(balancer, [one]));
    await until(under, allHealthy(one));
  });

  on('a machine that nobody knows keeps none of the others out', async (under) => {
    const { balancers, balancer, machines } = under;
    const { done, failed, unknown } = await orThrow(
      balancers.register(balancer, [machines[0], UNKNOWN, machines[2]]),
    );
    assert.equal([...done].sort(), [machines[0], machines[2]].sort());
    assert.equal([...failed.map(({ id }) => id), ...unknown], [UNKNOWN]);
    await until(under, allHealthy(machines[0], machines[2]));
  });

  on('nothing asked for is no call that fails', async ({ balancers, balancer }) => {
    assert.equal((await orThrow(balancers.register(balancer, []))).done, []);
    assert.equal((await orThrow(balancers.deregister(balancer, []))).done, []);
  });

  on('a load balancer that is not there is a failure, and not one without members', async (under) => {
    const { balancers, machines } = under;
    const calls = [
      balancers.members('nowhere'),
      balancers.register('nowhere', [machines[0]]),
      balancers.deregister('nowhere', [machines[0]]),
    ];
    for (const call of calls) {
      const answer = await call();
      assert.ok(E.isLeft(answer));
      if (E.isLeft(answer))
        assert.equal([answer.left._tag, answer.left.reason], ['Stalled', 'NoSuchBalancer']);
    }
  });
};
