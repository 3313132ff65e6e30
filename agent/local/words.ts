/** How the answers look to people. */
import type { Entry } from '../journal.js';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `3.1 GiB` */
export const bytesText = (bytes: number): string => {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${UNITS[power] ?? ''}`;
};

/** `12 s ago` */
export const ageText = (at: string, now: number): string => {
  const age = Math.max(0, Math.round((now - Date.parse(at)) / 1000));
  if (age < 120) return `${String(age)} s ago`;
  return age < 7200 ? `${String(Math.round(age / 60))} min ago` : `${String(Math.round(age / 3600))} h ago`;
};

const padded = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_cell, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
};

/** `name  value`, a line each. */
export const factsText = (facts: Readonly<Record<string, string>>): string => padded(Object.entries(facts));

/** An event as it is in the journal, for programs and for the table. */
export interface EventRow {
  readonly event: string;
  readonly state: string;
  readonly attempt: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly message: string | null;
}

export const eventRow = ({ order, state, attempt, startedAt, result }: Entry): EventRow => ({
  event: order.name,
  state: state === 'finished' ? (result?.state ?? state) : state,
  attempt,
  startedAt,
  finishedAt: result?.finishedAt ?? null,
  message: result?.message ?? null,
});

const firstLine = (text: string): string => text.split('\n')[0]?.slice(0, 80) ?? '';

export const eventsText = (rows: readonly EventRow[]): string =>
  rows.length === 0
    ? 'the journal holds no event\n'
    : padded([
        ['EVENT', 'STATE', 'ATTEMPT', 'STARTED', 'FINISHED', ''],
        ...rows.map(({ event, state, attempt, startedAt, finishedAt, message }) => [
          event,
          state,
          String(attempt),
          startedAt ?? '-',
          finishedAt ?? '-',
          firstLine(message ?? ''),
        ]),
      ]);

/** A line of the host's log: time, level, message, and the rest as key=value. One that is no JSON stays as it is. */
export const logText = (line: string): string => {
  try {
    const { time, level, message, ...keys } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const rest = Object.entries(keys).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    return [time, level, message, ...rest].map(String).join(' ');
  } catch {
    return line;
  }
};
