/** A log of JSON lines with nothing behind it: an agent is to start fast and small, and its lines are few. */
import { type Clock, timestamp } from '../runtime/clock.js';
import type { Log, LogKeys } from '../runtime/log.js';

/** An Error's fields are not enumerable: JSON would show `{}`. */
const spelledOut = (_key: string, value: unknown): unknown =>
  value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;

/** Writes lines to `sink`; debug lines only when asked for. */
export const lineLog = (
  clock: Clock,
  sink: { write(line: string): unknown },
  { debug = false, keys = {} }: { readonly debug?: boolean; readonly keys?: LogKeys } = {},
): Log => {
  const line =
    (level: string) =>
    (message: string, more: LogKeys = {}): void => {
      const all = Object.assign({ time: timestamp(clock.now()), level, message }, keys, more, { message });
      sink.write(`${JSON.stringify(all, spelledOut)}\n`);
    };
  return {
    debug: debug ? line('debug') : () => undefined,
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    with: (more) => lineLog(clock, sink, { debug, keys: { ...keys, ...more } }),
  };
};
