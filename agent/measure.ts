/** The measurements of a heartbeat. */
import { statfs } from 'node:fs/promises';
import { freemem, loadavg, totalmem } from 'node:os';
import type { Report } from '../api-types/agent-protocol.js';

export type Measurements = Omit<Report, 'type' | 'sequence' | 'running'>;

export type Measure = () => Promise<Measurements>;

/** Load and memory of the machine, disk of the file system that holds `root`. */
export const measureHost =
  (root: string): Measure =>
  async () => {
    const disk = await statfs(root);
    return {
      load1: loadavg()[0] ?? 0,
      memoryUsedBytes: totalmem() - freemem(),
      memoryTotalBytes: totalmem(),
      diskUsedBytes: (disk.blocks - disk.bfree) * disk.bsize,
      diskTotalBytes: disk.blocks * disk.bsize,
    };
  };
