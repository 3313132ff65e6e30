/** What `--help` says below the options: examples, and how the verb ends. */
import type { Command } from 'commander';
import { EXAMPLES, type Example } from './examples.js';
import { EXIT_CODES } from './exit-codes.js';
import { tableText } from './table.js';

const aligned = (rows: readonly (readonly [string, string])[]): string =>
  tableText(rows)
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');

/** The words from the verb on: `user create`. */
const wordsOf = (command: Command): readonly string[] =>
  command.parent === null ? [] : [...wordsOf(command.parent), command.name()];

/** The examples of a verb; of a verb below a verb those that are its own. */
export const examplesFor = (words: readonly string[]): readonly Example[] => {
  const [verb = '', ...below] = words;
  const all = EXAMPLES[verb]?.examples ?? [];
  const start = ['scalarium', verb, ...below].join(' ');
  return below.length === 0 ? all : all.filter(([line]) => line.includes(start));
};

/** `scalarium help exit-codes` */
export const exitCodesText = (): string =>
  `Exit codes:\n${aligned(EXIT_CODES.map(([code, meaning]) => [String(code), meaning]))}\n`;

const exitsFor = (verb: string): string => {
  const own = EXAMPLES[verb]?.exits ?? '0 done; 1 failed';
  return `Exit codes: ${own}; others: see "scalarium help exit-codes"`;
};

const named = (text: string, program: string): string => text.replaceAll('scalarium ', `${program} `);

const helpText = (command: Command, program: string): string => {
  const words = wordsOf(command);
  const examples = examplesFor(words);
  const shown = examples.length === 0 ? '' : `Examples:\n${aligned(examples)}\n\n`;
  return named(`\n${shown}${exitsFor(words[0] ?? '')}`, program);
};

const added = (command: Command, program: string): void => {
  command.addHelpText('after', () => helpText(command, program));
  for (const below of command.commands) added(below, program);
};

/** Gives every verb of the program its examples and exit codes. */
export const withManual = (whole: Command, program: string): Command => {
  for (const command of whole.commands) added(command, program);
  const more = 'Run "scalarium VERB --help" for examples, "scalarium help exit-codes" for how commands end.';
  return whole.addHelpText('after', `\n${named(more, program)}`);
};
