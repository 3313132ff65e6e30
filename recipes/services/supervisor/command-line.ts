/** Command lines of unit files: prefixes, specifiers and variables, as systemd takes them. Pure. */
import { splitWords } from './unit-text.js';

export interface UnitCommand {
  readonly words: readonly string[];
  /** `-`: that it fails does not matter. */
  readonly mayFail: boolean;
  /** `+` or `!`: as root, whatever `User=` says. */
  readonly privileged: boolean;
  /** `:`: variables stay as they are. */
  readonly literal: boolean;
}

/** What a unit's name is made of: `web@8080` has the prefix `web` and the instance `8080`. */
export interface UnitName {
  readonly name: string;
  readonly prefix: string;
  readonly instance: string;
}

export const unitNameOf = (name: string): UnitName => {
  const at = name.indexOf('@');
  return at < 0
    ? { name, prefix: name, instance: '' }
    : { name, prefix: name.slice(0, at), instance: name.slice(at + 1) };
};

/** `var-lib\x2dx` is `var/lib-x`. */
const unescaped = (text: string): string =>
  text
    .replaceAll('-', '/')
    .replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** What specifiers stand for beside the unit's own name. */
export interface Surroundings {
  readonly hostname: string;
  readonly user: string;
  readonly home: string;
}

/** Fills in `%i` and the like; one that nobody knows stays as it is. */
export const expandSpecifiers = (
  text: string,
  { name, prefix, instance }: UnitName,
  { hostname, user, home }: Surroundings,
): string => {
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    n: `${name}.service`,
    N: name,
    p: prefix,
    P: unescaped(prefix),
    i: instance,
    I: unescaped(instance),
    j: prefix.slice(prefix.lastIndexOf('-') + 1),
    t: '/run',
    S: '/var/lib',
    C: '/var/cache',
    L: '/var/log',
    E: '/etc',
    T: '/tmp',
    V: '/var/tmp',
    H: hostname,
    l: hostname.replace(/\..*$/, ''),
    u: user,
    h: home,
  };
  return text.replace(/%(.)/g, (whole, letter: string) => values[letter] ?? whole);
};

const PREFIX = /^[-@:+!|]*/;

const commandOf = (words: readonly string[]): UnitCommand => {
  const [first = '', ...rest] = words;
  const marks = PREFIX.exec(first)?.[0] ?? '';
  const program = first.slice(marks.length);
  return {
    // `@`: the second word is what the program sees as its own name
    words: [program, ...(marks.includes('@') ? rest.slice(1) : rest)],
    mayFail: marks.includes('-'),
    privileged: marks.includes('+') || marks.includes('!'),
    literal: marks.includes(':'),
  };
};

/** The commands of one `ExecStart=` line: several are parted by a `;` of its own. */
export const parseCommands = (line: string): readonly UnitCommand[] => {
  const groups: string[][] = [[]];
  for (const word of splitWords(line))
    if (word === ';') groups.push([]);
    else groups.at(-1)?.push(word === '\\;' ? ';' : word);
  return groups.filter((words) => words.length > 0).map(commandOf);
};

type Variables = Readonly<Record<string, string>>;

const expandWord = (word: string, variables: Variables): readonly string[] => {
  const whole = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
  // alone it stands for as many words as it holds, maybe none
  if (whole !== undefined) return splitWords(variables[whole] ?? '');
  return [
    word.replace(/\$\$|\$\{([A-Za-z_]\w*)\}/g, (_, name?: string) =>
      name === undefined ? '$' : (variables[name] ?? ''),
    ),
  ];
};

/** The command as it is run; the program's own name is never a variable. */
export const expandVariables = (command: UnitCommand, variables: Variables): readonly string[] => {
  const [program = '', ...rest] = command.words;
  return command.literal ? command.words : [program, ...rest.flatMap((word) => expandWord(word, variables))];
};
