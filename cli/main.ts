/** The command: finds the verb, loads that one, and says in one line what went wrong. */
import { Command, CommanderError, Option } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { millis } from '../api-types/units.js';
import { openClient } from '../client/client.js';
import { findEndpoint } from '../client/connection.js';
import { statusOfError } from '../client/watch.js';
import { VERSION } from '../runtime/version.js';
import { lineOf } from './answers.js';
import { VERBS } from './commands.js';
import { type CliContext, CliError } from './context.js';

const interrupt = new AbortController();

/** The clock brings RxJS along, which costs a start-up that most commands need not pay. */
const pause: CliContext['pause'] = async (milliseconds, signal) => {
  const { systemClock } = await import('../runtime/clock.js');
  await systemClock.sleep(millis(milliseconds), signal);
};

const connect: CliContext['connect'] = (flags) => {
  const endpoint = findEndpoint(flags, process.env);
  if (E.isLeft(endpoint)) throw new CliError(endpoint.left);
  return openClient({ ...endpoint.right, pause });
};

const readStdin = async (): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const ask = async (question: string): Promise<string | null> => {
  if (!process.stdin.isTTY) return null;
  const { createInterface } = await import('node:readline/promises');
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
};

const context: CliContext = {
  env: process.env,
  version: VERSION,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  // eslint-disable-next-line no-restricted-syntax -- for ages in tables; see pause for why it is no Clock
  now: () => Date.now(),
  pause,
  readStdin,
  ask,
  interrupted: interrupt.signal,
  exitCode: (code) => {
    process.exitCode = code;
  },
  connect,
};

const program = (): Command =>
  new Command('scalarium')
    .description('Clusters of virtual machines that configure, heal and scale themselves.')
    .version(VERSION, '-V, --version', 'say which version this is')
    .addOption(
      new Option('-n, --namespace <cluster>', 'the cluster that is meant').env('SCALARIUM_NAMESPACE'),
    )
    .addOption(new Option('--data <dir>', 'data directory of the control plane').env('SCALARIUM_DATA'))
    .addOption(new Option('--server <url>', 'control plane to talk to').env('SCALARIUM_SERVER'))
    .addOption(new Option('--token <token>', 'bearer token').env('SCALARIUM_TOKEN'))
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'scalarium: '));
      },
    })
    .exitOverride();

const VALUED = ['-n', '--namespace', '--data', '--server', '--token'];

/** The first word that is no option or an option's value. */
const verbIn = (words: readonly string[]): string | null => {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (VALUED.includes(word)) index += 1;
    else if (!word.startsWith('-')) return word;
  }
  return null;
};

/** The program with the one verb that is called loaded, and the others by name for `help`. */
const assembled = async (words: readonly string[]): Promise<Command> => {
  const whole = program();
  const called = verbIn(words);
  for (const verb of VERBS) {
    if (verb.name === called) (await verb.load()).register(whole, context);
    else whole.command(verb.name).description(verb.summary).allowUnknownOption().allowExcessArguments();
  }
  return whole;
};

/** `scalarium: …` on stderr and the exit code. */
const told = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode;
  const status = statusOfError(error);
  if (error instanceof CliError) process.stderr.write(`scalarium: ${error.message}\n`);
  else if (status !== null) process.stderr.write(`scalarium: ${lineOf(status)}\n`);
  else if (process.env['SCALARIUM_DEBUG'] !== undefined)
    process.stderr.write(`${String((error as Error).stack)}\n`);
  else process.stderr.write(`scalarium: ${(error as Error).message.split('\n')[0] ?? ''}\n`);
  return 1;
};

const main = async (): Promise<void> => {
  // `get … | head`: the reader has gone, there is nobody left to tell
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  try {
    const whole = await assembled(process.argv.slice(2));
    if (process.argv.length === 2) {
      whole.outputHelp();
      return;
    }
    await whole.parseAsync(process.argv);
  } catch (error) {
    process.exitCode = told(error);
  }
};

await main();
