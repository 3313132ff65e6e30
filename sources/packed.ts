/** Fetches what a source has, once, and makes a pack of it: on the control plane, or on a host that does it for all. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplicationSource } from '../api-types/application-source.js';
import { messageOf } from '../api-types/thrown.js';
import { openSecrets } from '../recipes/secrets.js';
import type { Clock } from '../runtime/clock.js';
import type { Texts } from '../runtime/sealing.js';
import type { Shelf } from '../runtime/shelf.js';
import { archive } from './archive.js';
import { Complaint } from './complaint.js';
import { git } from './git.js';
import { folderIn, packFolder, type Pack } from './pack.js';
import { withRoom } from './room.js';
import { s3 } from './s3/s3.js';
import { svn } from './svn.js';
import { isOfCookbooks, withoutPassword, type Fetcher, type Fetching, type Source } from './source.js';
import { OF_APPLICATIONS, OF_COOKBOOKS, type Words } from './words.js';

export interface WantedPack {
  readonly source: Source;
  /** What is in the Secret that the source names; null: it names none. */
  readonly texts: Texts | null;
  /** What is wanted of it, in place of the source's own revision. */
  readonly revision?: string;
  /** Only this will do, as it was resolved before; null: what there is now. */
  readonly pinned: string | null;
  /** What it is for, as "application shop": how messages begin. */
  readonly about: string;
}

/** Where a source is fetched and packed. */
export interface Workplace {
  /** Of its own, and empty; the pack is left in it. */
  readonly folder: string;
  /** What lasts from one time to the next is kept there. */
  readonly lasting: string;
  readonly local: boolean;
  readonly words: Words;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface PackedSource extends Pack {
  /** What it was resolved to: a commit, a number of svn, the SHA-256 of an archive. */
  readonly revision: string;
}

const FETCHERS: Readonly<Record<ApplicationSource['type'], Fetcher>> = {
  git,
  svn,
  archive,
  s3,
};

/** Takes every value out of a text: git repeats what a server says, and servers what they were told. */
const maskOf = async (texts: Texts | null): Promise<(text: string) => string> => {
  const secrets = openSecrets(() => Promise.resolve(texts ?? {}));
  for (const key of Object.keys(texts ?? {})) await secrets.text({ secret: 'source', key });
  return (text) => secrets.mask(text);
};

/** Longer ones say no more; they stand in records and in events. */
const PROBLEM_CHARACTERS = 1_000;

/** What goes wrong is told to people: with what, and nothing of what the Secret holds. */
const telling = async <A>({ texts, about }: WantedPack, work: () => Promise<A>): Promise<A> => {
  const mask = await maskOf(texts);
  try {
    return await work();
  } catch (error) {
    const begin = `${about}: `;
    const hide = (text: string): string => mask(withoutPassword(text));
    const room = PROBLEM_CHARACTERS - begin.length;
    const said = error instanceof Complaint ? error.within(room, hide) : hide(messageOf(error));
    // without a cause: that would still say what is masked here
    throw new Error(`${begin}${said}`.slice(0, PROBLEM_CHARACTERS));
  }
};

const meant = ({ source, revision }: WantedPack): Source =>
  revision === undefined ? source : { ...source, revision };

const packed = async (at: Workplace, wanted: WantedPack): Promise<PackedSource> => {
  const source = meant(wanted);
  const { texts, pinned } = wanted;
  const room = { folder: at.folder, signal: at.signal, clock: at.clock, thing: at.words.thing };
  return withRoom(room, async (signal) => {
    const folder = join(at.folder, 'source');
    await mkdir(folder);
    const fetching: Fetching = { ...at, source, texts, pinned, folder, signal };
    const { top, revision } = await FETCHERS[source.type](fetching);
    const pack = await packFolder(await folderIn(top, source.path, at.words.folder), at.folder, signal);
    return { ...pack, revision };
  });
};

/** Leaves the pack in the workplace; throws, for people. */
export const packSource = (at: Workplace, wanted: WantedPack): Promise<PackedSource> =>
  telling(wanted, () => packed(at, wanted));

export interface FetchDependencies {
  /** Where the pack goes. */
  readonly shelf: Shelf;
  readonly clock: Clock;
  /** The control plane ends, or what is fetched is not wanted any more. */
  readonly stopped: AbortSignal;
  /** Folders of this machine may be sources. */
  readonly localSources: boolean;
}

export interface FetchedPack {
  readonly revision: string;
  readonly digest: string;
}

/** Fetches, packs, and puts the pack on the shelf; throws, for people. */
export const fetchPacked = (
  { shelf, clock, stopped, localSources }: FetchDependencies,
  wanted: WantedPack,
): Promise<FetchedPack> => {
  const words = isOfCookbooks(wanted.source) ? OF_COOKBOOKS : OF_APPLICATIONS;
  const shared = { lasting: shelf.folder, local: localSources, words, clock, signal: stopped };
  return telling(wanted, () =>
    shelf.work(async (folder) => {
      const { file, digest, revision } = await packed({ ...shared, folder }, wanted);
      await shelf.put(file, digest);
      return { revision, digest };
    }),
  );
};
