/** The host's log as another process than the daemon reads it: its last lines, and those that are written from then on. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { millis } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import { LOG_FILE, ofEvent, openHostLog } from '../host-log.js';

const LOOK_AGAIN = millis(300);

type Heard = (line: string) => void;

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Tells of the last `count` lines; answers where the file ends. */
export const tailLog = (
  folder: string,
  { count, event }: { readonly count: number; readonly event: string | null },
  heard: Heard,
): number => {
  const end = sizeOf(join(folder, LOG_FILE));
  for (const line of openHostLog(folder).tail(count, event)) heard(line);
  return end;
};

const textBetween = (file: string, from: number, to: number): string => {
  const bytes = Buffer.alloc(to - from);
  const handle = openSync(file, 'r');
  try {
    return bytes.subarray(0, readSync(handle, bytes, 0, bytes.length, from)).toString('utf8');
  } finally {
    closeSync(handle);
  }
};

/** Never resolves: whoever follows ends it with Ctrl-C. */
export const followLog = async (
  folder: string,
  { from, event }: { readonly from: number; readonly event: string | null },
  heard: Heard,
): Promise<never> => {
  const file = join(folder, LOG_FILE);
  const takes = ofEvent(event);
  for (const line of event === null ? [] : openHostLog(folder).tail(Infinity, null)) takes(line);
  let [at, rest] = [from, ''];
  for (;;) {
    const size = sizeOf(file);
    if (size < at) at = 0; // the daemon began a new file
    if (size > at) {
      const lines = `${rest}${textBetween(file, at, size)}`.split('\n');
      rest = lines.pop() ?? '';
      at = size;
      for (const line of lines) if (line !== '' && takes(line)) heard(line);
    }
    await systemClock.sleep(LOOK_AGAIN);
  }
};
