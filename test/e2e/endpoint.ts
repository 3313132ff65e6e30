/** The local cloud's endpoint as others use it: with the printed environment, by the `aws` command or the SDK. */
import {
  DescribeInstancesCommand,
  EC2Client,
  TerminateInstancesCommand,
  type Instance,
} from '@aws-sdk/client-ec2';
import { execFileSync } from 'node:child_process';
import { COMMAND, run, type World } from './world.js';

/** A working `aws` command is on the PATH; says so loudly when it is not. */
export const awsIsThere = ((): boolean => {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('\n!! SKIPPED: no working aws command on the PATH; asked through the SDK instead\n');
    return false;
  }
})();

/** Exactly what a person types, in a shell that knows nothing of AWS. */
export const aws = async (world: World, command: string): Promise<string> => {
  const script = `eval "$(${COMMAND} local-cloud env)" && aws ${command} --output json`;
  const ran = await run('bash', ['-c', script], { SCALARIUM_DATA: world.data, AWS_PAGER: '' });
  if (ran.code !== 0) throw new Error(`aws ${command}: ${ran.stderr}`);
  return ran.stdout;
};

const printed = async (world: World): Promise<ReadonlyMap<string, string>> => {
  const { stdout } = await world.scalarium('local-cloud', 'env');
  return new Map(
    [...stdout.matchAll(/^export (\w+)=(.*)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']),
  );
};

const withClient = async <A>(world: World, use: (client: EC2Client) => Promise<A>): Promise<A> => {
  const env = await printed(world);
  const client = new EC2Client({
    endpoint: env.get('AWS_ENDPOINT_URL') ?? '',
    region: env.get('AWS_REGION') ?? '',
    credentials: {
      accessKeyId: env.get('AWS_ACCESS_KEY_ID') ?? '',
      secretAccessKey: env.get('AWS_SECRET_ACCESS_KEY') ?? '',
    },
  });
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
};

const isLive = ({ State }: Instance): boolean => State?.Name === 'pending' || State?.Name === 'running';

/** What the endpoint says is pending or running, whoever launched it. */
export const liveMachines = (world: World): Promise<readonly Instance[]> =>
  withClient(world, async (client) => {
    const { Reservations = [] } = awsIsThere
      ? (JSON.parse(await aws(world, 'ec2 describe-instances')) as {
          Reservations: { Instances: Instance[] }[];
        })
      : await client.send(new DescribeInstancesCommand({}));
    return Reservations.flatMap(({ Instances = [] }) => Instances).filter(isLive);
  });

/** Ends a machine behind Scalarium's back. */
export const terminate = (world: World, machine: string): Promise<unknown> =>
  awsIsThere
    ? aws(world, `ec2 terminate-instances --instance-ids ${machine}`)
    : withClient(world, (client) => client.send(new TerminateInstancesCommand({ InstanceIds: [machine] })));
