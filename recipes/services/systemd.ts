/** Services by systemd, through systemctl. */
import { endedText, type Ended } from '../command.js';
import { runTool } from '../tools.js';
import type { ServiceManager, ServiceState } from './service-manager.js';

/** systemd ends a start by itself after the unit's own timeout, 90 s unless told; this is for one that hangs. */
const TIMEOUT_SECONDS = 600;
const SAID_LINES = '10';

const nobody = new AbortController().signal;

const run = (command: readonly string[], signal = nobody): Promise<Ended> =>
  runTool(command, { signal, timeoutSeconds: TIMEOUT_SECONDS });

const systemctl = async (words: readonly string[], signal?: AbortSignal): Promise<void> => {
  const command = ['systemctl', '--no-ask-password', '--quiet', ...words];
  const ended = await run(command, signal);
  if (ended.code !== 0) throw new Error(endedText(command, ended, null));
};

const unitOf = (name: string): string => `${name}.service`;

const PROPERTIES = [
  'LoadState',
  'ActiveState',
  'UnitFileState',
  'Result',
  'ExecMainStatus',
  'NRestarts',
] as const;

type Properties = Readonly<Partial<Record<(typeof PROPERTIES)[number], string>>>;

/** `systemctl show` says `Name=value` a line. */
export const parseProperties = (text: string): Properties =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );

/** Others than these are started by what names them, or by nothing: there is nothing to enable. */
const NOT_ENABLED = new Set(['disabled', 'masked', 'masked-runtime', 'bad', '']);

/** What `systemctl show` said, as a state. */
export const stateFrom = (properties: Properties): ServiceState => {
  const { LoadState, ActiveState, UnitFileState = '', Result, ExecMainStatus } = properties;
  const running = ActiveState === 'active' || ActiveState === 'reloading';
  const state = {
    loaded: LoadState === 'loaded',
    running,
    enabled: !NOT_ENABLED.has(UnitFileState),
    restarts: Number(properties.NRestarts ?? 0),
  };
  if (LoadState === 'masked') return { ...state, result: 'it is masked: somebody has forbidden to start it' };
  if (running || ActiveState === 'inactive') return state;
  return {
    ...state,
    result: `it is ${ActiveState ?? 'unknown'}: ${Result ?? 'no result'}, exit code ${ExecMainStatus ?? '?'}`,
  };
};

/** What it wrote last; nothing where there is no journal. */
const lastWords = async (name: string): Promise<string> => {
  try {
    const command = [
      'journalctl',
      '--no-pager',
      '--output=cat',
      '--lines',
      SAID_LINES,
      '--unit',
      unitOf(name),
    ];
    const { output } = await run(command);
    return output === '' ? '' : `; it said last:\n${output}`;
  } catch {
    return '';
  }
};

const state = async (name: string): Promise<ServiceState> => {
  const command = ['systemctl', 'show', `--property=${PROPERTIES.join(',')}`, unitOf(name)];
  const ended = await run(command);
  if (ended.code !== 0) throw new Error(endedText(command, ended, null));
  const found = stateFrom(parseProperties(ended.output));
  return found.result === undefined ? found : { ...found, result: found.result + (await lastWords(name)) };
};

/** The machine's own systemd. */
export const systemd: ServiceManager = {
  state,
  start: (name, signal) => systemctl(['start', unitOf(name)], signal),
  stop: (name, signal) => systemctl(['stop', unitOf(name)], signal),
  restart: (name, signal) => systemctl(['restart', unitOf(name)], signal),
  reload: (name, signal) => systemctl(['reload', unitOf(name)], signal),
  enable: (name) => systemctl(['enable', unitOf(name)]),
  disable: (name) => systemctl(['disable', unitOf(name)]),
  readUnits: () => systemctl(['daemon-reload']),
};
