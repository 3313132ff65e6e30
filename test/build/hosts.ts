/** Process and namespace hosts beside a local cloud, with a program in the agent's place that only lives and says that it does. */
import { RunInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { millis, minutes } from '../../api-types/units.js';
import { openEc2Cloud } from '../../cloud/ec2/ec2.js';
import type { Cloud } from '../../cloud/cloud.js';
import { programPath } from '../../cli/up/program.js';
import { startHosts, type DriverChoice, type RunningHosts } from '../../local-cloud/hosts/main.js';
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
const address = value(process.argv.includes('--announce') ? '--announce' : '--address');
appendFileSync(join(value('--root'), 'boots'), process.pid + ' ' + address + '\\n');
process.on('SIGTERM', () => process.exit(0));
setInterval(() => undefined, 60_000);
`;

const userData = (gateway: string): string => `#cloud-config
write_files:
  - path: /etc/scalarium/agent.json
    permissions: '0600'
    content: '${JSON.stringify({
      installation: 'i',
      cluster: 'c',
      role: 'app',
      batch: 'b',
      token: 't',
      gateways: [gateway],
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

/** Drivers whose hosts are processes of their own. */
export type RealKind = 'process' | 'namespace';

const driverOf = (kind: RealKind, directory: string): DriverChoice => {
  const folder = join(directory, 'program');
  mkdirSync(folder, { recursive: true });
  const script = join(folder, 'fake-agent.mjs');
  writeFileSync(script, AGENT);
  if (kind === 'process') return { kind, agent: { command: process.execPath, args: [script] } };
  const base = { directory: '/', hidden: [directory] };
  return { kind, base, node: process.execPath, supervisor: programPath(), agent: script };
};

export const startFakeHosts = (
  directory: string,
  cloud: RunningLocalCloud,
  { admin, kind = 'process' }: { readonly admin?: AdminClient; readonly kind?: RealKind } = {},
): Promise<RunningHosts> =>
  startHosts({
    driver: driverOf(kind, directory),
    cloud: hostsCloud(cloud),
    ...(admin === undefined ? {} : { admin }),
    directory: join(directory, 'hosts'),
    // told of changes, it must not need to look
    pollEvery: admin === undefined ? millis(200) : minutes(60),
    ...around,
  });

/** Launches machines that bear an agent's configuration. */
export const launchHosts = async (
  ec2: EC2Client,
  count: number,
  gateway = 'http://127.0.0.1:1',
): Promise<readonly string[]> => {
  const answer = await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-00000000000000012',
      MinCount: count,
      MaxCount: count,
      UserData: Buffer.from(userData(gateway)).toString('base64'),
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
