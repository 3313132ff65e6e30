/** Logging as controllers see it: a constant message plus keys. The winston binding is in log-winston.ts. */
export type LogKeys = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, keys?: LogKeys): void;
  info(message: string, keys?: LogKeys): void;
  warn(message: string, keys?: LogKeys): void;
  error(message: string, keys?: LogKeys): void;
  /** The same log with these keys on every line. */
  with(keys: LogKeys): Log;
}

const nothing = (): void => undefined;

/** Says nothing; for tests that look elsewhere. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  with: () => silentLog,
};
