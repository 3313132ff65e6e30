/** The command of this process: its terminal, its signals, its exit code. */
import * as E from 'fp-ts/lib/Either.js';
import { basename } from 'node:path';
import { millis } from '../api-types/units.js';
import { openClient } from '../client/client.js';
import { findEndpoint } from '../client/connection.js';
import { VERSION } from '../runtime/version.js';
import { wantsColour } from './colour.js';
import { type CliContext, CliError, FIELD_MANAGER } from './context.js';
import { EXIT } from './exit-codes.js';
import { runCli } from './program.js';

/** The clock brings RxJS along, which costs a start-up that most commands need not pay. */
const pause: CliContext['pause'] = async (milliseconds, signal) => {
  const { systemClock } = await import('../runtime/clock.js');
  await systemClock.sleep(millis(milliseconds), signal);
};

const connect: CliContext['connect'] = (flags) => {
  const endpoint = findEndpoint(flags, process.env, { plugin: calledAs !== 'scalarium' });
  if (E.isLeft(endpoint)) throw new CliError(endpoint.left);
  return openClient({ ...endpoint.right, pause, fieldManager: FIELD_MANAGER });
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
  // a terminal that is read gives Ctrl-C to who reads
  reader.on('SIGINT', () => {
    process.kill(process.pid, 'SIGINT');
  });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
};

const askSecret = async (question: string): Promise<string | null> => {
  if (!process.stdin.isTTY) return null;
  const [{ createInterface }, { Writable }] = await Promise.all([
    import('node:readline/promises'),
    import('node:stream'),
  ]);
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  process.stderr.write(question);
  const reader = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await reader.question('');
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
};

let interrupt: AbortController | null = null;

/** From when a command asks on, Ctrl-C ends it through the signal; a second one ends the process at once. */
const interrupted = (): AbortSignal => {
  if (interrupt === null) {
    const controller = new AbortController();
    interrupt = controller;
    process.once('SIGINT', () => {
      process.exitCode = EXIT.interrupted;
      controller.abort();
      process.once('SIGINT', () => process.exit(EXIT.interrupted));
    });
  }
  return interrupt.signal;
};

const onInterrupt: CliContext['onInterrupt'] = (asked) => {
  process.on('SIGINT', asked);
  return () => {
    process.off('SIGINT', asked);
  };
};

const terminal: CliContext['terminal'] = () => {
  const { isTTY, columns, rows } = process.stderr;
  if (!isTTY || process.env['TERM'] === 'dumb') return null;
  // some terminals do not say how large they are
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
};

/** As a plugin of kubectl this program has another name (a link to it). */
const calledAs = basename(process.argv[1] ?? '').startsWith('kubectl-scalarium')
  ? 'kubectl scalarium'
  : 'scalarium';

const context: CliContext = {
  env: process.env,
  version: VERSION,
  program: calledAs,
  colour: wantsColour(process.env, process.stdout.isTTY),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  // eslint-disable-next-line no-restricted-syntax -- for ages in tables; see pause for why it is no Clock
  now: () => Date.now(),
  pause,
  readStdin,
  ask,
  askSecret,
  tabPatience: 200,
  get interrupted() {
    return interrupted();
  },
  onInterrupt,
  terminal,
  exitCode: (code) => {
    if (process.exitCode !== EXIT.interrupted) process.exitCode = code;
  },
  connect,
};

// `get … | head`: the reader has gone, there is nobody left to tell
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed);
});
await runCli(context, process.argv.slice(2));
