/** Command lines of people as the last lines of a start file, which is a script of sh. Pure. */

/** Beyond a simple command: `exec` would take the first part of it, or nothing. */
const CONTROL = /[;&|()<>`]/;
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/;
const OF_THE_SHELL = new Set(
  '! . : [ { case cd eval exec export for if set source test umask until while'.split(' '),
);

/** They run others and do not hand SIGTERM on in time, or at all. */
const RUNNERS = new Set(['npm', 'npx', 'pnpm', 'yarn', 'bun', 'sh', 'bash']);

const firstWord = (line: string): string => line.trim().split(/\s/, 1)[0] ?? '';

const isSimple = (line: string): boolean =>
  !CONTROL.test(line) && !ASSIGNMENT.test(firstWord(line)) && !OF_THE_SHELL.has(firstWord(line));

/** A simple command takes the place of its shell; anything else is the shell's to carry out. */
export const lineOf = (line: string): string => (isSimple(line) ? `exec ${line}` : line);

/** The process that a service manager sees is not the one that does the work: all of them are asked to end. */
export const hasOthersWork = (lines: readonly string[]): boolean => {
  const last = lines.at(-1) ?? '';
  const program = firstWord(last.replace(/^exec /, '')).replace(/^.*\//, '');
  return !last.startsWith('exec ') || RUNNERS.has(program);
};
