/** Lines of hosts' logs as people read them: time, level, message, then what else they say. */

const LEVELS: Readonly<Record<string, number>> = { warn: 33, error: 31, debug: 2 };
/** Of hosts, in turn; no red: that is for what went wrong. */
const HOSTS: readonly number[] = [36, 32, 35, 34, 33];

const painted = (code: number | undefined, text: string, colour: boolean): string =>
  colour && code !== undefined ? `\u001b[${String(code)}m${text}\u001b[0m` : text;

/** Texts from hosts must not move a person's cursor. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]+/g;

/** The same text without what moves a cursor. */
export const printable = (text: string): string => text.replace(CONTROL, ' ');

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parsed = (line: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(line);
    return isPlain(value) && typeof value['message'] === 'string' ? value : null;
  } catch {
    return null;
  }
};

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The machine is the host's, and said by its name already. */
const SAID = ['time', 'level', 'message', 'machine'];

const restOf = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .filter(([key, value]) => !SAID.includes(key) && value !== undefined && value !== null)
    .map(([key, value]) => ` ${key}=${valueText(value)}`)
    .join('');

/** One line of a log, without its end; what is no JSON stays as it is. */
export const logLine = (line: string, colour: boolean): string => {
  const fields = parsed(line);
  if (fields === null) return printable(line);
  const { time, level, message } = fields;
  const word = typeof level === 'string' ? level : 'info';
  const head = `${typeof time === 'string' ? `${time} ` : ''}${painted(LEVELS[word], word.toUpperCase().padEnd(5), colour)}`;
  return `${head} ${printable(`${valueText(message)}${restOf(fields)}`)}`;
};

/** What stands before each line of a host, where there are several: as wide for all. */
export const prefixesOf = (names: readonly string[], colour: boolean): readonly string[] => {
  const width = Math.max(...names.map(({ length }) => length));
  if (names.length < 2) return names.map(() => '');
  return names.map((name, at) => `${painted(HOSTS[at % HOSTS.length], name.padEnd(width), colour)} | `);
};
