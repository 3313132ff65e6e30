/** `scalarium up` */
import { setFlagsFromString } from 'node:v8';
import { Option, type Command } from 'commander';
import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { winstonLog } from '../../runtime/log-winston.js';
import { CliError, type CliContext, type GlobalFlags } from '../context.js';
import { addArtifactFlags } from '../up/artifact-options.js';
import { addFrontFlags } from '../up/front-flags.js';
import { addHostFlags } from '../up/host-flags.js';
import { parseOptions, type RawUpOptions, type UpOptions } from '../up/options.js';
import { prepareDataDirectory } from '../up/data-directory.js';
import { stopSignal } from '../up/stopping.js';
import type { Screen } from '../up/table.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

const levelOf = (word: string | undefined): (typeof LEVELS)[number] =>
  LEVELS.find((level) => level === word) ?? 'info';

const EXAMPLE = 'examples/monster-world.yaml';

/** Beside the bundle (dist/bundle/) or beside the sources (cli/commands/): two folders up either way. */
const examplePath = (): string => {
  const path = fileURLToPath(new URL(`../../${EXAMPLE}`, import.meta.url));
  if (existsSync(path)) return path;
  throw new CliError(
    `${EXAMPLE} is not where the program expects it (${path}): start with --no-example or --apply FILE`,
  );
};

const screenOf = (context: CliContext): Screen => ({
  isTTY: process.stdout.isTTY,
  get rows() {
    return process.stdout.isTTY ? process.stdout.rows : 0;
  },
  get columns() {
    return process.stdout.isTTY ? process.stdout.columns : 80;
  },
  write: (text) => {
    context.out(text);
  },
});

/**
 * V8 lets garbage grow to four times what is alive before it collects; with thousands of hosts that is half a GiB of
 * nothing. Twice is enough, and a collection takes tens of milliseconds.
 */
const collectSooner = (): void => {
  setFlagsFromString('--heap-growing-percent=100');
};

/** What is missing for hosts is told before anything is started. */
const refuseHosts = async ({ hosts, hostsBase, data }: UpOptions): Promise<void> => {
  if (hosts !== 'namespace') return;
  const { whyNoNamespaceHosts } = await import('../../local-cloud/hosts/namespace/refusals.js');
  const why = await whyNoNamespaceHosts(resolve(data, 'hosts'), hostsBase);
  if (why !== null) throw new CliError(why);
};

const run = async (options: UpOptions, context: CliContext): Promise<void> => {
  collectSooner();
  const { runUp } = await import('../up/run.js');
  prepareDataDirectory(options.data);
  await refuseHosts(options);
  const log = winstonLog({
    level: levelOf(context.env['SCALARIUM_LOG_LEVEL']),
    clock: systemClock,
    file: `${options.data}/run/up.log`,
  });
  const { applyFiles } = await import('./apply.js');
  const code = await runUp(options, {
    clock: systemClock,
    chance: systemChance,
    log,
    screen: screenOf(context),
    stop: stopSignal(),
    example: examplePath(),
    apply: async (file, { url, token }) => {
      await applyFiles(context, context.connect({ server: url, token, data: options.data }), {
        names: [file],
        namespace: null,
      });
    },
  });
  await log.close();
  context.exitCode(code);
};

const dataOf = (command: Command): string => command.optsWithGlobals<GlobalFlags>().data ?? '.scalarium';

export const register = (program: Command, context: CliContext): void => {
  addArtifactFlags(addHostFlags(addFrontFlags(program.command('up'))))
    .description('bring a control plane up, with a local cloud and hosts unless told otherwise, until Ctrl-C')
    .addOption(
      new Option('--port <port>', 'of the API and the gateway of agents; 0: that of the last run, or any')
        .env('SCALARIUM_PORT')
        .default('7420'),
    )
    .addOption(
      new Option(
        '--store <where>',
        'file:DIR or etcd://HOST:PORT[,HOST:PORT…]; default: file:<data>/store',
      ).env('SCALARIUM_STORE'),
    )
    .addOption(
      new Option('--cloud <endpoint>', 'local, or the URL of an EC2 endpoint')
        .env('SCALARIUM_CLOUD')
        .default('local'),
    )
    .addOption(
      new Option(
        '--no-example',
        'start with nothing when nothing is there yet (also SCALARIUM_NO_EXAMPLE=1)',
      ),
    )
    .addOption(new Option('--apply <file>', 'apply this file in place of the example').env('SCALARIUM_APPLY'))
    .addOption(new Option('--once', 'end when every host is online').env('SCALARIUM_ONCE'))
    .addOption(
      new Option('--timeout <seconds>', 'how long --once waits').env('SCALARIUM_TIMEOUT').default('120'),
    )
    .addOption(
      new Option('--heartbeat <seconds>', 'how often agents say that they are there')
        .env('SCALARIUM_HEARTBEAT')
        .default('10'),
    )
    .addOption(
      new Option('--installation-key <file>', 'the key of an installation that is there already').env(
        'SCALARIUM_INSTALLATION_KEY',
      ),
    )
    .addOption(
      new Option('--credentials <file>', 'AWS credentials file for the endpoint').env(
        'SCALARIUM_CREDENTIALS',
      ),
    )
    .action(async (_flags: unknown, command: Command) => {
      const raw = command.optsWithGlobals<RawUpOptions>();
      const example = raw.example && context.env['SCALARIUM_NO_EXAMPLE'] === undefined;
      await run(parseOptions({ ...raw, data: dataOf(command), example }), context);
    });
};
