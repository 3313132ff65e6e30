/** What differs between two texts, as a unified diff for people. */

const CONTEXT = 3;
/** Of lines compared with lines; beyond it the whole middle counts as replaced. */
const MOST_COMPARISONS = 1_000_000;

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

const linesOf = (text: string): readonly string[] => {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  else lines.push('\\ No newline at end of file');
  return lines;
};

const signed = (sign: Line['sign'], lines: readonly string[]): readonly Line[] =>
  lines.map((text) => ({ sign, text }));

/** For each pair of ends the length of the longest common subsequence. */
const lengthsOf = (before: readonly string[], after: readonly string[]): readonly Uint32Array[] => {
  const rows = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const [row, below] = [rows[i], rows[i + 1]] as [Uint32Array, Uint32Array];
      row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  return rows;
};

/** One step through both texts: the line that comes next, of one or of both. */
const nextLine = (
  {
    before,
    after,
    lengths,
  }: {
    readonly before: readonly string[];
    readonly after: readonly string[];
    readonly lengths: readonly Uint32Array[];
  },
  i: number,
  j: number,
): Line => {
  const [one = '', other = ''] = [before[i], after[j]];
  if (one === other) return { sign: ' ', text: one };
  const withoutOne = lengths[i + 1]?.[j] ?? 0;
  const withoutOther = lengths[i]?.[j + 1] ?? 0;
  return withoutOne >= withoutOther ? { sign: '-', text: one } : { sign: '+', text: other };
};

const middleOf = (before: readonly string[], after: readonly string[]): readonly Line[] => {
  if (before.length * after.length > MOST_COMPARISONS) return [...signed('-', before), ...signed('+', after)];
  const both = { before, after, lengths: lengthsOf(before, after) };
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    const line = nextLine(both, i, j);
    lines.push(line);
    if (line.sign !== '+') i += 1;
    if (line.sign !== '-') j += 1;
  }
  return [...lines, ...signed('-', before.slice(i)), ...signed('+', after.slice(j))];
};

const alikeFrom = (before: readonly string[], after: readonly string[]): number => {
  const most = Math.min(before.length, after.length);
  let count = 0;
  while (count < most && before[count] === after[count]) count += 1;
  return count;
};

/** All lines of both, in order; what both begin and end with costs nothing. */
const compared = (before: readonly string[], after: readonly string[]): readonly Line[] => {
  const head = alikeFrom(before, after);
  const [restBefore, restAfter] = [before.slice(head), after.slice(head)];
  const tail = alikeFrom([...restBefore].reverse(), [...restAfter].reverse());
  return [
    ...signed(' ', before.slice(0, head)),
    ...middleOf(restBefore.slice(0, restBefore.length - tail), restAfter.slice(0, restAfter.length - tail)),
    ...signed(' ', restBefore.slice(restBefore.length - tail)),
  ];
};

const range = (from: number, count: number): string =>
  `${String(count === 0 ? from : from + 1)},${String(count)}`;

interface Hunk {
  readonly first: number;
  last: number;
}

/** Stretches of lines around what differs, in indexes of all lines. */
const hunksOf = (lines: readonly Line[]): readonly Hunk[] => {
  const hunks: Hunk[] = [];
  lines.forEach(({ sign }, index) => {
    if (sign === ' ') return;
    const last = Math.min(lines.length - 1, index + CONTEXT);
    const open = hunks.at(-1);
    if (open !== undefined && index - CONTEXT <= open.last + 1) open.last = last;
    else hunks.push({ first: Math.max(0, index - CONTEXT), last });
  });
  return hunks;
};

const count = (lines: readonly Line[], but: Line['sign']): number =>
  lines.filter(({ sign }) => sign !== but).length;

const hunkText = (lines: readonly Line[], { first, last }: Hunk): string => {
  const [before, shown] = [lines.slice(0, first), lines.slice(first, last + 1)];
  const old = range(count(before, '+'), count(shown, '+'));
  const fresh = range(count(before, '-'), count(shown, '-'));
  return [`@@ -${old} +${fresh} @@`, ...shown.map(({ sign, text }) => sign + text)].join('\n');
};

/** Null as `before`: there is none. Empty when nothing differs. */
export const textDiff = (path: string, before: string | null, after: string): string => {
  const lines = compared(before === null ? [] : linesOf(before), after === '' ? [] : linesOf(after));
  const hunks = hunksOf(lines);
  if (hunks.length === 0) return '';
  const head = [`--- ${before === null ? '/dev/null' : path}`, `+++ ${path}`];
  return [...head, ...hunks.map((hunk) => hunkText(lines, hunk))].join('\n');
};
