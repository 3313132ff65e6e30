/** Unpacks an archive into a fresh directory; nothing in it may lead out of that. */
import { lstat, mkdir, readdir, readlink, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { mustRun, runTool } from './tools.js';

const SECONDS = 900;

interface Unpack {
  readonly file: string;
  /** How it is packed; of tar any compression that the host's tar knows. */
  readonly kind: 'tar' | 'zip';
  /** Made anew. */
  readonly into: string;
  /** So many leading parts of the names are dropped. */
  readonly strip: number;
  readonly signal: AbortSignal;
}

/** True of a name that would be written outside. */
export const climbs = (name: string): boolean =>
  name.startsWith('/') || name.split('/').includes('..') || name.includes('\0');

const listCommand = ({ file, kind }: Unpack): readonly string[] =>
  kind === 'zip'
    ? ['unzip', '-Z1', file]
    : ['tar', '--list', '--absolute-names', '--quoting-style=literal', '--file', file];

/** The names are looked at as they come: there may be very many. */
const refuseClimbing = async (work: Unpack): Promise<void> => {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  const bad: string[] = [];
  const look = (text: string): void => {
    const names = (begun + text).split('\n');
    begun = names.pop() ?? '';
    if (bad.length === 0) bad.push(...names.filter(climbs).slice(0, 1));
  };
  const ended = await runTool(listCommand(work), {
    signal: work.signal,
    timeoutSeconds: SECONDS,
    stdout: (chunk) => {
      look(decoder.write(chunk));
    },
  });
  look('\n');
  if (bad.length > 0) throw new Error(`the name "${bad.join('')}" in it leads out of it`);
  if (ended.code !== 0) throw new Error(`it is no archive that can be read: ${ended.output}`);
};

/** Links may lead anywhere within; tar makes those that do not only at the end, so nothing was written through them. */
const refuseLinks = async (top: string, folder = top): Promise<void> => {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const place = join(folder, entry.name);
    if (entry.isDirectory()) await refuseLinks(top, place);
    if (!entry.isSymbolicLink()) continue;
    const target = await readlink(place);
    const leads = resolve(dirname(place), target);
    if (target.startsWith('/') || (leads !== top && !leads.startsWith(top + sep)))
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

/** Throws, and leaves nothing, when it cannot be unpacked whole. */
export const unpack = async (work: Unpack): Promise<void> => {
  const { into, kind, strip, signal } = work;
  await refuseClimbing(work);
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  try {
    await mustRun(commandFor(work), { signal, timeoutSeconds: SECONDS });
    await refuseLinks(into);
    if (kind === 'zip') await stripped(into, strip);
  } catch (error) {
    await rm(into, { recursive: true, force: true });
    throw error;
  }
};
