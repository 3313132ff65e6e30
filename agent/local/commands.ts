/** What root asks of a host: report, events, log, rerun. All but rerun also answer while the daemon does not run. */
import { join } from 'node:path';
import { readIfThere } from '../../runtime/private-file.js';
import { systemClock } from '../../runtime/clock.js';
import { VERSION } from '../../runtime/version.js';
import { millis } from '../../api-types/units.js';
import { readDiskJournal } from '../disk-journal.js';
import { hostLogFolder } from '../host-log.js';
import { measureHost } from '../measure.js';
import type { LocalCommand } from './arguments.js';
import { askDaemon, NotRunning, sentenceOf } from './ask.js';
import type { DaemonState, Rerun } from './door.js';
import { EXIT } from './exit.js';
import { followLog, tailLog } from './log-file.js';
import { ageText, bytesText, eventRow, eventsText, factsText, logText } from './words.js';

const STATE = 'var/lib/scalarium';
const LOOK_AGAIN = millis(200);

const out = (text: string): void => {
  process.stdout.write(text);
};

const show = (command: LocalCommand, value: unknown, text: () => string): void => {
  out(command.json ? `${JSON.stringify(value, null, 2)}\n` : text());
};

interface Remembered {
  readonly machine?: string;
  readonly identity?: { readonly instance: string; readonly cluster: string } | null;
}

const rememberedIn = async (root: string): Promise<Remembered> => {
  const text = await readIfThere(join(root, STATE, 'agent.json'));
  return text === null ? {} : (JSON.parse(text) as Remembered);
};

const stateOf = async (root: string): Promise<DaemonState | null> => {
  try {
    return await askDaemon(root, { ask: 'state' });
  } catch (error) {
    if (error instanceof NotRunning) return null;
    throw error;
  }
};

const gatewayText = ({ gateway, connectedAt }: DaemonState, now: number): string =>
  gateway === null ? 'not connected' : `${gateway}, connected ${ageText(connectedAt ?? '', now)}`;

const daemonFacts = (state: DaemonState | null): Readonly<Record<string, string>> => {
  if (state === null) return { Agent: `${VERSION}, DOES NOT RUN: see systemctl status scalarium-agent` };
  const now = systemClock.now();
  return {
    Agent: `${state.build ?? state.version}, started ${ageText(state.startedAt, now)}`,
    Gateway: gatewayText(state, now),
    Heartbeat: state.heartbeatAt === null ? 'none yet' : ageText(state.heartbeatAt, now),
    Running: state.running === '' ? 'nothing' : state.running,
  };
};

const report = async (command: LocalCommand): Promise<number> => {
  const { root } = command;
  const [known, state, entries] = await Promise.all([
    rememberedIn(root),
    stateOf(root),
    readDiskJournal(join(root, STATE, 'journal')),
  ]);
  const { diskUsedBytes, diskTotalBytes } = await measureHost(root)();
  const machine = state?.machine ?? known.machine ?? null;
  const { instance = null, cluster = null } = known.identity ?? {};
  const waiting = entries.filter((entry) => entry.state !== 'finished').length;
  const whole = { machine, instance, cluster, daemon: state, events: entries.length, waiting };
  show(command, { ...whole, diskUsedBytes, diskTotalBytes }, () =>
    factsText({
      Machine: machine ?? 'unknown',
      Instance: instance === null ? 'not enrolled yet' : `${cluster ?? ''}/${instance}`,
      ...daemonFacts(state),
      Journal: `${String(entries.length)} events, ${String(waiting)} of them to be finished`,
      Disk: `${bytesText(diskUsedBytes)} of ${bytesText(diskTotalBytes)} used`,
    }),
  );
  return state === null ? EXIT.failed : EXIT.done;
};

const events = async (command: LocalCommand): Promise<number> => {
  const rows = (await readDiskJournal(join(command.root, STATE, 'journal'))).map(eventRow);
  show(command, rows, () => eventsText(rows));
  return EXIT.done;
};

const log = async (command: LocalCommand): Promise<number> => {
  const { root, event, tail, follow, json } = command;
  const write = (line: string): void => {
    out(`${json ? line : logText(line)}\n`);
  };
  const folder = hostLogFolder(root);
  const end = tailLog(folder, { count: tail, event }, write);
  if (follow) await followLog(folder, { from: end, event }, write);
  return EXIT.done;
};

/** Why an event is not carried out again, and what to do. */
const REFUSED: Readonly<Record<Exclude<Rerun, 'begun'>, (event: string) => string>> = {
  unknown: (event) => `the journal holds no event "${event}"; \`events\` lists what it holds`,
  unfinished: (event) => `${event} is not finished yet: it runs, or waits for its turn`,
  superseded: (event) =>
    `${event} was not run, as something newer stood for it: run that again; \`events\` lists what the journal holds`,
  unrecorded: (event) =>
    `the result of ${event} is not recorded yet, and would be lost: try again when the host is connected; \`report\` says whether it is`,
};

const rerun = async (command: LocalCommand): Promise<number> => {
  const { root } = command;
  const event = command.event ?? '';
  const begun = await askDaemon(root, { ask: 'rerun', event });
  if (begun !== 'begun') {
    process.stderr.write(`scalarium-agent: ${REFUSED[begun](event)}\n`);
    return begun === 'unknown' ? EXIT.notFound : EXIT.failed;
  }
  for (;;) {
    const entry = await askDaemon(root, { ask: 'event', event });
    if (entry === null || entry.result !== null) {
      const row = entry === null ? null : eventRow(entry);
      show(command, row, () => eventsText(row === null ? [] : [row]));
      return row?.state === 'succeeded' ? EXIT.done : EXIT.failed;
    }
    await systemClock.sleep(LOOK_AGAIN);
  }
};

const VERBS = { report, events, log, rerun } as const;

/** Resolves with the exit code. */
export const runLocal = async (command: LocalCommand): Promise<number> => {
  try {
    return await VERBS[command.verb](command);
  } catch (error) {
    process.stderr.write(`scalarium-agent: ${sentenceOf(error)}\n`);
    return EXIT.failed;
  }
};
