/**
 * The process driver (Linux): each machine is a child process in a session of its own, with a directory as its root
 * and a loopback address; its pid is the machine.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { identify, type ProcessIdentity } from '../../runtime/process-identity.js';
import { writeAgentConfig } from './cloud-config.js';
import type { Boot, HostDriver, RunningAgent } from './driver.js';
import { gate } from './gate.js';
import { died, hostProcess } from './host-process.js';
import { killAll, processesOf, shutDown } from './folder-processes.js';
import { boundLog, openLog } from './logs.js';
import { freeAddress } from './loopback.js';
import { survivorsIn } from './survivors.js';

/** How an agent is started: `<command> <args…> agent --root DIR --machine ID --address 127.x.y.z`. */
export interface AgentCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const SPAWNS_AT_ONCE = 4;
const KIND_STOP = seconds(5);
const logOf = (directory: string): string => join(directory, 'agent.log');

/** What the agent left running goes with it: it leads a process group of its own. */
const endGroup = (pid: number): void => {
  if (pid <= 1) return; // -0 and -1 would mean our own group, and everybody
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // no one is left in the group
  }
};

interface Around {
  readonly root: string;
  readonly clock: Clock;
}

/** With the agent ends all that runs on its host: told to end where the host is stopped, killed where it dies. */
const running = (identity: ProcessIdentity, ended: Promise<void>, { root, clock }: Around): RunningAgent => {
  const done = ended.then(() => {
    endGroup(identity.pid);
    return killAll(() => processesOf(root), clock);
  });
  const agent = hostProcess(identity, done, { clock, kindly: KIND_STOP });
  return {
    ...agent,
    stop: async () => {
      await shutDown(root, { clock, within: KIND_STOP });
      await agent.stop();
    },
  };
};

const spawned = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', resolve);
  });

const start = async (agent: AgentCommand, boot: Boot): Promise<ChildProcess> => {
  const log = openLog(logOf(boot.directory));
  const { root, machine, address } = boot;
  const own = ['agent', '--root', root, '--machine', machine, '--address', address];
  try {
    const child = spawn(agent.command, [...agent.args, ...own], {
      cwd: boot.directory,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...agent.env },
    });
    await spawned(child);
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
};

const exited = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => {
        child.once('exit', () => {
          resolve();
        });
      });

/** Agents as child processes below `directory` (an absolute path). */
export const processDriver = (directory: string, agent: AgentCommand, clock: Clock): HostDriver => {
  const spawns = gate(SPAWNS_AT_ONCE);
  const leaving = new AbortController();
  const clear = (root: string): Promise<void> => killAll(() => processesOf(root), clock);
  return {
    outlives: true,
    boot: (boot) =>
      spawns(async () => {
        writeAgentConfig(boot.root, boot.config);
        await clear(boot.root);
        const child = await start(agent, boot);
        const pid = child.pid ?? 0;
        const identity = identify(pid) ?? { pid, startTicks: 'ended' };
        return running(identity, exited(child), { root: boot.root, clock });
      }),
    adopt: (identity, root) => running(identity, died(identity, clock, leaving.signal), { root, clock }),
    clear,
    leave: () => {
      leaving.abort();
    },
    survivors: survivorsIn,
    tidy: (directories) => {
      for (const each of directories) boundLog(logOf(each));
    },
    address: (_, taken) => freeAddress(directory, taken()),
  };
};
