/** Unpacks an archive into a fresh directory; nothing in it may lead out of that, nor fill the disk. */
import { lstat, mkdir, open, readdir, readlink, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Listing, listCommand, roomIn, type Packing } from './listing.js';
import { ifThere } from './place.js';
import { mustRun, runTool } from './tools.js';

const SECONDS = 900;

interface Unpack {
  readonly file: string;
  /** How it is packed; of tar any compression that the host's tar knows. */
  readonly kind: Packing;
  /** Made anew. */
  readonly into: string;
  /** So many leading parts of the names are dropped. */
  readonly strip: number;
  readonly signal: AbortSignal;
}

/** A zip begins so; tar has no such mark, and its compressions are told by tar. */
const ZIP = Buffer.from('PK');

/** By its content: an address need not tell. */
export const kindOf = async (file: string): Promise<Packing> => {
  const handle = await open(file, 'r');
  try {
    const begin = Buffer.alloc(ZIP.length);
    await handle.read(begin, 0, ZIP.length, 0);
    return begin.equals(ZIP) ? 'zip' : 'tar';
  } finally {
    await handle.close();
  }
};

/** Throws where it leads out of `into`, or would fill the disk. What is in it is looked at as it comes: there may be very much. */
export const refuseBad = async ({ file, kind, into, signal }: Omit<Unpack, 'strip'>): Promise<void> => {
  const listing = await Listing.open(kind, dirname(into));
  const done = new AbortController();
  const ended = await runTool(listCommand(kind, file), {
    // a bomb is not read to its end
    signal: AbortSignal.any([signal, done.signal]),
    timeoutSeconds: SECONDS,
    stdout: (chunk) => {
      if (listing.add(chunk) !== null) done.abort();
    },
  }).catch((error: unknown) => {
    if (!done.signal.aborted) throw error;
    return null;
  });
  const problem = listing.end();
  if (problem !== null) throw new Error(problem);
  if (ended?.code !== 0) throw new Error(`it is no archive that can be read: ${ended?.output ?? ''}`);
};

const isWithin = (top: string, real: string): boolean => real === top || real.startsWith(top + sep);

/** As the kernel goes: a name behind ".." is looked for from where the links before it have led. */
const leadsOut = async (top: string, path: string): Promise<boolean> => {
  const real = await ifThere(() => realpath(path));
  if (real !== null) return !isWithin(top, real);
  const at = path.lastIndexOf('/');
  // what is not there has nothing above it either
  return path.slice(at + 1) === '..' || leadsOut(top, path.slice(0, at));
};

/** Links may lead anywhere within; tar makes those that do not only at the end, so nothing was written through them. */
const refuseLinks = async (top: string, folder = top): Promise<void> => {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const place = join(folder, entry.name);
    if (entry.isDirectory()) await refuseLinks(top, place);
    if (!entry.isSymbolicLink()) continue;
    const target = await readlink(place);
    if (target.startsWith('/') || (await leadsOut(top, `${folder}/${target}`)))
      throw new Error(`the link ${relative(top, place)} in it leads out of it, to ${target}`);
  }
};

/** unzip drops no leading parts: done afterwards, where all agree on them. */
const stripped = async (into: string, strip: number): Promise<void> => {
  for (let turn = 0; turn < strip; turn += 1) {
    const [only, ...others] = await readdir(into);
    if (only === undefined || others.length > 0 || !(await lstat(join(into, only))).isDirectory())
      throw new Error('its names do not all begin with one directory, so none can be dropped');
    const aside = `${into}.inner`;
    await rm(aside, { recursive: true, force: true });
    await rename(join(into, only), aside);
    await rm(into, { recursive: true });
    await rename(aside, into);
  }
};

const commandFor = ({ file, kind, into, strip }: Unpack): readonly string[] =>
  kind === 'zip'
    ? ['unzip', '-q', '-o', file, '-d', into]
    : [
        'tar',
        '--extract',
        '--no-same-owner',
        '--strip-components',
        String(strip),
        '--file',
        file,
        '--directory',
        into,
      ];

const LOOK_MS = 250;

/** A zip may hold more than it lists. */
const whileRoom = async (
  folder: string,
  signal: AbortSignal,
  work: (limit: AbortSignal) => Promise<unknown>,
): Promise<void> => {
  const [full, done] = [new AbortController(), new AbortController()];
  const watch = async (): Promise<void> => {
    while (!done.signal.aborted) {
      if ((await roomIn(folder)) < 0) full.abort();
      await sleep(LOOK_MS, undefined, { signal: done.signal }).catch(() => undefined);
    }
  };
  const watched = watch();
  try {
    await work(AbortSignal.any([signal, full.signal]));
  } catch (error) {
    throw full.signal.aborted && !signal.aborted ? new Error('the disk has no room for all of it') : error;
  } finally {
    done.abort();
    await watched;
  }
};

/** Throws, and leaves nothing, when it cannot be unpacked whole. */
export const unpack = async (work: Unpack): Promise<void> => {
  const { into, kind, strip, signal } = work;
  await refuseBad(work);
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  try {
    await whileRoom(into, signal, (limit) =>
      mustRun(commandFor(work), { signal: limit, timeoutSeconds: SECONDS }),
    );
    await refuseLinks(await realpath(into));
    if (kind === 'zip') await stripped(into, strip);
  } catch (error) {
    await rm(into, { recursive: true, force: true });
    throw error;
  }
};
