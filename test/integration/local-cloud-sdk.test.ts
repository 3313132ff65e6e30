/** The local cloud as Amazon's own client sees it. */
import {
  CreateTagsCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeInstanceStatusCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  paginateDescribeInstances,
  type Instance,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminClient, type AdminClient } from '../../local-cloud/admin-client.js';
import { startLocalCloud, type RunningLocalCloud } from '../../local-cloud/main.js';
import type { Settings } from '../../local-cloud/settings.js';
import { seededChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { millis } from '../../api-types/units.js';
import { assert, suite } from '../suite.js';

const QUICK: Partial<Settings> = {
  boot: millis(40),
  bootSpread: millis(20),
  stop: millis(20),
  terminate: millis(20),
  quotas: 'unlimited',
};

interface Bench {
  readonly cloud: RunningLocalCloud;
  readonly ec2: EC2Client;
  readonly admin: AdminClient;
  readonly directory: string;
}

const clientFor = (cloud: RunningLocalCloud, secretAccessKey?: string): EC2Client =>
  new EC2Client({
    region: 'local',
    endpoint: cloud.url,
    maxAttempts: 1,
    credentials: {
      ...cloud.credentials.default,
      ...(secretAccessKey === undefined ? {} : { secretAccessKey }),
    },
  });

const start = (
  directory: string,
  settings: Partial<Settings> = QUICK,
  seed = 1,
): Promise<RunningLocalCloud> =>
  startLocalCloud({ directory, clock: systemClock, chance: seededChance(seed), settings, log: silentLog });

const withCloud =
  (run: (bench: Bench) => Promise<void>, settings: Partial<Settings> = QUICK) =>
  async (): Promise<void> => {
    const directory = await mkdtemp(join(tmpdir(), 'local-cloud-'));
    const cloud = await start(directory, settings);
    const ec2 = clientFor(cloud);
    try {
      await run({
        cloud,
        ec2,
        admin: adminClient({ url: cloud.url, token: cloud.adminToken }),
        directory,
      });
    } finally {
      ec2.destroy();
      await cloud.close();
      await rm(directory, { recursive: true, force: true });
    }
  };

const order = (more: Partial<RunInstancesCommandInput> = {}): RunInstancesCommandInput => ({
  ImageId: 'ami-00000000000000012',
  InstanceType: 'm5.large',
  MinCount: 1,
  MaxCount: 1,
  ...more,
});

const launch = async (ec2: EC2Client, more: Partial<RunInstancesCommandInput> = {}): Promise<string[]> => {
  const answer = await ec2.send(new RunInstancesCommand(order(more)));
  return (answer.Instances ?? []).map(({ InstanceId }) => InstanceId ?? '');
};

const describe = async (ec2: EC2Client, ids: string[]): Promise<Instance[]> => {
  const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));
  return (answer.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
};

const untilState = async (ec2: EC2Client, ids: string[], state: string): Promise<Instance[]> => {
  const deadline = systemClock.monotonic() + 5000;
  for (;;) {
    const machines = await describe(ec2, ids);
    if (machines.every((machine) => machine.State?.Name === state)) return machines;
    if (systemClock.monotonic() > deadline) throw new Error(`not all ${state}: ${JSON.stringify(machines)}`);
    await systemClock.sleep(millis(10));
  }
};

const errorName = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'none';
  } catch (error) {
    return (error as Error).name;
  }
};

const test = suite('local cloud through @aws-sdk/client-ec2');

test(
  'launches, shows, stops, starts and terminates machines',
  withCloud(async ({ ec2 }) => {
    const ids = await launch(ec2, {
      MaxCount: 3,
      Placement: { AvailabilityZone: 'local-2' },
      UserData: Buffer.from('#cloud-config\nhello: <&>\n').toString('base64'),
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'a & <b>' }] }],
    });
    assert.is(ids.length, 3);
    const running = await untilState(ec2, ids, 'running');
    assert.equal(running.map(({ AmiLaunchIndex }) => AmiLaunchIndex).sort(), [0, 1, 2]);
    assert.is(running[0]?.Tags?.[0]?.Value, 'a & <b>');
    assert.is(running[0]?.Placement?.AvailabilityZone, 'local-2');
    assert.match(running[0]?.PrivateIpAddress ?? '', /^10\.0\./);
    assert.is(new Set(running.map(({ PrivateIpAddress }) => PrivateIpAddress)).size, 3);
    const data = await ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: ids[0], Attribute: 'userData' }),
    );
    assert.is(Buffer.from(data.UserData?.Value ?? '', 'base64').toString(), '#cloud-config\nhello: <&>\n');
    const statuses = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: ids }));
    assert.is(statuses.InstanceStatuses?.[0]?.SystemStatus?.Status, 'ok');
    await ec2.send(new StopInstancesCommand({ InstanceIds: ids }));
    await untilState(ec2, ids, 'stopped');
    await ec2.send(new StartInstancesCommand({ InstanceIds: ids }));
    await untilState(ec2, ids, 'running');
    const going = await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    assert.is(going.TerminatingInstances?.[0]?.PreviousState?.Name, 'running');
    const gone = await untilState(ec2, ids, 'terminated');
    assert.is(gone[0]?.StateReason?.Code, 'Client.UserInitiatedShutdown');
  }),
);

test(
  'a repeated client token launches nothing more; in another zone it does; with other parameters it is refused',
  withCloud(async ({ ec2 }) => {
    const here = { ClientToken: 'batch-1', Placement: { AvailabilityZone: 'local-1' }, MaxCount: 2 };
    const first = await launch(ec2, here);
    assert.equal(await launch(ec2, here), first);
    const elsewhere = await launch(ec2, { ...here, Placement: { AvailabilityZone: 'local-2' } });
    assert.is(elsewhere.filter((id) => first.includes(id)).length, 0);
    assert.is(
      await errorName(launch(ec2, { ...here, InstanceType: 'm5.xlarge' })),
      'IdempotentParameterMismatch',
    );
    const all = await ec2.send(new DescribeInstancesCommand({}));
    assert.is(all.Reservations?.flatMap(({ Instances }) => Instances ?? []).length, 4);
  }),
);

test(
  'one bad id keeps all the others of its call as they are',
  withCloud(async ({ ec2 }) => {
    const ids = await launch(ec2);
    const unknown = [...ids, 'i-00000000000000000'];
    assert.is(
      await errorName(ec2.send(new TerminateInstancesCommand({ InstanceIds: unknown }))),
      'InvalidInstanceID.NotFound',
    );
    assert.is(
      await errorName(ec2.send(new TerminateInstancesCommand({ InstanceIds: [...ids, 'nonsense'] }))),
      'InvalidInstanceID.Malformed',
    );
    await untilState(ec2, ids, 'running');
  }),
);

test(
  'pages end at MaxResults, and at 1000 unasked; filters and tags choose',
  withCloud(async ({ ec2 }) => {
    await launch(ec2, { MinCount: 1000, MaxCount: 1000, InstanceType: 't3.micro' });
    const [tagged = ''] = await launch(ec2, { MaxCount: 1 });
    await ec2.send(
      new CreateTagsCommand({ Resources: [tagged], Tags: [{ Key: 'scalarium:slot', Value: 'app-1' }] }),
    );
    const first = await ec2.send(new DescribeInstancesCommand({}));
    assert.is(first.Reservations?.flatMap(({ Instances }) => Instances ?? []).length, 1000);
    assert.ok(first.NextToken);
    let count = 0;
    for await (const page of paginateDescribeInstances({ client: ec2, pageSize: 300 }, {}))
      count += page.Reservations?.flatMap(({ Instances }) => Instances ?? []).length ?? 0;
    assert.is(count, 1001);
    const filtered = await ec2.send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: 'tag:scalarium:slot', Values: ['app-*'] },
          { Name: 'instance-type', Values: ['m5.large'] },
        ],
      }),
    );
    assert.is(filtered.Reservations?.[0]?.Instances?.[0]?.InstanceId, tagged);
    assert.is(
      await errorName(ec2.send(new DescribeInstancesCommand({ InstanceIds: [tagged], MaxResults: 10 }))),
      'InvalidParameterCombination',
    );
    assert.is(
      await errorName(ec2.send(new DescribeInstancesCommand({ NextToken: 'x' }))),
      'InvalidNextToken',
    );
  }),
);

test(
  'a wrong secret, an unknown key and no signature at all are refused',
  withCloud(async ({ cloud, ec2 }) => {
    await launch(ec2);
    const forged = clientFor(cloud, 'not-the-secret');
    assert.is(await errorName(launch(forged)), 'SignatureDoesNotMatch');
    const stranger = new EC2Client({
      region: 'local',
      endpoint: cloud.url,
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' },
    });
    assert.is(await errorName(launch(stranger)), 'InvalidClientTokenId');
    const late = new EC2Client({
      region: 'local',
      endpoint: cloud.url,
      maxAttempts: 1,
      credentials: cloud.credentials.default,
      systemClockOffset: -3_600_000,
    });
    assert.is(await errorName(launch(late)), 'RequestExpired');
    const bare = await fetch(`${cloud.url}/?Action=DescribeInstances`);
    assert.is(bare.status, 401);
    assert.match(await bare.text(), /<Code>AuthFailure<\/Code>/);
    assert.is((await fetch(`${cloud.url}/_scalarium/machines`)).status, 401);
    for (const client of [forged, stranger, late]) client.destroy();
  }),
);

test(
  'looks like a cloud: subnets, zones',
  withCloud(async ({ ec2, directory }) => {
    const subnets = await ec2.send(new DescribeSubnetsCommand({}));
    assert.equal(
      subnets.Subnets?.map(({ AvailabilityZone }) => AvailabilityZone),
      ['local-1', 'local-2', 'local-3'],
    );
    const [id] = await launch(ec2, { SubnetId: subnets.Subnets?.[2]?.SubnetId });
    assert.is((await describe(ec2, [id ?? '']))[0]?.Placement?.AvailabilityZone, 'local-3');
    assert.is((await stat(join(directory, 'credentials'))).mode & 0o777, 0o600);
  }),
);

test(
  'throttles as Amazon publishes, each access key on its own',
  withCloud(
    async ({ cloud, ec2 }) => {
      const names = await Promise.all(Array.from({ length: 8 }, () => errorName(launch(ec2))));
      assert.ok(names.filter((name) => name === 'none').length >= 5);
      assert.ok(names.includes('RequestLimitExceeded'));
      const hosts = new EC2Client({
        region: 'local',
        endpoint: cloud.url,
        maxAttempts: 1,
        credentials: cloud.credentials.hosts,
      });
      assert.is(await errorName(launch(hosts)), 'none');
      hosts.destroy();
    },
    { ...QUICK, quotas: {} },
  ),
);

test(
  'does wrong when told to',
  withCloud(async ({ ec2, admin }) => {
    const [id = ''] = await launch(ec2);
    await untilState(ec2, [id], 'running');
    await admin.throttle('RunInstances', 1);
    assert.is(await errorName(launch(ec2)), 'RequestLimitExceeded');
    await admin.limitCapacity(2, 'local-1');
    assert.is((await launch(ec2, { MaxCount: 5 })).length, 2);
    assert.is(await errorName(launch(ec2)), 'InsufficientInstanceCapacity');
    await admin.limitCapacity(null, 'local-1');
    await admin.answer({
      action: 'RunInstances',
      calls: 1,
      when: 'after',
      error: { code: 'InternalError', message: 'lost', status: 500 },
    });
    const token = { ClientToken: 'lost-answer' };
    assert.is(await errorName(launch(ec2, token)), 'InternalError');
    const before = (await admin.machines()).length;
    assert.is((await launch(ec2, token)).length, 1);
    assert.is((await admin.machines()).length, before);
    await admin.omit([id], 60_000);
    assert.is(await errorName(describe(ec2, [id])), 'InvalidInstanceID.NotFound');
    await admin.clearFaults();
    await admin.freezeDescriptions(60_000);
    await admin.kill(id);
    assert.is((await describe(ec2, [id]))[0]?.State?.Name, 'running');
    await admin.clearFaults();
    const dead = (await describe(ec2, [id]))[0];
    assert.is(dead?.State?.Name, 'terminated');
    assert.is(dead?.StateReason?.Code, 'Server.InternalError');
    await admin.stillborn(1);
    const [stillborn = ''] = await launch(ec2);
    await untilState(ec2, [stillborn], 'terminated');
    assert.ok(((await admin.calls()).calls['default']?.['RunInstances'] ?? 0) >= 7);
  }),
);

test(
  'tells a driver of changes as they happen',
  withCloud(async ({ ec2, admin }) => {
    const empty = await admin.changes('', 0);
    assert.ok(empty.reset);
    const waiting = admin.changes(empty.cursor, 5000);
    const [id = ''] = await launch(ec2, { UserData: Buffer.from('hello').toString('base64') });
    let feed = await waiting;
    assert.is(feed.machines[0]?.state, 'pending');
    feed = await admin.changes(feed.cursor, 5000);
    assert.is(feed.machines[0]?.state, 'running');
    assert.is(feed.machines[0]?.userData, 'hello');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    feed = await admin.changes(feed.cursor, 5000);
    assert.is(feed.machines[0]?.state, 'shutting-down');
  }),
);

test('is the same cloud after a restart, on the same port, and one directory has one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'local-cloud-'));
  const first = await start(directory);
  const ec2 = clientFor(first);
  const ids = await launch(ec2, { MaxCount: 2, ClientToken: 'kept' });
  assert.match(
    await start(directory).then(
      () => 'started twice',
      (error: Error) => error.message,
    ),
    /is in use by another running process/,
  );
  await first.close();
  const second = await start(directory, QUICK, 2);
  assert.is(second.port, first.port);
  assert.equal(second.credentials, first.credentials);
  await untilState(ec2, ids, 'running');
  assert.equal(await launch(ec2, { MaxCount: 2, ClientToken: 'kept' }), ids);
  ec2.destroy();
  await second.close();
  await rm(directory, { recursive: true, force: true });
});
