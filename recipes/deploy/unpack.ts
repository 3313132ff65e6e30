/** Brings a release's code into its folder: whole or not there, and its user's. */
import { chmod, lstat, mkdir, readlink, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere, placeOf } from '../place.js';
import { mustRun } from '../tools.js';
import { placeOfRelease, whoOf, type Target } from './commands.js';
import { currentTarget, layoutOf } from './layout.js';
import type { Subject } from './subject.js';

const SECONDS = 900;
const OPEN = 0o755;
const PRIVATE = 0o700;

/** By the system's own program: it follows no link that somebody puts in its way meanwhile. */
export const removeTree = async (place: string, signal: AbortSignal): Promise<void> => {
  await mustRun(['rm', '-rf', '--one-file-system', '--', place], { signal, timeoutSeconds: SECONDS });
};

/** Where `current` leads; null: there is none. Throws for what is no link. */
export const currentOf = async ({ on, application }: Subject): Promise<string | null> => {
  const { current } = layoutOf(application);
  const place = await placeOf(on.root, current);
  const found = await ifThere(() => lstat(place));
  if (found === null) return null;
  if (!found.isSymbolicLink())
    throw new Error(`${current} is no link but something that was put there: expected it to be moved away`);
  return readlink(place);
};

/** A release that is in force is never replaced: its processes would lose their code. */
const refuseInForce = async ({ subject, release }: Target): Promise<void> => {
  const isCurrent = (await currentOf(subject)) === currentTarget(release.number);
  const place = await placeOfRelease({ subject, release });
  if (!isCurrent || (await ifThere(() => lstat(place))) === null) return;
  throw new Error(
    `release ${String(release.number)} is in force, and its folder is not what this host has noted of it: deploy another release, or undeploy`,
  );
};

const owned = async (target: Target, place: string): Promise<void> => {
  const who = await whoOf(target);
  if (who === null) return;
  const { uid, gid } = who.as;
  const { signal } = target.subject.on;
  const command = ['chown', '--no-dereference', '--recursive', `${String(uid)}:${String(gid)}`, '--', place];
  await mustRun(command, { signal, timeoutSeconds: SECONDS });
};

/** Root's alone until it is whole: nobody can put a link into it while it is written. */
const copied = async (target: Target, pack: string, fresh: string): Promise<void> => {
  const { signal } = target.subject.on;
  await mkdir(fresh, { mode: PRIVATE });
  await mustRun(['cp', '--archive', '--reflink=auto', '--', `${pack}/.`, fresh], {
    signal,
    timeoutSeconds: SECONDS,
  });
  await owned(target, fresh);
  await chmod(fresh, OPEN);
};

/** `pack`: a folder with what the release consists of. */
export const unpackRelease = async (target: Target, pack: string): Promise<void> => {
  const { subject, release } = target;
  const { root, signal } = subject.on;
  await refuseInForce(target);
  const staging = await placeOf(root, layoutOf(subject.application).staging);
  await removeTree(staging, signal);
  await mkdir(staging, { recursive: true, mode: PRIVATE });
  try {
    const [fresh, place] = [join(staging, String(release.number)), await placeOfRelease(target)];
    await copied(target, pack, fresh);
    await removeTree(place, signal);
    await rename(fresh, place);
  } finally {
    // the disk may be full of it
    await removeTree(staging, AbortSignal.timeout(SECONDS * 1000));
  }
};
