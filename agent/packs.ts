/** Packs of cookbooks and of applications: fetched once by their digest from whichever gateway has them, checked, unpacked, kept. */
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { PACK_BYTES } from '../api-types/cookbooks.js';
import { isDigest } from '../api-types/snapshot-digest.js';
import { minutes, seconds } from '../api-types/units.js';
import type { PackSource } from '../recipes/custom.js';
import { saved } from '../recipes/download.js';
import { mustRun } from '../recipes/tools.js';
import { unpack } from '../recipes/unpack.js';
import type { Clock } from '../runtime/clock.js';
import { type BackOff, delayAfter } from './back-off.js';
import { fetchPack, Refusal, type Asking } from './requests.js';

export interface PacksDependencies extends Asking {
  /** Where they are kept; null: nowhere, so that there are none. */
  readonly folder: string | null;
  /** What is in them, for people. */
  readonly of: 'cookbooks' | 'application';
  /** Of those that nothing uses any more so many stay. */
  readonly keeps: number;
}

/** A gateway that lost a pack has its source fetched again: that is waited for. */
const PATIENCE = minutes(2);
/** For gateways that give packs to many hosts at once. */
const PATIENCE_IN_QUEUE = minutes(30);
const AGAIN: BackOff = { first: seconds(1), longest: seconds(10) };
const SYNC_SECONDS = 300;

const IN_USE_FOR = minutes(60);

const isThere = (place: string): Promise<boolean> =>
  stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );

const touch = (place: string, clock: Clock): Promise<void> => {
  const now = clock.now() / 1000;
  return utimes(place, now, now);
};

interface Wanted {
  readonly digest: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** One of several attempts. */
interface Attempt {
  readonly number: number;
  /** A gateway named another place, and it could not be had there: this time from the gateway itself. */
  readonly direct: boolean;
  readonly sentElsewhere: () => void;
}

const fetched = async (
  file: string,
  wanted: Wanted,
  on: PacksDependencies,
  attempt: Attempt,
): Promise<void> => {
  const answer = await fetchPack(on.route(attempt.number), on.credential(), { ...wanted, ...attempt });
  const found = await saved(file, answer, { mostBytes: PACK_BYTES });
  if (found !== wanted.digest)
    throw new Error(`a gateway sent something else than the pack ${wanted.digest}`);
};

/** Whole or not there; nobody else is at it, as events run one at a time. */
const bring = async (wanted: Wanted, on: PacksDependencies, attempt: Attempt): Promise<void> => {
  const { folder, digest, signal } = wanted;
  const [fresh, file] = [join(folder, `new-${digest}`), join(folder, `new-${digest}.tar.gz`)];
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await fetched(file, wanted, on, attempt);
    await unpack({ file, kind: 'tar', into: fresh, strip: 0, signal });
    // a power cut must not leave a folder of empty files under a name that is trusted
    await mustRun(['sync', '--file-system', fresh], { signal, timeoutSeconds: SYNC_SECONDS });
    await rename(fresh, join(folder, digest));
  } finally {
    await rm(file, { force: true });
    await rm(fresh, { recursive: true, force: true });
  }
};

interface Kept {
  readonly name: string;
  readonly usedAt: number;
}

/** What neither was used lately nor is among the newest goes, and so does what a crash left. */
const sweep = async (folder: string, keeps: number, clock: Clock): Promise<void> => {
  const packs: Kept[] = [];
  for (const name of await readdir(folder)) {
    if (isDigest(name)) packs.push({ name, usedAt: (await stat(join(folder, name))).mtimeMs });
    else await rm(join(folder, name), { recursive: true, force: true });
  }
  const old = packs.sort((a, b) => b.usedAt - a.usedAt).slice(keeps);
  for (const { name, usedAt } of old)
    if (clock.now() - usedAt > IN_USE_FOR) await rm(join(folder, name), { recursive: true, force: true });
};

const isFinal = (error: unknown): boolean => error instanceof Refusal && [401, 403].includes(error.status);

/** It has the pack, and sends packs to as many others as it can. */
const isBusy = (error: unknown): boolean => error instanceof Refusal && error.status === 429;

const bringAtLast = async (wanted: Wanted, on: PacksDependencies): Promise<void> => {
  const { clock, chance, log, of } = on;
  const began = clock.monotonic();
  let direct = false;
  const sentElsewhere = (): void => {
    direct = true;
  };
  for (let number = 0; ; number += 1) {
    try {
      await bring(wanted, on, { number, direct, sentElsewhere });
      return;
    } catch (error) {
      const until = began + (isBusy(error) ? PATIENCE_IN_QUEUE : PATIENCE);
      if (isFinal(error) || wanted.signal.aborted || clock.monotonic() >= until) throw error;
      log.warn('a pack cannot be had yet', { of, digest: wanted.digest, error: String(error) });
      await clock.sleep(delayAfter(number, AGAIN, chance), wanted.signal);
    }
  }
};

/** Rejects, for people, when the pack is refused or cannot be had for two minutes; for half an hour where gateways are busy. */
export const packsOver =
  (on: PacksDependencies): PackSource =>
  async (digest, runSignal) => {
    const { folder, clock, keeps } = on;
    if (folder === null) throw new Error(`this host keeps no packs of ${on.of}`);
    if (!isDigest(digest)) throw new Error(`"${digest}" is no digest of a pack`);
    const place = join(folder, digest);
    if (!(await isThere(place))) {
      const signal = AbortSignal.any([runSignal, on.signal]);
      await bringAtLast({ digest, folder, signal }, on);
      await touch(place, clock);
      await sweep(folder, keeps, clock);
    } else await touch(place, clock);
    return place;
  };
