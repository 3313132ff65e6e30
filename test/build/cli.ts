/** The command in this process: real commands over a real server, with what they print caught. */
import { type CliContext, FIELD_MANAGER, type Terminal } from '../../cli/context.js';
import { runCli } from '../../cli/program.js';
import { openClient } from '../../client/client.js';
import { millis } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import { PATIENCE_MS } from './patience.js';
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
  /** What is typed where it is not shown; none: `answer`. */
  readonly secret?: string;
  readonly signal?: AbortSignal;
  readonly env?: CliContext['env'];
  readonly program?: string;
  readonly colour?: boolean;
  readonly token?: string;
  /** Given what Ctrl-C does, while a command has it do something. */
  readonly onInterrupt?: (asked: () => void) => void;
  readonly terminal?: Terminal;
  /** Called with everything printed so far. */
  readonly onOut?: (text: string) => void;
  readonly onErr?: (text: string) => void;
}

/** Runs `scalarium <words>`. */
export const cli = async (setting: CliSetting, ...words: readonly string[]): Promise<CliRun> => {
  const said = { out: '', err: '', code: 0 };
  // waits of under a second are between two looks; longer ones are what a test waits for
  const pause: CliContext['pause'] = (milliseconds, signal) =>
    systemClock.sleep(millis(milliseconds < 1000 ? Math.min(milliseconds, 20) : milliseconds), signal);
  const context: CliContext = {
    env: setting.env ?? {},
    version: '0.1.0',
    program: setting.program ?? 'scalarium',
    colour: setting.colour ?? false,
    out: (text) => {
      said.out += text;
      setting.onOut?.(said.out);
    },
    err: (text) => {
      said.err += text;
      setting.onErr?.(said.err);
    },
    now: () => Date.parse('2026-01-02T03:05:05Z'),
    pause,
    readStdin: () => Promise.resolve(setting.stdin ?? ''),
    ask: () => Promise.resolve(setting.answer ?? null),
    askSecret: () => Promise.resolve(setting.secret ?? setting.answer ?? null),
    tabPatience: PATIENCE_MS,
    interrupted: setting.signal ?? new AbortController().signal,
    onInterrupt: (asked) => {
      setting.onInterrupt?.(asked);
      return () => undefined;
    },
    terminal: () => setting.terminal ?? null,
    exitCode: (code) => {
      said.code = code;
    },
    connect: () =>
      openClient({ url: setting.url, token: setting.token ?? TOKEN, pause, fieldManager: FIELD_MANAGER }),
  };
  await runCli(context, words);
  return said;
};
