/** Process hosts beside a local cloud, with a program in the agent's place that only lives and says that it does. */
import { RunInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { millis, minutes } from '../../api-types/units.js';
import { openEc2Cloud } from '../../cloud/ec2/ec2.js';
import type { Cloud } from '../../cloud/cloud.js';
import { startHosts, type RunningHosts } from '../../local-cloud/hosts/main.js';
import type { AdminClient } from '../../local-cloud/admin-client.js';
import type { RunningLocalCloud } from '../../local-cloud/main.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { PATIENCE_MS } from './patience.js';

const AGENT = `
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
const value = (name) => process.argv[process.argv.indexOf(name) + 1];
appendFileSync(join(value('--root'), 'boots'), process.pid + ' ' + value('--address') + '\\n');
process.on('SIGTERM', () => process.exit(0));
setInterval(() => undefined, 60_000);
`;

const USER_DATA = `#cloud-config
write_files:
  - path: /etc/scalarium/agent.json
    permissions: '0600'
    content: '${JSON.stringify({
      installation: 'i',
      cluster: 'c',
      role: 'app',
      batch: 'b',
      token: 't',
      gateways: ['http://127.0.0.1:1'],
    })}'
`;

const around = { clock: systemClock, chance: systemChance, log: silentLog };

/** The adapter on the local cloud, with the host drivers' own keys. */
export const hostsCloud = (cloud: RunningLocalCloud): Cloud =>
  openEc2Cloud({
    endpoint: cloud.url,
    region: 'local',
    provider: 'local',
    credentials: { ...cloud.credentials.hosts },
    quotas: {},
    ...around,
  });

export const startFakeHosts = (
  directory: string,
  cloud: RunningLocalCloud,
  admin?: AdminClient,
): Promise<RunningHosts> => {
  const script = join(directory, 'fake-agent.mjs');
  writeFileSync(script, AGENT);
  return startHosts({
    driver: { kind: 'process', agent: { command: process.execPath, args: [script] } },
    cloud: hostsCloud(cloud),
    ...(admin === undefined ? {} : { admin }),
    directory: join(directory, 'hosts'),
    // told of changes, it must not need to look
    pollEvery: admin === undefined ? millis(200) : minutes(60),
    ...around,
  });
};

/** Launches machines that bear an agent's configuration. */
export const launchHosts = async (ec2: EC2Client, count: number): Promise<readonly string[]> => {
  const answer = await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-00000000000000012',
      MinCount: count,
      MaxCount: count,
      UserData: Buffer.from(USER_DATA).toString('base64'),
    }),
  );
  return (answer.Instances ?? []).map(({ InstanceId }) => InstanceId ?? '');
};

/** Waits until it holds; fails when it never does. */
export const eventually = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const until = systemClock.monotonic() + PATIENCE_MS;
  while (!(await holds())) {
    if (systemClock.monotonic() > until) throw new Error(`waited in vain: ${what}`);
    await systemClock.sleep(millis(15));
  }
};

/** The pids that booted on this root, oldest first. */
export const bootsOn = (root: string): readonly number[] =>
  existsSync(join(root, 'boots'))
    ? readFileSync(join(root, 'boots'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => Number(line.split(' ')[0]))
    : [];
