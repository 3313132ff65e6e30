/** The local cloud as the `aws` command sees it, where that is installed; elsewhere as the SDK does, and loudly. */
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { RunningLocalCloud } from '../../local-cloud/main.js';
import { untilState, withCloud } from '../build/local-cloud.js';
import { assert, suite } from '../suite.js';

const test = suite('local cloud through the aws command');

const present = ((): boolean => {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stdout.write('\n!! no working aws command on PATH: tested with the SDK only\n');
    return false;
  }
})();

const run = promisify(execFile);

const aws = async (cloud: RunningLocalCloud, ...args: string[]): Promise<unknown> => {
  const { stdout } = await run('aws', [...args, '--output', 'json'], {
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: cloud.credentials.default.accessKeyId,
      AWS_SECRET_ACCESS_KEY: cloud.credentials.default.secretAccessKey,
      AWS_DEFAULT_REGION: 'local',
      AWS_ENDPOINT_URL: cloud.url,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_PAGER: '',
    },
  });
  return stdout.trim() === '' ? null : (JSON.parse(stdout) as unknown);
};

const failure = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'no failure';
  } catch (error) {
    return String((error as { readonly stderr?: string }).stderr);
  }
};

test(
  'launches, tags, lists with a query, terminates',
  withCloud(async ({ cloud, ec2 }) => {
    if (!present) {
      assert.is((await ec2.send(new DescribeRegionsCommand({}))).Regions?.[0]?.RegionName, 'local');
      return;
    }
    const launched = (await aws(
      cloud,
      ...['ec2', 'run-instances', '--image-id', 'ami-00000000000000012', '--count', '2'],
      ...['--instance-type', 't3.micro', '--placement', 'AvailabilityZone=local-3'],
      ...['--user-data', 'echo hello', '--tag-specifications'],
      'ResourceType=instance,Tags=[{Key=Name,Value=from the cli},{Key=scalarium:cluster,Value=shop}]',
    )) as { Instances: { InstanceId: string }[] };
    const ids = launched.Instances.map(({ InstanceId }) => InstanceId);
    await untilState(ec2, ids, 'running');
    const names = await aws(
      cloud,
      ...['ec2', 'describe-instances', '--filters', 'Name=tag:scalarium:cluster,Values=shop'],
      ...['Name=instance-state-name,Values=running', '--query'],
      "Reservations[].Instances[].[Placement.AvailabilityZone, Tags[?Key=='Name'].Value | [0]]",
    );
    assert.equal(names, [
      ['local-3', 'from the cli'],
      ['local-3', 'from the cli'],
    ]);
    await aws(cloud, 'ec2', 'create-tags', '--resources', ids[0]!, '--tags', 'Key=a,Value=b');
    const tags = (await aws(cloud, 'ec2', 'describe-tags', '--filters', 'Name=key,Values=a')) as {
      Tags: unknown[];
    };
    assert.equal(tags.Tags, [{ Key: 'a', ResourceId: ids[0], ResourceType: 'instance', Value: 'b' }]);
    const gone = (await aws(cloud, 'ec2', 'terminate-instances', '--instance-ids', ...ids)) as {
      TerminatingInstances: unknown[];
    };
    assert.is(gone.TerminatingInstances.length, 2);
  }),
);

test(
  'shows what there is, and who asks',
  withCloud(async ({ cloud, ec2 }) => {
    if (!present) {
      assert.is((await ec2.send(new DescribeRegionsCommand({}))).Regions?.length, 1);
      return;
    }
    const [zones, identity, images, groups] = await Promise.all([
      aws(cloud, 'ec2', 'describe-availability-zones', '--query', 'AvailabilityZones[].ZoneName'),
      aws(cloud, 'sts', 'get-caller-identity', '--query', 'Account'),
      aws(cloud, 'ec2', 'describe-images', '--query', 'length(Images)'),
      aws(cloud, 'ec2', 'describe-security-groups', '--query', 'SecurityGroups[].GroupName'),
    ]);
    assert.equal(zones, ['local-1', 'local-2', 'local-3']);
    assert.is(identity, '000000000000');
    assert.is(images, 3);
    assert.equal(groups, ['default']);
    const key = (await aws(cloud, 'ec2', 'create-key-pair', '--key-name', 'mine')) as {
      KeyMaterial: string;
    };
    assert.match(key.KeyMaterial, /BEGIN RSA PRIVATE KEY/);
    assert.match(await failure(aws(cloud, 'ec2', 'describe-volumes')), /InvalidAction/);
    assert.match(
      await failure(aws(cloud, 'ec2', 'terminate-instances', '--instance-ids', 'i-00000000000000000')),
      /InvalidInstanceID\.NotFound/,
    );
    assert.match(
      await failure(aws(cloud, 'ec2', 'run-instances', '--dry-run', '--image-id', 'ami-00000000000000012')),
      /DryRunOperation/,
    );
  }),
);
