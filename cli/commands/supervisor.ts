/** `scalarium supervisor`: services of a host without systemd, by its unit files; and asking it. */
import type { Command } from 'commander';
import {
  listenForRequests,
  listServices,
  SUPERVISOR_SOCKET,
  supervisorClient,
} from '../../recipes/services/supervisor/control.js';
import { openSupervisor } from '../../recipes/services/supervisor/supervisor.js';
import { lineLog } from '../../agent/line-log.js';
import { bringWays } from '../../local-cloud/hosts/namespace/host-ways.js';
import { systemClock } from '../../runtime/clock.js';
import { type CliContext, CliError } from '../context.js';
import { untilStopped } from '../up/stopping.js';

const LOGS = '/var/log/scalarium/services';
const NOTIFY = '/run/scalarium/notify';

interface Flags {
  readonly ways?: string;
}

/** The services as they are, a line each. */
const show = async (context: CliContext): Promise<void> => {
  for (const { name, phase, pid, result } of await listServices(SUPERVISOR_SOCKET)) {
    const more = pid === null ? (result ?? '').split('\n')[0] : `process ${String(pid)}`;
    context.out(`${name}: ${phase}${more === '' ? '' : `  ${String(more)}`}\n`);
  }
};

const run = async ({ ways }: Flags): Promise<void> => {
  const log = lineLog(systemClock, process.stderr, { debug: false, keys: {} });
  const supervisor = openSupervisor({ clock: systemClock, log, logFolder: LOGS, notifyFolder: NOTIFY });
  const server = await listenForRequests(SUPERVISOR_SOCKET, supervisor);
  const end = ways === undefined ? null : bringWays(ways, systemClock);
  void supervisor.boot();
  await untilStopped();
  server.close();
  end?.();
  await supervisor.shutdown();
  process.exit(0);
};

const VERBS = ['start', 'stop', 'restart', 'reload', 'enable', 'disable'] as const;

const ask = async (verb: string, names: readonly string[], context: CliContext): Promise<void> => {
  const client = supervisorClient(SUPERVISOR_SOCKET);
  const known = VERBS.find((each) => each === verb);
  if (verb === 'list') return show(context);
  if (known === undefined) throw new CliError(`the supervisor can list, ${VERBS.join(', ')}; not "${verb}"`);
  for (const name of names) await client[known](name.replace(/\.service$/, ''));
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('supervisor')
    .description('start and watch the services of a host without systemd; with a verb: ask the one that runs')
    .argument('[verb]', `list, ${VERBS.join(', ')}`)
    .argument('[service...]')
    .option('--ways <dir>', 'sockets that lead to gateways on the loopback of the machine this host is on')
    .action(async (verb: string | undefined, names: readonly string[], flags: Flags) => {
      await (verb === undefined ? run(flags) : ask(verb, names, context));
    });
};
