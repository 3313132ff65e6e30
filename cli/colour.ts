/** Colours of tables, for terminals only. */

type Env = Readonly<Record<string, string | undefined>>;

const given = (text: string | undefined): boolean => text !== undefined && text !== '';

/** Whether to colour: FORCE_COLOR and NO_COLOR (no-color.org) first, then whether a terminal that can is written to. */
export const wantsColour = (env: Env, terminal: boolean): boolean => {
  if (given(env['NO_COLOR'])) return false;
  if (given(env['FORCE_COLOR'])) return env['FORCE_COLOR'] !== '0';
  return terminal && env['TERM'] !== 'dumb';
};

const CODES = { green: 32, yellow: 33, red: 31, faint: 2, bold: 1 } as const;
export type Tone = keyof typeof CODES;

const inTone = (tone: Tone, text: string): string => `\u001b[${String(CODES[tone])}m${text}\u001b[0m`;

/** Changes a cell's text without changing its width. */
export type Paint = (title: string, text: string) => string;

/** No colours. */
export const plain: Paint = (_title, text) => text;

const PHASES: Readonly<Record<string, Tone>> = {
  online: 'green',
  requested: 'yellow',
  pending: 'yellow',
  booting: 'yellow',
  running_setup: 'yellow',
  rebooting: 'yellow',
  stopping: 'yellow',
  shutting_down: 'yellow',
  start_failed: 'red',
  setup_failed: 'red',
  connection_lost: 'red',
  stopped: 'faint',
  terminated: 'faint',
};

const RESULTS: Readonly<Record<string, Tone>> = {
  Succeeded: 'green',
  Failed: 'red',
  Aborted: 'red',
  Pending: 'faint',
  Waiting: 'faint',
  Paused: 'yellow',
  Fetching: 'yellow',
  Preparing: 'yellow',
  Migrating: 'yellow',
  Rolling: 'yellow',
  RollingBack: 'yellow',
};

const CONDITION: Readonly<Record<string, Tone>> = { True: 'green', False: 'red', Unknown: 'yellow' };

const BY_TITLE: Readonly<Record<string, Readonly<Record<string, Tone>>>> = {
  PHASE: { ...PHASES, ...RESULTS },
  RESULT: RESULTS,
  READY: CONDITION,
  TYPE: { Warning: 'yellow' },
  LEVEL: { deny: 'red', manage: 'bold' },
  DISABLED: { yes: 'red' },
};

/** Phases and conditions in the colour of how well that is. */
export const coloured: Paint = (title, text) => {
  const tone = BY_TITLE[title]?.[text];
  return tone === undefined ? text : inTone(tone, text);
};
