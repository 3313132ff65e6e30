/** `scalarium restart HOST…`: has machines rebooted, one after the other, and waits until each host is online again; of `app/APP` the processes. */
import type { Command } from 'commander';
import type { InstanceStatus } from '../../api-types/kinds/instance.js';
import type { Client, ObjectOf } from '../../client/client.js';
import { valueOf } from '../answers.js';
import { type CliContext, CliError, UsageError } from '../context.js';
import { applicationMeant, powerOf } from '../deploying/power.js';
import { secondsOf } from '../durations.js';
import { EXIT } from '../exit-codes.js';
import { type Host, type HostFlags, hostsMeant } from '../hosts-meant.js';
import type { Goal } from '../waiting/goal.js';
import { waitFor } from '../waiting/wait.js';
import { shortName } from '../words.js';

interface RestartFlags extends HostFlags {
  readonly wait: boolean;
  readonly timeout: string;
  readonly parallel: string;
}

const ONE_AT_A_TIME = '1';

type Instance = ObjectOf<'Instance'>;

const nameOf = ({ name }: Host): string => shortName('host', name);

const statusOf = ({ status }: Instance): InstanceStatus => status ?? {};

/** The machine that is to be rebooted; what does not run has no use for that. */
const machineOf = (host: Host, object: Instance): string => {
  const machine = statusOf(object).machine ?? null;
  if (machine?.state === 'running' && object.spec?.desired !== 'Stopped') return machine.id;
  const why = machine === null ? 'it has no machine' : `its machine is ${machine.state}`;
  const hint = machine?.state === 'stopped' ? ': start it' : '';
  throw new CliError(`${nameOf(host)} cannot be restarted, ${why}${hint}`, { exit: EXIT.conflict });
};

const isDone = ({ restart }: InstanceStatus, askedAt: string): boolean =>
  restart?.askedAt === askedAt && restart.doneAt !== undefined;

/** The same machine, rebooted since, and online. */
const back =
  (askedAt: string, machine: string): Goal =>
  (object) => {
    if (object === null) return 'it is not there any more';
    const status = statusOf(object as Instance);
    const bound = status.machine ?? null;
    if (bound !== null && bound.id !== machine)
      throw new CliError(`it was replaced: ${bound.id} has taken the place of ${machine}`);
    const phase = object.status?.['phase'];
    if (phase !== 'online') return typeof phase === 'string' ? phase : 'no phase yet';
    return isDone(status, askedAt) ? null : 'to be rebooted';
  };

interface Asked {
  readonly host: Host;
  readonly machine: string;
}

interface Restarting {
  readonly context: CliContext;
  readonly client: Client;
  readonly flags: RestartFlags;
  readonly seconds: number;
}

const restartOne = async (
  { context, client, flags, seconds }: Restarting,
  { host, machine }: Asked,
): Promise<void> => {
  const restartedAt = new Date(context.now()).toISOString();
  const { warning } = await valueOf(client.patch(host, { spec: { restartedAt } }));
  if (warning !== null) context.err(`warning: ${warning}\n`);
  if (!flags.wait) {
    context.out(`${nameOf(host)} is to be restarted\n`);
    return;
  }
  await waitFor(context, client, {
    targets: [{ address: host }],
    goal: back(restartedAt, machine),
    seconds,
    reached: () => {
      context.out(`${nameOf(host)} restarted\n`);
    },
    lacking: (_host, now) => {
      context.err(`${nameOf(host)}: ${now}\n`);
    },
  });
};

/** So many at a time; after one that did not come back no other is begun. */
const restartAll = async (restarting: Restarting, all: readonly Asked[], lanes: number): Promise<void> => {
  const queue = [...all];
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (failures.length > 0 || restarting.context.interrupted.aborted) return;
      try {
        await restartOne(restarting, next);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failures.length > 0) throw failures[0];
};

const lanesOf = ({ parallel, wait }: RestartFlags, hosts: number): number => {
  if (!/^[1-9]\d{0,3}$/.test(parallel))
    throw new UsageError(`--parallel: expected a whole number above 0, got "${parallel}"`);
  return Math.min(hosts, wait ? Number(parallel) : 1);
};

/** The processes of an application; without `--parallel` in batches as it is deployed. */
const restartApplication = async (
  context: CliContext,
  application: string,
  flags: RestartFlags,
): Promise<void> => {
  const { parallel, ...rest } = flags;
  lanesOf(flags, 1);
  const batch = parallel === ONE_AT_A_TIME ? {} : { batch: parallel };
  await powerOf(context, 'restart', application, { ...rest, ...batch });
};

const run = async (context: CliContext, names: readonly string[], flags: RestartFlags): Promise<void> => {
  const application = applicationMeant('restart', names);
  if (application !== null) return restartApplication(context, application, flags);
  const seconds = secondsOf('--timeout', flags.timeout);
  lanesOf(flags, 1);
  const client = context.connect(flags);
  const hosts = await hostsMeant(client, 'to restart', names, flags);
  const asked: Asked[] = [];
  // all must be there and run before the first is touched
  for (const host of hosts) asked.push({ host, machine: machineOf(host, await valueOf(client.get(host))) });
  await restartAll({ context, client, flags, seconds }, asked, lanesOf(flags, hosts.length));
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('restart')
    .description('reboot the machines of hosts, one after the other, and wait until they are online again')
    .argument('[hosts...]', 'names, as app-1; or app/APP: the processes of an application')
    .option('--role <role...>', 'all hosts of these roles')
    .option('--no-wait', 'do not wait until it is done')
    .option('-q, --quiet', 'app/APP: do not show what hosts write meanwhile')
    .option('--parallel <n>', 'so many at a time', ONE_AT_A_TIME)
    .option('--timeout <time>', 'how long to wait for each: 30s, 10m', '10m')
    .action(async (hosts: readonly string[], _flags: unknown, command: Command) => {
      await run(context, hosts, command.optsWithGlobals());
    });
};
