/** The program: the one verb that is called is loaded, the others are there by name for `help`. */
import { Command, CommanderError, Option } from 'commander';
import { statusOfError } from '../client/watch.js';
import { lineOf } from './answers.js';
import { VERB_GROUPS } from './commands.js';
import { type CliContext, CliError, UsageError } from './context.js';
import { EXIT, exitOfError } from './exit-codes.js';
import { exitCodesText, withManual } from './manual.js';

const GLOBALS: readonly Option[] = [
  new Option('-n, --namespace <cluster>', 'the cluster that is meant').env('SCALARIUM_NAMESPACE'),
  new Option('--data <dir>', 'data directory of the control plane').env('SCALARIUM_DATA'),
  // the environment stands behind --context: findEndpoint reads these two
  new Option('--server <url>', 'control plane to talk to (also SCALARIUM_SERVER)'),
  new Option('--token <token>', 'bearer token (also SCALARIUM_TOKEN)'),
  new Option('--kubeconfig <file>', 'file that says where control planes are and who you are'),
  new Option('--context <name>', 'the context of the kubeconfig to use'),
];

const bare = (context: CliContext): Command => {
  const program = new Command(context.program)
    .description('Clusters of virtual machines that configure, heal and scale themselves.')
    .version(context.version, '-V, --version', 'say which version this is')
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => {
        context.out(text);
      },
      writeErr: (text) => {
        context.err(text);
      },
      outputError: (text, write) => {
        write(text.replace(/^error: /, `${context.program}: `));
      },
    })
    .exitOverride();
  for (const option of GLOBALS) program.addOption(option);
  return program;
};

const VALUED = GLOBALS.flatMap(({ short, long }) => [short, long]);

/** The first word that is no option or an option's value. */
export const verbIn = (words: readonly string[]): string | null => {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (VALUED.includes(word)) index += 1;
    else if (!word.startsWith('-')) return word;
  }
  return null;
};

/** The program with this verb loaded. */
export const programWith = async (verb: string | null, context: CliContext): Promise<Command> => {
  const program = bare(context);
  for (const { title, verbs } of VERB_GROUPS) {
    program.commandsGroup(`${title}:`);
    for (const { name, summary, load } of verbs) {
      if (name === verb) (await load()).register(program, context);
      else program.command(name).description(summary).allowUnknownOption().allowExcessArguments();
    }
  }
  // what is made last stands in the last group
  program.helpCommand(true);
  return withManual(program, context.program);
};

const lineFor = (error: unknown, debug: boolean): string => {
  const status = statusOfError(error);
  if (error instanceof CliError) return error.message;
  if (status !== null) return lineOf(status);
  if (debug) return (error as Error).stack ?? '';
  return (error as Error).message.split('\n')[0] ?? '';
};

/** Tells in a line what was thrown; the exit code. */
const told = (context: CliContext, error: unknown): number => {
  // --help and --version end by throwing; anything else that commander throws it has told already
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const line = lineFor(error, context.env['SCALARIUM_DEBUG'] !== undefined);
  context.err(`${context.program}: ${line}\n`);
  return exitOfError(error);
};

const helpOf = async (verb: string, context: CliContext): Promise<void> => {
  const program = await programWith(verb, context);
  const command = program.commands.find((one) => one.name() === verb);
  if (command === undefined)
    throw new UsageError(`there is no command "${verb}"; "${context.program} help" lists them`);
  command.outputHelp();
};

/** The hidden verb of completion scripts: `__complete -- WORDS…`. */
const COMPLETE = '__complete';

const completion = async (context: CliContext, words: readonly string[]): Promise<void> => {
  const { complete } = await import('./complete/answer.js');
  const line = words.slice(words.indexOf('--') + 1);
  await complete(context, line, (before, not) => {
    const verb = verbIn(before);
    return programWith(verb !== null && not.includes(verb) ? null : verb, context);
  });
};

/** Runs `scalarium <words>`; failures are told, and are the exit code. */
export const runCli = async (context: CliContext, words: readonly string[]): Promise<void> => {
  try {
    if (words[0] === COMPLETE) {
      await completion(context, words);
      return;
    }
    const verb = verbIn(words);
    const program = await programWith(verb, context);
    if (words.length === 0) program.outputHelp();
    else if (verb === 'help' && words[1] === 'exit-codes') context.out(exitCodesText());
    else if (verb === 'help' && words[1] !== undefined) await helpOf(words[1], context);
    else await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    context.exitCode(told(context, error));
  }
};
