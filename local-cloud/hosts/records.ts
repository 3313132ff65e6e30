/** What a keeper leaves on disk for the next one: all of it for process hosts, nothing for hollow ones. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AgentConfig } from '../../api-types/agent-protocol.js';
import { AGENT_CONFIG_PATH } from './cloud-config.js';
import { readHosts, removeHost, rootOf, saveHost, type HostFile } from './host-file.js';

export interface HostRecords {
  all(): readonly HostFile[];
  save(host: HostFile): void;
  /** The machine's whole directory goes. */
  remove(machine: string): void;
  /** Puts the agent's configuration where the machine's user data would have. */
  configure(machine: string, config: AgentConfig): void;
}

export const recordsOnDisk = (directory: string): HostRecords => ({
  all: () => readHosts(directory),
  save: (host) => {
    saveHost(directory, host);
  },
  remove: (machine) => {
    removeHost(directory, machine);
  },
  configure: (machine, config) => {
    const file = join(rootOf(directory, machine), AGENT_CONFIG_PATH);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(AgentConfig.encode(config)), { mode: 0o600 });
  },
});

/** For agents that end with their driver and have no root: thousands of files would only cost time. */
export const noRecords: HostRecords = {
  all: () => [],
  save: () => undefined,
  remove: () => undefined,
  configure: () => undefined,
};
