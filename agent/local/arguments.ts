/** What `scalarium-agent` is told on its command line. */
import { parseArgs } from 'node:util';

export const USAGE = `Usage: scalarium-agent COMMAND [options]

  agent [--machine ID] [--address A] [--verbose]
                              be the daemon, in the foreground
  report                      who this host is, and how its agent is
  events                      the events in the journal: state, attempt, times
  log [--event NAME] [--tail N] [--follow]
                              the host's log; of one event
  rerun EVENT                 carry an event of the journal out again
  version

  --root DIR                  the host's root directory; default: /
  -o, --output text|json      how they answer; default: text
`;

export interface DaemonCommand {
  readonly _tag: 'Daemon';
  readonly root: string;
  /** Undefined: what the machine says of itself. */
  readonly machine?: string;
  readonly address?: string;
  readonly verbose?: boolean;
}

export interface LocalCommand {
  readonly _tag: 'Local';
  readonly verb: 'report' | 'events' | 'log' | 'rerun';
  readonly root: string;
  readonly json: boolean;
  /** The event that is meant; null: none is. */
  readonly event: string | null;
  readonly tail: number;
  readonly follow: boolean;
}

export type Command =
  | DaemonCommand
  | LocalCommand
  | { readonly _tag: 'Version' }
  | { readonly _tag: 'Help' }
  | { readonly _tag: 'Wrong'; readonly problem: string };

const OPTIONS = {
  root: { type: 'string', default: '/' },
  machine: { type: 'string' },
  address: { type: 'string' },
  verbose: { type: 'boolean' },
  output: { type: 'string', short: 'o', default: 'text' },
  event: { type: 'string' },
  tail: { type: 'string', default: '100' },
  follow: { type: 'boolean', short: 'f', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Option = keyof typeof OPTIONS;

/** Beside --root and --help, which all take. */
const TAKES: Readonly<Record<string, readonly Option[]>> = {
  agent: ['machine', 'address', 'verbose'],
  report: ['output'],
  events: ['output'],
  log: ['event', 'tail', 'follow', 'output'],
  rerun: ['output'],
  version: [],
  help: [],
};

const LOCAL = ['report', 'events', 'log', 'rerun'] as const;

const wrong = (problem: string): Command => ({ _tag: 'Wrong', problem });

const parsed = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, tokens: true });

type Parsed = ReturnType<typeof parsed>;

const problemIn = ({ values, positionals, tokens }: Parsed): string | null => {
  const [verb = '', ...rest] = positionals;
  const takes = TAKES[verb];
  if (takes === undefined) return verb === '' ? 'a command is missing' : `there is no command "${verb}"`;
  const foreign = tokens
    .filter((token) => token.kind === 'option')
    .find(({ name }) => !['root', 'help', ...takes].includes(name));
  if (foreign !== undefined) return `${verb} takes no ${foreign.rawName}`;
  if (verb === 'rerun' ? rest.length !== 1 : rest.length > 0)
    return verb === 'rerun' ? 'rerun takes the name of one event' : `${verb} takes no "${rest.join(' ')}"`;
  if (!['text', 'json'].includes(values.output))
    return `--output: expected text or json, got "${values.output}"`;
  return /^\d{1,6}$/.test(values.tail) ? null : `--tail: expected a whole number, got "${values.tail}"`;
};

const daemonOf = ({ root, machine, address, verbose }: Parsed['values']): DaemonCommand => ({
  _tag: 'Daemon',
  root,
  ...(machine === undefined ? {} : { machine }),
  ...(address === undefined ? {} : { address }),
  ...(verbose === undefined ? {} : { verbose }),
});

const commandOf = (verb: string, { values, positionals }: Parsed): Command => {
  if (verb === 'agent') return daemonOf(values);
  if (verb === 'version') return { _tag: 'Version' };
  const local = LOCAL.find((one) => one === verb);
  if (local === undefined) return { _tag: 'Help' };
  const { root, output, tail, follow } = values;
  const event = values.event ?? positionals[1] ?? null;
  return { _tag: 'Local', verb: local, root, json: output === 'json', event, tail: Number(tail), follow };
};

/** Never throws: what is wrong is said in words. */
export const parseCommand = (args: readonly string[]): Command => {
  try {
    const all = parsed(args);
    if (all.values.help) return { _tag: 'Help' };
    const problem = problemIn(all);
    return problem === null ? commandOf(all.positionals[0] ?? '', all) : wrong(problem);
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
};
