/** `scalarium agent --machine ID`: the daemon on a host, in the foreground until it is released or told to stop. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { type AgentEnding, startAgent } from '../../agent/agent.js';
import { withFetchOrders } from '../../agent/fetch-order.js';
import { folderServices } from '../../agent/folder-services.js';
import { hostLogFolder, openHostLog } from '../../agent/host-log.js';
import { lineLog } from '../../agent/line-log.js';
import { openLocalDoor } from '../../agent/local/door.js';
import { openHome } from '../../agent/update/home.js';
import { recipesExecutor } from '../../agent/recipes-executor.js';
import { AgentConfig } from '../../api-types/agent-protocol.js';
import { decodeLoose, problemText } from '../../api-types/problems.js';
import { detectPlatform, isFolder } from '../../recipes/platform.js';
import { noManager } from '../../recipes/services/no-manager.js';
import type { ServiceManager } from '../../recipes/services/service-manager.js';
import { SUPERVISOR_SOCKET, supervisorClient } from '../../recipes/services/supervisor/control.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { type CliContext, CliError } from '../context.js';
import { programPath } from '../up/program.js';

export interface AgentFlags {
  readonly root: string;
  readonly machine: string;
  readonly address?: string;
  readonly announce?: string;
  readonly verbose?: boolean;
  /** Where the agent was installed as a file of its own. */
  readonly home?: string;
}

/** What the daemon is given by whoever starts it, beside its flags. */
export interface DaemonParts extends AgentFlags {
  /** The program that is `scalarium supervisor` when these words follow; the agent's own file is none. */
  readonly program?: readonly string[];
}

const parsed = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CliError(`${path} is no JSON; the machine's user data should have written it`);
  }
};

const configOf = async (root: string): Promise<AgentConfig> => {
  const path = join(root, 'etc/scalarium/agent.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(
      `${path} cannot be read (${String((error as NodeJS.ErrnoException).code)}); ` +
        "the machine's user data should have written it",
    );
  });
  const decoded = decodeLoose(AgentConfig, parsed(path, text));
  if (E.isRight(decoded)) return decoded.right;
  throw new CliError(`${path}: ${decoded.left.map(problemText).join('; ')}`);
};

/** Of a host that is this machine. */
const supervisorHere = (): ServiceManager =>
  existsSync(SUPERVISOR_SOCKET)
    ? supervisorClient(SUPERVISOR_SOCKET)
    : noManager(
        'nothing manages services on this host: it has no systemd, and no `scalarium supervisor` runs on it',
      );

const ANY_ADDRESS = '127.0.0.1';

/** A host that is a folder has its own applications and nothing else, whatever runs on the machine around it. */
const servicesOf = ({ root, address = ANY_ADDRESS, program }: DaemonParts, log: Log): ServiceManager => {
  if (!isFolder(root)) return supervisorHere();
  if (program === undefined)
    return noManager(
      'nothing manages services on this host: it is a folder, and its agent a file of its own',
    );
  const place = resolve(root);
  const command = [...program, 'supervisor', '--root', place, '--address', address];
  const services = folderServices({ root: place, command, clock: systemClock, log });
  services.begin();
  return services;
};

/** Is the daemon until it ends; resolves with why. */
export const runDaemon = async (version: string, flags: DaemonParts): Promise<AgentEnding> => {
  const { root, machine, address, announce, verbose } = flags;
  const config = await configOf(root);
  const hostLog = openHostLog(hostLogFolder(root));
  const both = {
    write: (line: string): void => {
      hostLog.write(line);
      process.stderr.write(line);
    },
  };
  const log = lineLog(systemClock, both, { debug: verbose === true, keys: { machine } });
  const platform = detectPlatform(root, servicesOf(flags, log));
  const agent = await startAgent({
    root,
    machine,
    address: address ?? null,
    ...(announce === undefined ? {} : { announced: announce }),
    config,
    executor: (sources) =>
      withFetchOrders(recipesExecutor({ root, log, platform, ...sources }), {
        root,
        clock: systemClock,
        ...sources,
      }),
    clock: systemClock,
    chance: systemChance,
    log,
    hostLog,
    version,
    home: await openHome(flags.home),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void agent.stop());
  const door = await openLocalDoor(root, agent.asked, log);
  const why = await agent.done;
  door.close();
  log.info('agent ends', { why });
  return why;
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('agent')
    .description('be the daemon on a host, until the machine is released')
    .requiredOption('--machine <id>', "the machine's id at its cloud")
    .option('--root <dir>', "the host's root directory, with etc/scalarium/agent.json in it", '/')
    .option('--address <address>', 'the address to connect from; none: the system chooses')
    .option('--announce <address>', "the host's address, where gateways see another one")
    .option('--verbose', 'more log lines, on standard error')
    .action(async (flags: AgentFlags) => {
      await runDaemon(context.version, { ...flags, program: [process.execPath, programPath()] });
    });
};
