/** Whether a release that was brought into force does its work. */
import { request, type RequestOptions } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { askedName } from '../applications.js';
import { printable } from '../output.js';
import { placeOf } from '../place.js';
import { tried } from '../resources/wait-for-port.js';
import { hostOf } from '../runners/host.js';
import { runLine, shellLine, type Target } from './commands.js';

const TIMEOUT_SECONDS = 60;
const REQUEST_SECONDS = 5;
const PAUSE_GROWS = 1.25;
const LOOK_MS = 100;
/** At last so seldom. */
const LOOK_AT_LAST_MS = 1000;
/** So much of an answer is said. */
const ANSWER_CHARACTERS = 300;
/** So much of it is looked at: a secret at the cut is masked whole. */
const LOOKED_AT = 4096;

/** Looked at once; null: it is well, else what it said. */
type Look = (signal: AbortSignal) => Promise<string | null>;

const LOCAL = '127.0.0.1';

interface Door {
  readonly to: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly shown: string;
}

/** Hosts that are folders share a machine: each listens at its own address. */
const doorOf = async ({ subject, part: { at } }: Target): Promise<Door | null> => {
  if (at === null) return null;
  const { root, snapshot, instance } = subject.on;
  if (typeof at === 'string') return { to: { path: await placeOf(root, at) }, shown: at };
  const address = hostOf({ snapshot, instance, event: 'deploy' }).address;
  const host = subject.folder && address !== '' ? address : LOCAL;
  return { to: { host, port: at }, shown: `${host}:${String(at)}` };
};

const WELL_FROM = 200;
const WELL_BELOW = 400;

const answered = (options: RequestOptions): Promise<string | null> =>
  new Promise((resolve) => {
    const asked = request({ ...options, agent: false }, (answer) => {
      const status = answer.statusCode ?? 0;
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        if (text.length < LOOKED_AT) text += chunk;
      });
      const end = (): void => {
        const well = status >= WELL_FROM && status < WELL_BELOW;
        resolve(well ? null : `${String(status)} ${text}`);
      };
      answer.once('end', end);
      answer.once('error', end);
    });
    asked.once('error', (error) => {
      resolve(error.message);
    });
    asked.end();
  });

const httpLook = (target: Target, { to, shown }: Door, path: string): Look => {
  const headers = { host: askedName(target.release.config.domains), 'user-agent': 'Scalarium' };
  const seconds = target.release.config.health?.requestSeconds ?? REQUEST_SECONDS;
  const where = 'path' in to ? { socketPath: to.path } : to;
  const said = (why: string): string =>
    printable(target.subject.mask(why)).slice(0, ANSWER_CHARACTERS).trim();
  return async (run) => {
    const late = AbortSignal.timeout(seconds * 1000);
    const why = await answered({ ...where, path, headers, signal: AbortSignal.any([run, late]) });
    if (why === null) return null;
    return `GET ${path} at ${shown}: ${late.aborted ? `no answer within ${String(seconds)} s` : said(why)}`;
  };
};

const connectLook =
  ({ to, shown }: Door): Look =>
  async (signal) => {
    const why = await tried(to, signal);
    return why === null ? null : `no connection to ${shown}: ${why}`;
  };

const commandLook = (target: Target, command: string): Look => {
  const seconds = target.release.config.health?.requestSeconds ?? REQUEST_SECONDS;
  return async () => {
    try {
      await runLine(target, { ...shellLine(command, 'health'), seconds, quiet: true });
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
};

/** Null: nothing of it answers anybody, and nothing else was asked for. */
const lookOf = async (target: Target): Promise<Look | null> => {
  const { path, command } = target.release.config.health ?? {};
  if (command !== undefined) return commandLook(target, command);
  const door = await doorOf(target);
  if (door !== null) return path === undefined ? connectLook(door) : httpLook(target, door, path);
  if (path !== undefined)
    target.subject.note(
      `${target.subject.application}: nothing of it answers requests, so ${path} was not asked for`,
    );
  return null;
};

/** Throws when there is no time left to become well in. */
const refuseLate = (run: AbortSignal, late: AbortSignal, seconds: number, last: string): void => {
  if (run.aborted) throw new Error(`stopped because the run was aborted; last: ${last}`);
  if (late.aborted) throw new Error(`not well within ${String(seconds)} s; last: ${last}`);
};

/** Resolves when it was well so often in a row; throws with what it said last. */
export const untilWell = async (target: Target): Promise<void> => {
  const look = await lookOf(target);
  if (look === null) return;
  const { signal } = target.subject.on;
  const { timeoutSeconds = TIMEOUT_SECONDS, successes = 1 } = target.release.config.health ?? {};
  const late = AbortSignal.timeout(timeoutSeconds * 1000);
  let last = 'well, but not often enough';
  let pause = LOOK_MS;
  for (let well = 0; ;) {
    const why = await look(signal);
    well = why === null ? well + 1 : 0;
    if (well >= successes) return;
    last = why ?? last;
    refuseLate(signal, late, timeoutSeconds, last);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(pause * PAUSE_GROWS, LOOK_AT_LAST_MS);
  }
};
