/** Logs of hosts that are written by the hosts themselves and kept within bounds by the driver. */
import { openSync, renameSync, statSync, truncateSync } from 'node:fs';

const LOG_BYTES = 4 * 1024 * 1024;

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Appended to, so that truncating it from outside is safe while it is written to. */
export const openLog = (file: string): number => {
  if (sizeOf(file) > LOG_BYTES / 4) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
};

export const boundLog = (file: string): void => {
  if (sizeOf(file) > LOG_BYTES) truncateSync(file, 0);
};
