/** `scalarium hosts`: boots an agent for each machine that an EC2 endpoint says is running. */
import { Option, type Command } from 'commander';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openEc2Cloud } from '../../cloud/ec2/ec2.js';
import type { Cloud } from '../../cloud/cloud.js';
import { bootHollow } from '../../agent/hollow.js';
import { adminClient, type AdminClient } from '../../local-cloud/admin-client.js';
import { readCredentials } from '../../local-cloud/credentials.js';
import { readEndpoint } from '../../local-cloud/endpoint-file.js';
import { readAdminToken } from '../../local-cloud/admin-token.js';
import { hollowTimes } from '../../local-cloud/hosts/environment.js';
import { startHosts, type DriverChoice } from '../../local-cloud/hosts/main.js';
import { whyNoNamespaceHosts } from '../../local-cloud/hosts/namespace/refusals.js';
import { REGION } from '../../local-cloud/settings.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { winstonLog } from '../../runtime/log-winston.js';
import type { Log } from '../../runtime/log.js';
import { VERSION } from '../../runtime/version.js';
import { CliError } from '../context.js';
import { programPath } from '../up/program.js';
import { untilStopped } from '../up/stopping.js';

interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Flags {
  readonly data?: string;
  readonly cloud: string;
  readonly hosts: 'process' | 'hollow' | 'namespace';
  readonly hostsBase: string;
  readonly region?: string;
}

const DATA = '.scalarium';

const around = { clock: systemClock, chance: systemChance };

/** An endpoint and, when it is the local cloud, its admin door. */
interface Endpoint {
  readonly cloud: Cloud;
  readonly admin?: AdminClient;
}

const localEndpoint = async (data: string, log: Log): Promise<Endpoint> => {
  const directory = join(data, 'aws');
  const endpoint = await readEndpoint(directory);
  const credentials = await readCredentials(join(directory, 'credentials'));
  const token = await readAdminToken(directory);
  if (endpoint === null || credentials === null || token === null)
    throw new Error(
      `no local cloud was started in ${data}: start it first (scalarium local-cloud), or give an endpoint with --cloud URL`,
    );
  const cloud = openEc2Cloud({
    endpoint: endpoint.url,
    region: REGION,
    provider: 'local',
    credentials: credentials.hosts,
    quotas: {},
    ...around,
    log,
  });
  return { cloud, admin: adminClient({ url: endpoint.url, token }) };
};

/** Any EC2 endpoint, with the keys that the AWS SDK finds by itself. */
const otherEndpoint = (url: string, region: string, log: Log): Endpoint => ({
  cloud: openEc2Cloud({
    endpoint: url,
    region,
    provider: 'aws',
    credentials: null,
    quotas: {},
    ...around,
    log,
  }),
});

const namespaceHosts = async ({ hostsBase }: Flags, data: string): Promise<DriverChoice> => {
  const base = resolve(hostsBase);
  const why = await whyNoNamespaceHosts(resolve(data, 'hosts'), base);
  if (why !== null) throw new CliError(why);
  return {
    kind: 'namespace',
    base: { directory: base, hidden: [await realpath(data)] },
    node: process.execPath,
    supervisor: programPath(),
    agent: programPath(),
  };
};

const driverFor = async (flags: Flags, context: Context, log: Log): Promise<DriverChoice> => {
  switch (flags.hosts) {
    case 'namespace':
      return namespaceHosts(flags, flags.data ?? DATA);
    case 'process':
      return { kind: flags.hosts, agent: { command: process.execPath, args: [programPath()] } };
    case 'hollow': {
      const times = hollowTimes(context.env);
      return { kind: flags.hosts, boot: bootHollow({ ...around, log, version: VERSION, times }) };
    }
  }
};

const run = async (flags: Flags, context: Context): Promise<void> => {
  const data = flags.data ?? DATA;
  const log = winstonLog({ level: 'info', clock: systemClock });
  const region = flags.region ?? context.env['AWS_REGION'] ?? 'us-east-1';
  const endpoint =
    flags.cloud === 'local' ? await localEndpoint(data, log) : otherEndpoint(flags.cloud, region, log);
  const hosts = await startHosts({
    ...endpoint,
    driver: await driverFor(flags, context, log),
    directory: join(data, 'hosts'),
    ...around,
    log,
  });
  await untilStopped();
  await hosts.close({ stopMachines: true });
  await log.close();
};

export const register = (program: Command, context: Context): void => {
  program
    .command('hosts')
    .description('boot an agent for each machine that an EC2 endpoint says is running')
    .addOption(new Option('--cloud <url>', '`local`, or the URL of an EC2 endpoint').default('local'))
    .addOption(new Option('--hosts <driver>').choices(['process', 'namespace', 'hollow']).default('process'))
    .addOption(
      new Option('--hosts-base <dir>', 'the root of a system that namespace hosts begin with').default('/'),
    )
    .addOption(new Option('--region <name>', 'region of an endpoint given by URL'))
    .action(async (_: unknown, command: Command) => {
      await run(command.optsWithGlobals<Flags>(), context);
    });
};
