/** The live table of hosts: a pure picture of the instances, and the writer that keeps it on the screen. */
import type { Phase } from '../../api-types/kinds/phase.js';

export interface HostRow {
  readonly name: string;
  readonly cluster: string;
  readonly role: string;
  readonly phase: Phase;
  readonly machine: string;
  readonly address: string;
  readonly message: string;
}

const TITLES = ['CLUSTER', 'HOST', 'ROLE', 'PHASE', 'MACHINE', 'ADDRESS', ''];
const GAP = '  ';

const cells = (row: HostRow): readonly string[] => [
  row.cluster,
  row.name,
  row.role,
  row.phase,
  row.machine,
  row.address,
  row.phase === 'online' ? '' : row.message,
];

/** Lines of a table with columns as wide as their widest cell. */
export const tableLines = (rows: readonly HostRow[]): readonly string[] => {
  const grid = [TITLES, ...rows.map(cells)];
  const widths = TITLES.map((_title, column) => Math.max(...grid.map((line) => (line[column] ?? '').length)));
  return grid.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
};

const countBy = (rows: readonly HostRow[]): string => {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.phase, (counts.get(row.phase) ?? 0) + 1);
  return [...counts].map(([phase, count]) => `${String(count)} ${phase}`).join(', ');
};

/** `12.3 s  13 hosts: 9 online, 4 running_setup` */
export const summaryLine = (rows: readonly HostRow[], elapsedMillis: number): string =>
  `${(elapsedMillis / 1000).toFixed(1)} s  ${String(rows.length)} hosts${rows.length === 0 ? '' : `: ${countBy(rows)}`}`;

export interface Screen {
  readonly isTTY: boolean;
  readonly rows: number;
  readonly columns: number;
  write(text: string): void;
}

const UP = (lines: number): string => (lines === 0 ? '' : `\x1b[${String(lines)}A`);
const CLEAR_BELOW = '\x1b[0J';

export interface LiveTable {
  draw(rows: readonly HostRow[], elapsedMillis: number, troubles: readonly string[]): void;
  /** The picture stays; what is written next comes below it. */
  end(): void;
}

/**
 * Keeps one picture on a terminal by drawing over the last one, cut to the screen's height; elsewhere writes the
 * summary line and new troubles when they changed.
 */
export const liveTable = (screen: Screen): LiveTable => {
  let drawn = 0;
  let last = '';
  let told: readonly string[] = [];
  const onTerminal: LiveTable['draw'] = (rows, elapsedMillis, troubles) => {
    const foot = [summaryLine(rows, elapsedMillis), ...troubles.map((line) => line.slice(0, screen.columns))];
    const lines = [...tableLines(rows), '', ...foot];
    const fits = Math.max(4, screen.rows - 1);
    const shown = lines.length <= fits ? lines : [...lines.slice(0, fits - foot.length - 1), '…', ...foot];
    screen.write(`${UP(drawn)}${CLEAR_BELOW}${shown.join('\n')}\n`);
    drawn = shown.length;
  };
  const elsewhere: LiveTable['draw'] = (rows, elapsedMillis, troubles) => {
    for (const line of troubles) if (!told.includes(line)) screen.write(`${line}\n`);
    told = troubles;
    const counts = countBy(rows);
    if (counts === last) return;
    last = counts;
    screen.write(`${summaryLine(rows, elapsedMillis)}\n`);
  };
  return {
    draw: screen.isTTY ? onTerminal : elsewhere,
    end: () => {
      drawn = 0;
    },
  };
};
