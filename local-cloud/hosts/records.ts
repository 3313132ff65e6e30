/** What a keeper leaves on disk for the next one: all of it for process hosts, nothing for hollow ones. */
import { readHosts, removeHost, saveHost, type HostFile } from './host-file.js';

export interface HostRecords {
  all(): readonly HostFile[];
  save(host: HostFile): void;
  /** The machine's whole directory goes. */
  remove(machine: string): void;
}

export const recordsOnDisk = (directory: string): HostRecords => ({
  all: () => readHosts(directory),
  save: (host) => {
    saveHost(directory, host);
  },
  remove: (machine) => {
    removeHost(directory, machine);
  },
});

/** For agents that end with their driver and have no root: thousands of files would only cost time. */
export const noRecords: HostRecords = {
  all: () => [],
  save: () => undefined,
  remove: () => undefined,
};
