/** The command in this process: real commands over a real server, with what they print caught. */
import { Command } from 'commander';
import { VERBS } from '../../cli/commands.js';
import { type CliContext, CliError } from '../../cli/context.js';
import { openClient } from '../../client/client.js';
import { millis } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import { TOKEN } from './server.js';

export interface CliRun {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

export interface CliSetting {
  readonly url: string;
  readonly stdin?: string;
  readonly answer?: string | null;
  readonly signal?: AbortSignal;
  /** Called with everything printed so far. */
  readonly onOut?: (text: string) => void;
}

/** Runs `scalarium <words>`. */
export const cli = async (setting: CliSetting, ...words: readonly string[]): Promise<CliRun> => {
  const said = { out: '', err: '', code: 0 };
  const pause: CliContext['pause'] = (milliseconds, signal) =>
    systemClock.sleep(millis(Math.min(milliseconds, 20)), signal);
  const context: CliContext = {
    env: {},
    version: '0.1.0',
    out: (text) => {
      said.out += text;
      setting.onOut?.(said.out);
    },
    err: (text) => (said.err += text),
    now: () => Date.parse('2026-01-02T03:05:05Z'),
    pause,
    readStdin: () => Promise.resolve(setting.stdin ?? ''),
    ask: () => Promise.resolve(setting.answer ?? null),
    interrupted: setting.signal ?? new AbortController().signal,
    exitCode: (code) => {
      said.code = code;
    },
    connect: () => openClient({ url: setting.url, token: TOKEN, pause }),
  };
  const program = new Command('scalarium').option('-n, --namespace <cluster>').exitOverride();
  program.configureOutput({ writeErr: (text) => (said.err += text) });
  for (const verb of VERBS) if (verb.name === words[0]) (await verb.load()).register(program, context);
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    said.code = 1;
    if (error instanceof CliError) said.err += `scalarium: ${error.message}\n`;
    else if (!(error instanceof Error && error.constructor.name === 'CommanderError')) throw error;
  }
  return said;
};
