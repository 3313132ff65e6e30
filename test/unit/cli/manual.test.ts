import type { Command } from 'commander';
import { VERB_GROUPS, VERBS } from '../../../cli/commands.js';
import type { CliContext } from '../../../cli/context.js';
import { EXAMPLES } from '../../../cli/examples.js';
import { EXIT, EXIT_CODES } from '../../../cli/exit-codes.js';
import { examplesFor } from '../../../cli/manual.js';
import { programWith, verbIn } from '../../../cli/program.js';
import { assert, suite } from '../../suite.js';

const test = suite('help of every verb');

const context = (program = 'scalarium'): { readonly context: CliContext; readonly said: () => string } => {
  let said = '';
  const nobody = (): never => {
    throw new Error('an example was carried out');
  };
  const add = (text: string): void => {
    said += text;
  };
  return {
    said: () => said,
    context: {
      env: {},
      version: '0.1.0',
      program,
      colour: false,
      out: add,
      err: add,
      now: () => 0,
      pause: nobody,
      readStdin: nobody,
      ask: nobody,
      askSecret: nobody,
      tabPatience: 0,
      interrupted: new AbortController().signal,
      onInterrupt: nobody,
      terminal: nobody,
      exitCode: nobody,
      connect: nobody,
    },
  };
};

/** Nothing is carried out, only parsed. */
const disarmed = (command: Command): void => {
  if (command.commands.length === 0 || command.registeredArguments.length > 0)
    command.action(() => undefined);
  for (const below of command.commands) disarmed(below);
};

/** The words of the `scalarium` call in a line for a shell. */
const wordsOf = (line: string): readonly string[] => {
  const call = /scalarium ([^|>)]*?) *(?:[|>)]|$)/.exec(line)?.[1] ?? '';
  return [...call.matchAll(/'([^']*)'|(\S+?)='([^']*)'|(\S+)/g)].map(
    ([, quoted, key, value, word]) => quoted ?? (key === undefined ? (word ?? '') : `${key}=${value ?? ''}`),
  );
};

const parse = async (words: readonly string[]): Promise<string> => {
  const scene = context();
  const program = await programWith(verbIn(words), scene.context);
  disarmed(program);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return '';
  } catch (error) {
    return (error as { readonly exitCode?: number }).exitCode === 0 ? '' : scene.said() || String(error);
  }
};

for (const { name } of VERBS)
  test(`${name}: help has two examples or more that the program takes, and exit codes`, async () => {
    const examples = examplesFor([name]);
    assert.ok(examples.length >= 2, `give ${name} two examples in cli/examples.ts`);
    for (const [line] of examples) assert.is(await parse(wordsOf(line)), '', line);
    const scene = context();
    const program = await programWith(name, scene.context);
    program.commands.find((command) => command.name() === name)?.outputHelp();
    assert.match(scene.said(), /Examples:\n/);
    assert.match(scene.said(), /Exit codes: (0|those) /);
  });

test('no manual of a verb that is not there', () => {
  for (const name of Object.keys(EXAMPLES))
    assert.ok(
      VERBS.some((verb) => verb.name === name),
      name,
    );
});

test('a wrong example would be seen', async () => {
  assert.match(await parse(['get', 'roles', '--colour']), /unknown option '--colour'/);
  assert.equal(wordsOf("scalarium get in -o jsonpath='{.items[*]}' | head"), [
    'get',
    'in',
    '-o',
    'jsonpath={.items[*]}',
  ]);
});

test('as a plugin of kubectl, help names it so', async () => {
  const scene = context('kubectl scalarium');
  const program = await programWith('plan', scene.context);
  program.commands.find((command) => command.name() === 'plan')?.outputHelp();
  assert.match(scene.said(), /^Usage: kubectl scalarium plan/);
  assert.match(scene.said(), /\n {2}kubectl scalarium plan -f shop\.yaml/);
});

test('every exit code is told of once', () => {
  assert.equal(
    EXIT_CODES.map(([code]) => code),
    Object.values(EXIT),
  );
});

test('the verbs stand below their headings, the one that is loaded among them', async () => {
  const scene = context();
  (await programWith('logs', scene.context)).outputHelp();
  const headings = [...scene.said().matchAll(/^(\w[\w ]*):$/gm)].map(([, title]) => title);
  assert.equal(headings, ['Options', ...VERB_GROUPS.map(({ title }) => title)]);
  assert.match(scene.said(), /\nLook:\n(?: {2}.+\n)* {2}logs /);
  assert.match(scene.said(), /\nThis program:\n(?: {2}.+\n)* {2}help /);
});
