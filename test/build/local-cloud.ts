/** A local cloud for one test, with Amazon's own client beside it. */
import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  type Instance,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminClient, type AdminClient } from '../../local-cloud/admin-client.js';
import type { KeyPairOfCaller } from '../../local-cloud/credentials.js';
import { startLocalCloud, type RunningLocalCloud } from '../../local-cloud/main.js';
import type { Settings } from '../../local-cloud/settings.js';
import { seededChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { millis } from '../../api-types/units.js';
import { PATIENCE_MS } from './patience.js';

export const QUICK: Partial<Settings> = {
  boot: millis(40),
  bootSpread: millis(20),
  stop: millis(20),
  terminate: millis(20),
  quotas: 'unlimited',
};

export interface Bench {
  readonly cloud: RunningLocalCloud;
  readonly ec2: EC2Client;
  readonly admin: AdminClient;
  readonly directory: string;
}

export const clientFor = (url: string, credentials: KeyPairOfCaller): EC2Client =>
  new EC2Client({ region: 'local', endpoint: url, maxAttempts: 1, credentials: { ...credentials } });

export const start = (
  directory: string,
  settings: Partial<Settings> = QUICK,
  seed = 1,
  port = 0,
): Promise<RunningLocalCloud> =>
  startLocalCloud({
    directory,
    port,
    clock: systemClock,
    chance: seededChance(seed),
    settings,
    log: silentLog,
  });

export const withCloud =
  (run: (bench: Bench) => Promise<void>, settings: Partial<Settings> = QUICK) =>
  async (): Promise<void> => {
    const directory = await mkdtemp(join(tmpdir(), 'local-cloud-'));
    const cloud = await start(directory, settings);
    const ec2 = clientFor(cloud.url, cloud.credentials.default);
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

export const launch = async (
  ec2: EC2Client,
  more: Partial<RunInstancesCommandInput> = {},
): Promise<string[]> => {
  const answer = await ec2.send(new RunInstancesCommand(order(more)));
  return (answer.Instances ?? []).map(({ InstanceId }) => InstanceId ?? '');
};

export const describe = async (ec2: EC2Client, ids: string[]): Promise<Instance[]> => {
  const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));
  return (answer.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
};

export const untilState = async (ec2: EC2Client, ids: string[], state: string): Promise<Instance[]> => {
  const deadline = systemClock.monotonic() + PATIENCE_MS;
  for (;;) {
    const machines = await describe(ec2, ids);
    if (machines.every((machine) => machine.State?.Name === state)) return machines;
    if (systemClock.monotonic() > deadline) throw new Error(`not all ${state}: ${JSON.stringify(machines)}`);
    await systemClock.sleep(millis(10));
  }
};

export const errorName = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'none';
  } catch (error) {
    return (error as Error).name;
  }
};
