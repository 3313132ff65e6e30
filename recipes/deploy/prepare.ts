/** Brings a release to a host, beside the one in force: its pack, its build, its links. Nothing in force is touched. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../place.js';
import type { Resource } from '../resource.js';
import { applicationFolders } from '../roles/application-service.js';
import { mustRun } from '../tools.js';
import { LOOKED_FOR, buildCommands, buildFolders, type Has } from './build.js';
import { cleanUp } from './cleanup.js';
import { placeOfRelease, runHook, runLine, shellLine, type Target } from './commands.js';
import { bringSharedFiles, linkShared, sharedFolders } from './link.js';
import { isPrepared, markOf } from './state.js';
import { currentOf, unpackRelease } from './unpack.js';

const SYNC_SECONDS = 300;

const isThere = async (place: string): Promise<boolean> => (await ifThere(() => lstat(place))) !== null;

/** Who owns it, and where it is to be. */
const groundOf = async (target: Target, pack: string): Promise<readonly Resource[]> => {
  const { subject, release, part } = target;
  const shared = [...(release.config.shared ?? []), ...buildFolders(release.config)];
  return [
    ...part.files.filter(({ type }) => type === 'user' || type === 'group'),
    ...applicationFolders(subject.application, part.user),
    ...(await sharedFolders(target, shared, pack)),
  ];
};

export const marked = async ({ subject, release }: Target, prepared: boolean): Promise<void> => {
  const state = await subject.state();
  const releases = { ...state.releases, [String(release.number)]: markOf(release, prepared) };
  await subject.write({ ...state, releases });
};

const unpack = async (target: Target, pack: string): Promise<void> => {
  const { subject } = target;
  await currentOf(subject);
  await cleanUp(target);
  await subject.apply(await groundOf(target, pack));
  await bringSharedFiles(target, target.release.config.shared ?? [], pack);
  // noted first: a build that never ends well is known, and goes with the next one
  await marked(target, false);
  await unpackRelease(target, pack);
};

const hasOf = async (target: Target): Promise<Has> => {
  const folder = await placeOfRelease(target);
  const found = new Set<string>();
  for (const name of LOOKED_FOR) if (await isThere(join(folder, name))) found.add(name);
  return (name) => found.has(name);
};

const build = async (target: Target): Promise<void> => {
  await runHook(target, 'beforeBuild', 'build');
  for (const line of buildCommands(target.release.config, await hasOf(target)))
    await runLine(target, shellLine(line, 'build'));
};

/** A power cut must not leave empty files in a release that is trusted. */
const synced = async (target: Target): Promise<void> => {
  const { signal } = target.subject.on;
  const command = ['sync', '--file-system', await placeOfRelease(target)];
  await mustRun(command, { signal, timeoutSeconds: SYNC_SECONDS });
};

/** The one in force is what is gone back to: one whose folder is gone is brought again before anything is switched. */
export const heal = async (target: Target): Promise<void> => {
  if (!(await isThere(await placeOfRelease(target)))) await prepare(target);
};

/** Does nothing for one that is there whole. */
export const prepare = async (target: Target): Promise<void> => {
  const { subject, release } = target;
  const { artifacts, signal, log } = subject.on;
  if (isPrepared(await subject.state(), release) && (await isThere(await placeOfRelease(target)))) {
    log.info('release is there', { application: subject.application, release: release.number });
    return;
  }
  const pack = await subject.stage('fetch', release, () => artifacts(release.digest, signal));
  await subject.stage('unpack', release, () => unpack(target, pack));
  await subject.stage('build', release, () => build(target));
  await subject.stage('link', release, async () => {
    await linkShared(target);
    await synced(target);
    await marked(target, true);
  });
  subject.changed(`release[${subject.application} ${String(release.number)}]`);
};
