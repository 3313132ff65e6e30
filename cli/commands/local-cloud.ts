/** `scalarium local-cloud`: the EC2 endpoint on loopback, and how to look at it. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { HostEntry } from '../../local-cloud/hosts/host-file.js';
import type { EndpointFile } from '../../local-cloud/endpoint-file.js';
import { systemClock } from '../../runtime/clock.js';
import { untilStopped } from '../up/stopping.js';

interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
}

const dataOf = (command: Command): string =>
  command.optsWithGlobals<{ readonly data?: string }>().data ?? '.scalarium';

const port = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new Error(`--port: expected a whole number from 0 to 65535, got "${text}"`);
};

const start = async (data: string, wanted: number, context: Context): Promise<void> => {
  const { startLocalCloud } = await import('../../local-cloud/main.js');
  const { chanceFrom, settingsFrom } = await import('../../local-cloud/environment.js');
  const { winstonLog } = await import('../../runtime/log-winston.js');
  const directory = join(data, 'aws');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const log = winstonLog({ level: 'info', clock: systemClock });
  const cloud = await startLocalCloud({
    directory,
    port: wanted,
    clock: systemClock,
    chance: chanceFrom(context.env),
    settings: settingsFrom(context.env),
    log,
  });
  context.out(`${cloud.url}\n`);
  await untilStopped();
  await cloud.close();
  await log.close();
};

const endpointOf = async (data: string): Promise<EndpointFile> => {
  const { readEndpoint } = await import('../../local-cloud/endpoint-file.js');
  const endpoint = await readEndpoint(join(data, 'aws'));
  if (endpoint !== null) return endpoint;
  throw new Error(
    `no local cloud was started in ${data}: start one with \`scalarium up\` or \`scalarium local-cloud\`, or name its directory with --data`,
  );
};

const environment = async (data: string): Promise<string> => {
  const { readCredentials } = await import('../../local-cloud/credentials.js');
  const { REGION } = await import('../../local-cloud/settings.js');
  const { url } = await endpointOf(data);
  const credentials = await readCredentials(join(data, 'aws', 'credentials'));
  if (credentials === null) throw new Error(`${data}/aws holds no credentials: start the local cloud again`);
  const variables = {
    AWS_ACCESS_KEY_ID: credentials.default.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.default.secretAccessKey,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ENDPOINT_URL: url,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  return `${Object.entries(variables)
    .map(([name, value]) => `export ${name}=${value}`)
    .join('\n')}\nunset AWS_SESSION_TOKEN AWS_PROFILE\n`;
};

const COLUMNS = ['MACHINE', 'INSTANCE', 'PID', 'ADDRESS', 'ROOT'];

const table = (entries: readonly HostEntry[]): string => {
  const rows = entries.map(({ machine, instance, pid, address, root }) => [
    machine,
    instance,
    pid === null ? '-' : String(pid),
    address,
    root,
  ]);
  const lines = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

const hosts = async (data: string, output: string | undefined): Promise<string> => {
  const { entryOf, readHosts } = await import('../../local-cloud/hosts/host-file.js');
  const directory = resolve(data, 'hosts');
  const entries = readHosts(directory)
    .map((host) => entryOf(directory, host))
    .sort((left, right) => left.instance.localeCompare(right.instance, 'en', { numeric: true }));
  return output === 'json' ? JSON.stringify(entries, null, 2) : table(entries);
};

export const register = (program: Command, context: Context): void => {
  const family = program
    .command('local-cloud')
    .description('an EC2 endpoint on loopback: start it (the default), or look at it');
  family
    .command('start', { isDefault: true })
    .description('run the local cloud until Ctrl-C')
    .option('--port <number>', 'port to listen on; 0: the last one, or any', port, 0)
    .action(async (flags: { readonly port: number }, command: Command) => {
      await start(dataOf(command), flags.port, context);
    });
  family
    .command('env')
    .description('print the variables for `aws` and other tools: eval "$(scalarium local-cloud env)"')
    .action(async (_: unknown, command: Command) => {
      context.out(await environment(dataOf(command)));
    });
  family
    .command('endpoint')
    .description('print the URL of the EC2 API')
    .action(async (_: unknown, command: Command) => {
      context.out(`${(await endpointOf(dataOf(command))).url}\n`);
    });
  family
    .command('hosts')
    .description('list the process hosts: machine, instance, pid, address, root')
    .addOption(new Option('-o, --output <format>', 'table or json').choices(['table', 'json']))
    .action(async (flags: { readonly output?: string }, command: Command) => {
      context.out(`${await hosts(dataOf(command), flags.output)}\n`);
    });
};
