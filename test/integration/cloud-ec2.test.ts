import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Quota } from '../../api-types/kinds/cloud.js';
import { millis } from '../../api-types/units.js';
import { TAGS, type Cloud, type LaunchRequest, type Machine } from '../../cloud/cloud.js';
import { openEc2Cloud, type Ec2Options } from '../../cloud/ec2/ec2.js';
import { openMachines } from '../../cloud/machines.js';
import { seededChance } from '../../runtime/chance.js';
import { systemClock, type Clock } from '../../runtime/clock.js';
import { orThrow, type Failure } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { QUICK, withCloud, type Bench } from '../build/local-cloud.js';
import { PATIENCE_MS } from '../build/patience.js';
import { assert, suite } from '../suite.js';

const RAISED: Quota = {
  requestBurst: 1000,
  requestsPerSecond: 1000,
  resourceBurst: 100_000,
  resourcesPerSecond: 10_000,
};
const raised = { RunInstances: RAISED, TerminateInstances: RAISED, DescribeInstances: RAISED };

const adapter = ({ cloud }: Bench, more: Partial<Ec2Options> = {}): Cloud =>
  openEc2Cloud({
    endpoint: cloud.url,
    region: 'local',
    provider: 'local',
    credentials: cloud.credentials.default,
    quotas: raised,
    clock: systemClock,
    chance: seededChance(1),
    log: silentLog,
    ...more,
  });

const MINE = { [TAGS.installation]: 'inst' };

const request = (token: string, count: number, changes: Partial<LaunchRequest> = {}): LaunchRequest => ({
  token,
  count,
  zone: 'local-1',
  subnetId: null,
  imageId: 'ami-00000000000000012',
  instanceType: 'm5.large',
  keyName: null,
  tags: { ...MINE, [TAGS.cluster]: 'shop' },
  userData: '#cloud-config\n',
  ...changes,
});

const failed = async <A>(task: TaskEither<Failure, A>): Promise<Failure> => {
  const result = await task();
  if (E.isRight(result)) throw new Error(`it succeeded: ${JSON.stringify(result.right)}`);
  return result.left;
};

const alive = async ({ admin }: Bench): Promise<number> =>
  (await admin.machines()).filter(({ state }) => state !== 'terminated' && state !== 'shutting-down').length;

const ids = (machines: readonly Machine[]): string[] => machines.map(({ id }) => id).sort();

const until = async (condition: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  const deadline = systemClock.monotonic() + PATIENCE_MS;
  while (!(await condition())) {
    if (systemClock.monotonic() > deadline) throw new Error(`never: ${what}`);
    await systemClock.sleep(millis(20));
  }
};

const test = suite('the ec2 adapter on the local cloud');

test(
  'a thousand machines in ten launches within the published buckets: none refused, in seconds',
  withCloud(
    async (bench) => {
      const cloud = adapter(bench, { quotas: {} });
      const begun = systemClock.monotonic();
      const launches = Array.from({ length: 10 }, (_, index) =>
        orThrow(cloud.runInstances(request(`batch-${String(index)}`, 100))),
      );
      const machines = (await Promise.all(launches)).flat();
      const took = systemClock.monotonic() - begun;
      assert.is(new Set(ids(machines)).size, 1000);
      assert.ok(took < 8000, `took ${String(took)} ms`);
      const { calls, throttled } = await bench.admin.calls();
      assert.is(calls['default']?.['RunInstances'], 10);
      assert.equal(throttled['default'] ?? {}, {});
    },
    { ...QUICK, quotas: {} },
  ),
);

test(
  'the adapter under load on a throttled endpoint is never refused',
  withCloud(
    async (bench) => {
      const cloud = adapter(bench, { quotas: {} });
      // few machines: what is tested are buckets, not the reading of long answers
      const some = ids(await orThrow(cloud.runInstances(request('some', 10))));
      const each = (count: number, call: (id: string) => TaskEither<Failure, unknown>) =>
        Array.from({ length: count }, (_, index) => call(some[index % some.length] ?? '')());
      await Promise.all([
        ...each(130, () => cloud.describeTagged(MINE)),
        ...each(60, (id) => cloud.describeIds([id])),
        ...each(70, (id) => cloud.stop([id])),
        ...each(130, (id) => cloud.tag([{ id, tags: { [TAGS.slot]: id } }])),
      ]);
      const { calls, throttled } = await bench.admin.calls();
      for (const action of ['DescribeInstances', 'CreateTags', 'StopInstances'])
        assert.ok((calls['default']?.[action] ?? 0) > 40, `${action}: ${JSON.stringify(calls)}`);
      assert.equal(throttled['default'] ?? {}, {});
    },
    { ...QUICK, quotas: {} },
  ),
);

test(
  '2,500 machines are listed whole, in three pages',
  withCloud(async (bench) => {
    const cloud = adapter(bench);
    const launches = [1000, 1000, 500].map((count, index) =>
      orThrow(cloud.runInstances(request(`t-${String(index)}`, count))),
    );
    const launched = (await Promise.all(launches)).flat();
    const before = cloud.calls()['DescribeInstances'] ?? 0;
    const found = await orThrow(cloud.describeTagged(MINE));
    assert.is((cloud.calls()['DescribeInstances'] ?? 0) - before, 3);
    assert.equal(ids(found), ids(launched));
    const named = await orThrow(cloud.describeIds([...ids(launched), 'i-0ffffffffffffffff']));
    assert.is(named.machines.length, 2500);
    assert.equal(named.unknown, ['i-0ffffffffffffffff']);
    // a page that fails makes the listing a failure, not a short one
    await bench.admin.answer({ action: 'DescribeInstances', calls: 1, when: 'after', delayMillis: 1 });
    await bench.admin.answer({ action: 'DescribeInstances', calls: 1, when: 'after', drop: true });
    assert.is((await failed(cloud.describeTagged(MINE))).reason, 'CloudUnavailable');
  }),
);

test(
  'one bad id among hundreds keeps none of them alive',
  withCloud(async (bench) => {
    const cloud = adapter(bench);
    const some = ids(await orThrow(cloud.runInstances(request('t', 400))));
    const bad = ['i-0fffffffffffffffe', 'i-0ffffffffffffffff'];
    const outcome = await orThrow(cloud.terminate([...some.slice(0, 200), ...bad, ...some, 'no-id-at-all']));
    assert.equal([...outcome.done].sort(), some);
    assert.equal([...outcome.unknown, ...outcome.failed.map(({ id }) => id)].sort(), [
      ...bad,
      'no-id-at-all',
    ]);
    assert.is(await alive(bench), 0);
  }),
);

const lostAnswers = [
  { name: 'the connection broke', order: { drop: true } },
  { name: 'the endpoint said 500', order: { error: { code: 'InternalError', message: 'oh', status: 500 } } },
];

for (const { name, order } of lostAnswers)
  test(
    `a launch whose answer was lost, ${name}: unsure, and the same token launches nothing more`,
    withCloud(async (bench) => {
      const cloud = adapter(bench);
      await bench.admin.answer({ action: 'RunInstances', calls: 1, when: 'after', ...order });
      const failure = await failed(cloud.runInstances(request('once', 5)));
      assert.is(`${failure._tag} ${failure.reason}`, 'Transient OutcomeUnknown');
      assert.is(await alive(bench), 5);
      const again = await orThrow(cloud.runInstances(request('once', 5)));
      assert.is(again.length, 5);
      assert.is(await alive(bench), 5);
    }),
  );

test(
  'a launch that takes longer than its timeout: unsure, and the same token launches nothing more',
  withCloud(async (bench) => {
    // the call's 30 s pass in half a second
    const hurried: Clock = {
      ...systemClock,
      after: (delay, fn) => systemClock.after(millis(delay / 60), fn),
    };
    const cloud = adapter(bench, { clock: hurried });
    await bench.admin.answer({ action: 'RunInstances', calls: 1, when: 'after', delayMillis: 3000 });
    const begun = systemClock.monotonic();
    const failure = await failed(cloud.runInstances(request('once', 5)));
    assert.is(failure.reason, 'OutcomeUnknown');
    assert.match(failure.message, /did not answer in time/);
    assert.ok(systemClock.monotonic() - begun < 2000);
    assert.is((await orThrow(cloud.runInstances(request('once', 5)))).length, 5);
    assert.is(await alive(bench), 5);
  }),
);

test(
  'an error before the effect, a throttle and a lack of capacity are told apart',
  withCloud(async (bench) => {
    const cloud = adapter(bench);
    await bench.admin.throttle('RunInstances', 1);
    assert.is((await failed(cloud.runInstances(request('a', 1)))).reason, 'Throttled');
    await bench.admin.limitCapacity(3, 'local-1');
    assert.is((await orThrow(cloud.runInstances(request('b', 5)))).length, 3);
    assert.is((await failed(cloud.runInstances(request('c', 5)))).reason, 'NoCapacity');
    assert.is((await orThrow(cloud.runInstances(request('c', 5, { zone: 'local-2' })))).length, 5);
    const unknown = await failed(cloud.runInstances(request('d', 1, { imageId: 'ami-0123' })));
    assert.is(`${unknown._tag} ${unknown.reason}`, 'Stalled BadParameter');
    assert.is(await alive(bench), 8);
  }),
);

test(
  'wrong credentials and an endpoint that is not there say what is wrong, and where',
  withCloud(async (bench) => {
    const { accessKeyId } = bench.cloud.credentials.default;
    const wrong = adapter(bench, { credentials: { accessKeyId, secretAccessKey: 'wrong' } });
    const denied = await failed(wrong.capabilities());
    assert.is(`${denied._tag} ${denied.reason}`, 'Stalled BadCredentials');
    const nowhere = await failed(adapter(bench, { endpoint: 'http://127.0.0.1:1' }).capabilities());
    assert.is(`${nowhere._tag} ${nowhere.reason}`, 'Transient CloudUnavailable');
    assert.match(nowhere.message, /http:\/\/127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED/);
  }),
);

test(
  'status checks of more machines than a call may name',
  withCloud(async (bench) => {
    const cloud = adapter(bench);
    const some = ids(await orThrow(cloud.runInstances(request('t', 350))));
    const [first = ''] = some;
    await bench.admin.impair(first, { system: 'impaired', instance: 'ok' });
    for (const asked of [some, some.slice(0, 150)]) {
      const statuses = await orThrow(cloud.statuses(asked));
      assert.is(statuses.length, asked.length);
    }
    await until(async () => {
      const [status] = await orThrow(cloud.statuses([first]));
      return status?.system === 'impaired';
    }, 'impaired');
  }),
);

test(
  'the machines view sees a death within a sweep and believes no listing that leaves machines out',
  withCloud(async (bench) => {
    const cloud = adapter(bench);
    const machines = openMachines({
      cloud,
      installation: 'inst',
      clock: systemClock,
      chance: seededChance(1),
      log: silentLog,
      sweepEvery: millis(100),
    });
    try {
      const launched = await orThrow(cloud.runInstances(request('t', 4)));
      machines.note(launched);
      const [dead = '', left = '', ...others] = ids(launched);
      await until(() => machines.ofBatch('t').every(({ state }) => state === 'running'), 'all running');
      await bench.admin.kill(dead);
      await bench.admin.omit([left], 1500);
      await until(() => machines.gone(dead), 'the dead one is gone');
      assert.match(machines.get(dead)?.stateReason ?? '', /Server\.InternalError/);
      await systemClock.sleep(millis(600));
      for (const id of [left, ...others]) {
        assert.is(machines.gone(id), false);
        assert.is(machines.get(id)?.state, 'running');
      }
    } finally {
      machines.close();
    }
  }),
);
