/** The text of systemd's unit files and of what they name: entries, words, durations, environment files. Pure. */

export interface Entry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

const isComment = (line: string): boolean => line.startsWith('#') || line.startsWith(';');

/** Lines that end in a backslash go on in the next one; comments between them do not end them. */
const joinedLines = (text: string): readonly string[] => {
  const lines: string[] = [];
  let begun = '';
  for (const raw of text.split(/\r?\n/)) {
    if (isComment(raw.trimStart())) continue;
    if (raw.endsWith('\\')) {
      begun += `${raw.slice(0, -1)} `;
      continue;
    }
    lines.push((begun + raw).trim());
    begun = '';
  }
  return begun === '' ? lines : [...lines, begun.trim()];
};

/** Every `Key=value` in order; what is neither that nor a section is ignored, as systemd does. */
export const parseUnitText = (text: string): readonly Entry[] => {
  let section = '';
  return joinedLines(text).flatMap((line) => {
    const heading = /^\[(.+)\]$/.exec(line);
    if (heading !== null) section = heading[1] ?? '';
    const at = line.indexOf('=');
    if (heading !== null || at <= 0) return [];
    return [{ section, key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() }];
  });
};

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

const PIECE = /\\x([0-9a-fA-F]{2})|\\([^])|(["'])|(\s)|([^])/gy;

/** What is gathered while a line is split. */
class Words {
  readonly done: string[] = [];
  private word: string | null = null;
  private quote = '';

  add(text: string): void {
    this.word = (this.word ?? '') + text;
  }

  mark(mark: string): void {
    if (this.quote !== '' && this.quote !== mark) this.add(mark);
    else {
      this.quote = this.quote === '' ? mark : '';
      this.add('');
    }
  }

  space(space: string): void {
    if (this.quote !== '') this.add(space);
    else this.end();
  }

  end(): void {
    if (this.word !== null) this.done.push(this.word);
    this.word = null;
  }
}

/** Words between white space; quotes hold them together, backslashes escape as in C. */
export const splitWords = (text: string): readonly string[] => {
  const words = new Words();
  for (const [, hex, escaped, mark, space, plain = ''] of text.matchAll(PIECE))
    if (hex !== undefined) words.add(String.fromCharCode(parseInt(hex, 16)));
    else if (escaped !== undefined) words.add(ESCAPES[escaped] ?? `\\${escaped}`);
    else if (mark !== undefined) words.mark(mark);
    else if (space !== undefined) words.space(space);
    else words.add(plain);
  words.end();
  return words.done;
};

const UNIT_MILLIS: Readonly<Record<string, number>> = {
  us: 0.001,
  usec: 0.001,
  ms: 1,
  msec: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

/** `90`, `1min 30s`, `500ms`; `infinity` is Infinity. Null: it is no time. */
export const parseTimeSpan = (text: string): number | null => {
  if (text === 'infinity') return Infinity;
  if (!/^(\s*\d+(\.\d+)?\s*[a-z]*)+\s*$/.test(text)) return null;
  let sum = 0;
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)) {
    const factor = unit === '' ? 1_000 : UNIT_MILLIS[unit];
    if (factor === undefined) return null;
    sum += Number(number) * factor;
  }
  return sum;
};

const assignment = (text: string): readonly [string, string] | null => {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(at, 0)).trim();
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? [name, text.slice(at + 1)] : null;
};

/** The words of `Environment=`; what is no assignment is ignored. */
export const assignmentsIn = (value: string): readonly (readonly [string, string])[] =>
  splitWords(value).flatMap((word) => {
    const found = assignment(word);
    return found === null ? [] : [found];
  });

/** A value of an environment file: quotes around it or parts of it go, backslashes escape outside of single ones. */
const unquoted = (text: string): string =>
  text.replace(
    /'([^']*)'|"((?:\\[^]|[^"\\])*)"|\\([^])/g,
    (_, single?: string, double?: string, one?: string) => {
      if (single !== undefined) return single;
      return double === undefined ? (one ?? '') : double.replace(/\\(["\\`$])/g, '$1');
    },
  );

/** What `EnvironmentFile=` reads. */
export const parseEnvironmentFile = (text: string): readonly (readonly [string, string])[] =>
  joinedLines(text).flatMap((line) => {
    const found = assignment(line);
    return found === null ? [] : [[found[0], unquoted(found[1].trim())] as const];
  });
