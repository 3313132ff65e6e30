/** `scalarium supervisor`: services of a host without systemd, by its unit files; and asking it. */
import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import {
  listenForRequests,
  listServices,
  supervisorClient,
  supervisorSocketOf,
} from '../../recipes/services/supervisor/control.js';
import { FOLDER_ROOT } from '../../recipes/services/supervisor/folder-unit.js';
import { openSupervisor, type FolderHost } from '../../recipes/services/supervisor/supervisor.js';
import { lineLog } from '../../agent/line-log.js';
import { bringWays } from '../../local-cloud/hosts/namespace/host-ways.js';
import { seconds } from '../../api-types/units.js';
import { isFolder } from '../../recipes/platform.js';
import { systemClock } from '../../runtime/clock.js';
import { lockDirectory } from '../../runtime/directory-lock.js';
import { type CliContext, CliError } from '../context.js';
import { stopSignal, untilStopped } from '../up/stopping.js';

const LOGS = '/var/log/scalarium/services';
const NOTIFY = '/run/scalarium/notify';
const LOOK_EVERY = seconds(2);

interface Flags {
  readonly root: string;
  readonly address?: string;
  readonly ways?: string;
}

const socketIn = ({ root }: Flags): string => supervisorSocketOf(resolve(root));

/** Programs as this one was started with are found by its applications, too: Node above all. */
const folderOf = ({ root, address = '127.0.0.1' }: Flags): FolderHost => ({
  root: resolve(root),
  variables: {
    PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    ...(process.env['HOME'] === undefined ? {} : { HOME: process.env['HOME'] }),
    [FOLDER_ROOT]: resolve(root),
    HOST: address,
  },
});

/** A host whose folder was removed is gone, whoever removed it. */
const untilGone = async (root: string, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted && existsSync(root)) await systemClock.sleep(LOOK_EVERY, signal);
};

/** The services as they are, a line each. */
const show = async (flags: Flags, context: CliContext): Promise<void> => {
  for (const { name, phase, pid, result } of await listServices(socketIn(flags))) {
    const more = pid === null ? (result ?? '').split('\n')[0] : `process ${String(pid)}`;
    context.out(`${name}: ${phase}${more === '' ? '' : `  ${String(more)}`}\n`);
  }
};

const run = async (flags: Flags): Promise<void> => {
  const { root, ways } = flags;
  if (isFolder(root)) await lockDirectory(resolve(root), { purpose: 'supervisor', clock: systemClock });
  const log = lineLog(systemClock, process.stderr, { debug: false, keys: {} });
  const supervisor = openSupervisor({
    clock: systemClock,
    log,
    logFolder: join(root, LOGS),
    notifyFolder: join(root, NOTIFY),
    ...(isFolder(root) ? { folder: folderOf(flags) } : {}),
  });
  const server = await listenForRequests(socketIn(flags), supervisor);
  const end = ways === undefined ? null : bringWays(ways, systemClock);
  void supervisor.boot();
  await (isFolder(root) ? untilGone(resolve(root), stopSignal()) : untilStopped());
  server.close();
  end?.();
  await supervisor.shutdown();
  process.exit(0);
};

const VERBS = ['start', 'stop', 'restart', 'reload', 'enable', 'disable'] as const;

interface Asked {
  readonly verb: string;
  readonly names: readonly string[];
}

const ask = async ({ verb, names }: Asked, flags: Flags, context: CliContext): Promise<void> => {
  const client = supervisorClient(socketIn(flags));
  const known = VERBS.find((each) => each === verb);
  if (verb === 'list') return show(flags, context);
  if (known === undefined) throw new CliError(`the supervisor can list, ${VERBS.join(', ')}; not "${verb}"`);
  for (const name of names) await client[known](name.replace(/\.service$/, ''));
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('supervisor')
    .description('start and watch the services of a host without systemd; with a verb: ask the one that runs')
    .argument('[verb]', `list, ${VERBS.join(', ')}`)
    .argument('[service...]')
    .option('--root <dir>', 'the root of the host: / or, of a host that is a folder, that folder', '/')
    .option('--address <address>', 'where applications of a host that is a folder listen')
    .option('--ways <dir>', 'sockets that lead to gateways on the loopback of the machine this host is on')
    .action(async (verb: string | undefined, names: readonly string[], flags: Flags) => {
      await (verb === undefined ? run(flags) : ask({ verb, names }, flags, context));
    });
};
