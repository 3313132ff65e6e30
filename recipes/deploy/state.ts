/** What a host has of an application, on its disk: which release is in force, which ones are there, how a migration went. */
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { canonicalJson } from '../../api-types/snapshot-digest.js';
import { Release } from '../../api-types/release.js';
import { fields, oneOf } from '../../api-types/words.js';
import { syncFolder, writeWhole } from '../files.js';
import { sha256 } from '../members.js';
import { ifThere, makeParents, placeOf } from '../place.js';
import { layoutOf } from './layout.js';

const FOLDER = '/var/lib/scalarium/applications';
const SUFFIX = '.json';
const ONLY_ROOT = 0o600;

/** One of the two places (ports, sockets) in which the processes of a release run. */
export type Slot = 'a' | 'b';

export const Running = fields('RunningRelease', { release: Release, slot: oneOf(['a', 'b']) }, {});
export interface Running extends t.TypeOf<typeof Running> {}

const KeptRelease = fields(
  'KeptRelease',
  {
    /** Of its pack. */
    digest: t.string,
    /** Of its configuration. */
    config: t.string,
    /** It is whole: unpacked, built, linked. */
    prepared: t.boolean,
  },
  {},
);

/** How far a migration is: one that was begun and not ended may have run, or not. */
const MigrationMark = fields(
  'MigrationMark',
  { deployment: t.string, state: oneOf(['begun', 'done', 'failed']) },
  {},
);

export const HostApplication = fields(
  'HostApplication',
  {
    /** Releases that are there, by their number. */
    releases: t.record(t.string, KeptRelease),
  },
  {
    inForce: Running,
    /** After an overlap: what runs in the other slot until it is finished. */
    beside: Running,
    /** The number of the release that was in force before. */
    before: t.number,
    migration: MigrationMark,
    /** It was taken away from this host, whatever the cluster has. */
    undeployed: t.boolean,
  },
);
export interface HostApplication extends t.TypeOf<typeof HostApplication> {}

export const NOTHING_YET: HostApplication = { releases: {} };

const fileOf = (application: string): string => {
  layoutOf(application);
  return `${FOLDER}/${application}${SUFFIX}`;
};

/** A file that is not ours to read tells nothing: nobody writes it but us. */
const parsed = (text: string): HostApplication => {
  try {
    const decoded = HostApplication.decode(JSON.parse(text));
    return E.isRight(decoded) ? decoded.right : NOTHING_YET;
  } catch {
    return NOTHING_YET;
  }
};

/** `root`: of the host. */
export const readState = async (root: string, application: string): Promise<HostApplication> => {
  const place = await placeOf(root, fileOf(application));
  const text = await ifThere(() => readFile(place, 'utf8'));
  return text === null ? NOTHING_YET : parsed(text);
};

/** On disk when it resolves: the old state or the new one, whenever the power goes. */
export const writeState = async (
  root: string,
  application: string,
  state: HostApplication,
): Promise<void> => {
  const place = await placeOf(root, fileOf(application));
  await makeParents(place);
  await writeWhole(place, `${JSON.stringify(state)}\n`, { mode: ONLY_ROOT });
  await syncFolder(place);
};

export const forgetState = async (root: string, application: string): Promise<void> => {
  await rm(await placeOf(root, fileOf(application)), { force: true });
};

/** All applications that this host knows, by their name. */
export const allStates = async (root: string): Promise<ReadonlyMap<string, HostApplication>> => {
  const folder = await placeOf(root, FOLDER);
  const names = (await ifThere(() => readdir(folder))) ?? [];
  const found = new Map<string, HostApplication>();
  for (const name of names.filter((one) => one.endsWith(SUFFIX) && !one.startsWith('.'))) {
    const text = await ifThere(() => readFile(join(folder, name), 'utf8'));
    if (text !== null) found.set(name.slice(0, -SUFFIX.length), parsed(text));
  }
  return found;
};

/** What tells whether a folder is this release: a number is given once, but a store may have been restored. */
export const markOf = ({ digest, config }: Release, prepared: boolean): t.TypeOf<typeof KeptRelease> => ({
  digest,
  config: sha256(canonicalJson(config)),
  prepared,
});

export const isPrepared = ({ releases }: HostApplication, release: Release): boolean => {
  const [found, wanted] = [releases[String(release.number)], markOf(release, true)];
  return found?.prepared === true && found.digest === wanted.digest && found.config === wanted.config;
};

/** Both say the same release. */
export const isSame = (one: Release, other: Release): boolean =>
  one.number === other.number && canonicalJson(markOf(one, true)) === canonicalJson(markOf(other, true));

export const otherSlot = (slot: Slot): Slot => (slot === 'a' ? 'b' : 'a');
