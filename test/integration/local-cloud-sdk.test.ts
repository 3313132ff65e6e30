/** The local cloud as Amazon's own client sees it. */
import {
  CreateTagsCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeInstanceStatusCommand,
  DescribeSubnetsCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, errorName, launch, untilState, withCloud } from '../build/local-cloud.js';
import { assert, suite } from '../suite.js';

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
    assert.is(running[0]!.Tags![0]!.Value, 'a & <b>');
    assert.is(running[0]!.Placement!.AvailabilityZone, 'local-2');
    assert.match(running[0]!.PrivateIpAddress!, /^10\.0\./);
    assert.is(new Set(running.map(({ PrivateIpAddress }) => PrivateIpAddress)).size, 3);
    const data = await ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: ids[0], Attribute: 'userData' }),
    );
    assert.is(Buffer.from(data.UserData!.Value!, 'base64').toString(), '#cloud-config\nhello: <&>\n');
    const statuses = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: ids }));
    assert.is(statuses.InstanceStatuses![0]!.SystemStatus!.Status, 'ok');
    await ec2.send(new StopInstancesCommand({ InstanceIds: ids }));
    await untilState(ec2, ids, 'stopped');
    await ec2.send(new StartInstancesCommand({ InstanceIds: ids }));
    await untilState(ec2, ids, 'running');
    const going = await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    assert.is(going.TerminatingInstances![0]!.PreviousState!.Name, 'running');
    const gone = await untilState(ec2, ids, 'terminated');
    assert.is(gone[0]!.StateReason!.Code, 'Client.UserInitiatedShutdown');
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
