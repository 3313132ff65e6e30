/**
 * The namespace driver (Linux, root): each machine has its own root on overlayfs, its own network, processes and host
 * name; its process 1 is the machine. Mounts and interfaces are in namespaces and so go with the last process of the host, however it ends: nothing is
 * left to be removed but its directory and, with the last host, the bridge.
 */
import * as E from 'fp-ts/lib/Either.js';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { AgentConfig } from '../../../api-types/agent-protocol.js';
import { seconds } from '../../../api-types/units.js';
import type { Clock } from '../../../runtime/clock.js';
import { identify } from '../../../runtime/process-identity.js';
import { AGENT_CONFIG_PATH, writeAgentConfig } from '../cloud-config.js';
import type { Boot, HostDriver, RunningAgent } from '../driver.js';
import { gate } from '../gate.js';
import { hostDirectory, readHosts } from '../host-file.js';
import { died, hostProcess } from '../host-process.js';
import { boundLog, openLog } from '../logs.js';
import { freeHostAddress, routerOf } from './addresses.js';
import { closeBridge, openBridge, plugIn, unplug, type Bridge } from './bridge.js';
import { GIVEN, UNITS, makeFolder, makeLayers, type Base } from './layers.js';
import { lendPrograms } from './lent-programs.js';
import { PROGRAM_PATH } from './programs.js';
import { HOST_MARK, IN_HOST, INIT, SETUP } from './script.js';
import { namespaceSurvivors } from './survivors.js';
import { openWays, type Ways } from './ways.js';

export interface NamespaceOptions {
  readonly base: Base;
  readonly node: string;
  /** Files of programs, each lent to the hosts with a copy of its whole folder: `<node> <file> supervisor …` and `… agent …`. */
  readonly supervisor: string;
  readonly agent: string;
}

const BOOTS_AT_ONCE = 4;
/** Services are stopped in this time, databases too. */
const KIND_STOP = seconds(10);

const NAMESPACES = [
  '--mount',
  '--pid',
  '--net',
  '--uts',
  '--ipc',
  '--kill-child',
  '--propagation',
  'private',
];

const agentUnit = ({ agent }: NamespaceOptions, { machine, address }: Boot): string => `[Unit]
Description=Scalarium agent
StartLimitIntervalSec=0

[Service]
ExecStart=${IN_HOST.node} ${IN_HOST.agent}/${basename(agent)} agent --root / --machine ${machine} --announce ${address}
Restart=always
RestartSec=1
TimeoutStopSec=5

[Install]
WantedBy=multi-user.target
`;

const UNIT = 'scalarium-agent.service';

/** Into a layer that the host cannot write to: below its own files its links could lead anywhere. */
const writeOwnFiles = (options: NamespaceOptions, boot: Boot, name: string): void => {
  const given = join(boot.directory, GIVEN);
  const units = join(given, UNITS);
  const links = join(units, 'multi-user.target.wants');
  rmSync(given, { recursive: true, force: true });
  mkdirSync(given, { mode: 0o755 });
  for (const folder of [`${UNITS}/multi-user.target.wants`, dirname(AGENT_CONFIG_PATH)])
    makeFolder(given, options.base.directory, folder);
  writeFileSync(join(units, UNIT), agentUnit(options, boot), { mode: 0o644 });
  symlinkSync(`${UNITS}/${UNIT}`, join(links, UNIT));
  writeFileSync(join(given, 'etc/hostname'), `${name}\n`, { mode: 0o644 });
  writeAgentConfig(given, boot.config);
};

interface Kit {
  readonly options: NamespaceOptions;
  readonly bridge: Bridge;
  readonly ways: Ways;
  readonly waysFolder: string;
  readonly layers: string;
  readonly clock: Clock;
}

/** In a session of its own: it goes on when the driver ends. */
const begin = (kit: Kit, boot: Boot, name: string): ChildProcess => {
  const log = openLog(join(boot.directory, 'console.log'));
  const { base, node, supervisor, agent } = kit.options;
  try {
    return spawn('unshare', [...NAMESPACES, 'sh', '-c', SETUP, HOST_MARK, boot.directory], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', log, log, 'pipe'],
      env: {
        PATH: PROGRAM_PATH,
        HOST_NAME: name,
        HOST_ADDRESS: boot.address,
        HOST_ROUTER: routerOf(kit.bridge.network),
        HOST_LAYERS: kit.layers,
        HOST_BASE: base.directory,
        HOST_NODE: node,
        HOST_SUPERVISOR: dirname(supervisor),
        HOST_AGENT: dirname(agent),
        HOST_WAYS: kit.waysFolder,
        HOST_INIT: INIT,
        HOST_PROGRAM: basename(supervisor),
      },
    });
  } finally {
    closeSync(log);
  }
};

const exited = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('error', () => {
      resolve();
    });
    child.once('exit', () => {
      resolve();
    });
  });

const LAST_WORDS = 600;

const consoleOf = (directory: string): string => join(directory, 'console.log');

const lastWords = (directory: string): string =>
  readFileSync(consoleOf(directory), 'utf8').slice(-LAST_WORDS).trim();

/** The lines of the set-up script, one at a time; rejects when it has ended. */
const linesOf = (child: ChildProcess, ended: Promise<void>, boot: Boot): (() => Promise<string>) => {
  const source = child.stdio[3];
  if (source === null || source === undefined || !('read' in source)) throw new Error('no pipe');
  const lines = createInterface(source)[Symbol.asyncIterator]();
  const dead = ended.then((): never => {
    throw new Error(`${boot.machine} did not boot: ${lastWords(boot.directory)}`);
  });
  dead.catch(() => undefined);
  return async () => {
    const line = await Promise.race([lines.next(), dead]);
    return line.done === true ? dead : line.value;
  };
};

/** Makes the host; resolves with its process 1 when that is about to run. */
const bootHost = async (kit: Kit, boot: Boot): Promise<RunningAgent> => {
  const name = boot.machine;
  writeOwnFiles(kit.options, boot, name);
  await kit.ways.open(boot.config.gateways);
  const child = begin(kit, boot, name);
  const ended = exited(child);
  try {
    const line = linesOf(child, ended, boot);
    const pid = Number(await line());
    await plugIn(kit.bridge, boot.address, pid);
    child.stdin?.end('go\n');
    await line();
    child.unref();
    const done = ended.then(() => unplug(kit.bridge, boot.address));
    return hostProcess(identify(pid) ?? { pid, startTicks: 'ended' }, done, {
      clock: kit.clock,
      kindly: KIND_STOP,
    });
  } catch (error) {
    // unshare takes the host with it
    child.kill('SIGKILL');
    await ended;
    throw error;
  }
};

/** The gateways of a host that is there already, as its user data named them. */
const gatewaysOf = (directory: string, machine: string): readonly string[] => {
  try {
    const text = readFileSync(join(hostDirectory(directory, machine), GIVEN, AGENT_CONFIG_PATH), 'utf8');
    const config = AgentConfig.decode(JSON.parse(text));
    return E.isRight(config) ? config.right.gateways : [];
  } catch {
    return [];
  }
};

/** Hosts below `directory` (an absolute path). Rejects, for people, where there can be none. */
export const namespaceDriver = async (
  directory: string,
  options: NamespaceOptions,
  clock: Clock,
): Promise<HostDriver> => {
  const inUse = namespaceSurvivors(directory).size > 0;
  const given = [options.supervisor, options.agent];
  const [supervisor = '', agent = ''] = await lendPrograms(join(directory, '.programs'), given, inUse);
  const layers = join(directory, '.layers');
  await makeLayers(layers, options.base, basename(options.supervisor));
  const hosts = readHosts(directory);
  const bridge = await openBridge(directory, hosts);
  const waysFolder = join(directory, '.ways');
  const ways = openWays(waysFolder);
  for (const { machine } of hosts) await ways.open(gatewaysOf(directory, machine));
  const kit: Kit = { options: { ...options, supervisor, agent }, bridge, ways, waysFolder, layers, clock };
  const boots = gate(BOOTS_AT_ONCE);
  const leaving = new AbortController();
  return {
    outlives: true,
    boot: (boot) => boots(() => bootHost(kit, boot)),
    adopt: (identity) =>
      hostProcess(identity, died(identity, clock, leaving.signal), { clock, kindly: KIND_STOP }),
    leave: () => {
      leaving.abort();
      kit.ways.close();
      closeBridge(directory);
    },
    // nothing of such a host outlives its process 1
    clear: () => Promise.resolve(),
    survivors: namespaceSurvivors,
    tidy: (directories) => {
      for (const each of directories) boundLog(join(each, 'console.log'));
    },
    address: (_, taken) => freeHostAddress(bridge.network, taken()),
  };
};
