/** Services by systemd, through systemctl. */
import { endedText, runCommand, type Ended } from '../command.js';
import type { ServiceManager, ServiceState } from './service-manager.js';

/** systemd ends a start by itself after the unit's own timeout, 90 s unless told; this is for one that hangs. */
const TIMEOUT_SECONDS = 600;
const SAID_LINES = '10';

const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

const run = (command: readonly string[]): Promise<Ended> =>
  runCommand(command, {
    cwd: '/',
    env: ENVIRONMENT,
    signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
  });

const systemctl = async (...words: readonly string[]): Promise<void> => {
  const command = ['systemctl', '--no-ask-password', '--quiet', ...words];
  const ended = await run(command);
  if (ended.code !== 0) throw new Error(endedText(command, ended, null));
};

const unitOf = (name: string): string => `${name}.service`;

const PROPERTIES = ['LoadState', 'ActiveState', 'UnitFileState', 'Result', 'ExecMainStatus'] as const;

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
  const state = { loaded: LoadState === 'loaded', running, enabled: !NOT_ENABLED.has(UnitFileState) };
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
  start: (name) => systemctl('start', unitOf(name)),
  stop: (name) => systemctl('stop', unitOf(name)),
  restart: (name) => systemctl('restart', unitOf(name)),
  reload: (name) => systemctl('reload', unitOf(name)),
  enable: (name) => systemctl('enable', unitOf(name)),
  disable: (name) => systemctl('disable', unitOf(name)),
  readUnits: () => systemctl('daemon-reload'),
};
