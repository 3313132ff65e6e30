/** The log on winston: JSON lines, or lines for people; causes are spelled out, since winston prints an Error as {}. */
import winston from 'winston';
import { timestamp, type Clock } from './clock.js';
import type { Log, LogKeys } from './log.js';

export interface WinstonLogArguments {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly clock: Clock;
  /** `pretty` for people, else one JSON object a line. */
  readonly format?: 'json' | 'pretty';
  /** Appended to this file. */
  readonly file?: string;
  /** Written to this stream; stderr when there is neither file nor stream. */
  readonly stream?: NodeJS.WritableStream;
}

export interface ClosableLog extends Log {
  /** Resolves when all lines are written. */
  close(): Promise<void>;
}

const DEEPEST = 6;

const ofError = (error: Error, depth: number): LogKeys => ({
  name: error.name,
  message: error.message,
  stack: error.stack,
  ...(error.cause === undefined ? {} : { cause: spelledOut(error.cause, depth + 1) }),
});

/** A value as a log line shows it: errors with message, stack and causes, down to six levels. */
const spelledOut = (value: unknown, depth = 0): unknown => {
  if (value instanceof Error) return ofError(value, depth);
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
  if (depth >= DEEPEST) return '…';
  if (Array.isArray(value)) return value.map((item: unknown) => spelledOut(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spelledOut(item, depth + 1)]));
};

const json = winston.format.printf(({ level, message, keys, time }) =>
  JSON.stringify({ time, level, message, ...(keys as LogKeys) }),
);

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const pretty = winston.format.printf(({ level, message, keys, time }) => {
  const rest = Object.entries(keys as LogKeys)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${asText(value)}`);
  return [String(time), level.padEnd(5), String(message), ...rest].join(' ');
});

const transportOf = ({ file, stream }: WinstonLogArguments) =>
  file === undefined
    ? new winston.transports.Stream({ stream: stream ?? process.stderr })
    : new winston.transports.File({ filename: file });

const boundLog = (logger: winston.Logger, clock: Clock, bound: LogKeys): Log => {
  const line =
    (level: string) =>
    (message: string, keys?: LogKeys): void => {
      if (!logger.isLevelEnabled(level)) return;
      const all = spelledOut({ ...bound, ...keys });
      logger.log({ level, message, keys: all, time: timestamp(clock.now()) });
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    with: (keys) => boundLog(logger, clock, { ...bound, ...keys }),
  };
};

/** A log that writes to a file, a stream or stderr. */
export const winstonLog = (args: WinstonLogArguments): ClosableLog => {
  const transport = transportOf(args);
  const logger = winston.createLogger({
    level: args.level,
    format: args.format === 'pretty' ? pretty : json,
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston types its transports as interfaces
    transports: [transport],
  });
  return {
    ...boundLog(logger, args.clock, {}),
    close: () =>
      new Promise((resolve) => {
        transport.once('finish', () => {
          resolve();
        });
        logger.end();
      }),
  };
};
