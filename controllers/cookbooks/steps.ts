/** Carries a step out: fetches a source, packs it, puts the pack where gateways find it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { CookbookPack, CookbookSource } from '../../api-types/cookbooks.js';
import { openSecrets } from '../../recipes/secrets.js';
import type { Clock } from '../../runtime/clock.js';
import { openTexts, type Sealer, type Texts } from '../../runtime/sealing.js';
import type { Shelf } from '../../runtime/shelf.js';
import { specKey } from '../../store/keys.js';
import type { Objects } from '../../store/objects/objects.js';
import { folderIn, packFolder } from './pack.js';
import type { CookbookStep } from './plan.js';
import { archive } from './sources/archive.js';
import { git } from './sources/git.js';
import { withRoom } from './sources/room.js';
import { s3 } from './sources/s3.js';
import { withoutPassword, type Fetcher } from './sources/source.js';

export interface StepDependencies {
  readonly objects: Objects;
  readonly sealer: Sealer;
  readonly shelf: Shelf;
  readonly clock: Clock;
  /** The control plane ends, or what is fetched is not wanted any more. */
  readonly stopped: AbortSignal;
  /** Folders of this machine may be sources. */
  readonly localSources: boolean;
}

const FETCHERS: Readonly<Record<CookbookSource['type'], Fetcher>> = { git, archive, s3 };

/** What a step came to. */
export type StepOutcome =
  | { readonly _tag: 'Packed'; readonly step: CookbookStep; readonly pack: CookbookPack }
  | { readonly _tag: 'Failed'; readonly step: CookbookStep; readonly problem: string };

const textsOf = (
  { objects, sealer }: StepDependencies,
  cluster: string,
  source: CookbookSource,
): Texts | null => {
  const { secret } = source;
  if (secret === undefined) return null;
  const live = objects.get({ kind: 'Secret', cluster, name: secret });
  if (live === null || live.deletion !== null)
    throw new Error(
      `cluster ${cluster} has no Secret ${secret}: scalarium secret set ${secret} KEY=- -n ${cluster}`,
    );
  const opened = openTexts(sealer, specKey(live.ref), live.spec.sealed ?? {});
  if (E.isLeft(opened)) throw new Error(opened.left);
  return { ...opened.right, ...live.spec.data };
};

/** Takes every value out of a text: git repeats what a server says, and servers what they were told. */
const maskOf = async (texts: Texts | null): Promise<(text: string) => string> => {
  const secrets = openSecrets(() => Promise.resolve(texts ?? {}));
  for (const key of Object.keys(texts ?? {})) await secrets.text({ secret: 'source', key });
  return (text) => secrets.mask(text);
};

const packed = async (
  on: StepDependencies,
  step: CookbookStep,
  texts: Texts | null,
): Promise<CookbookPack> => {
  const { source, pinned } = step;
  const { shelf, clock, stopped } = on;
  return shelf.work((work) =>
    withRoom({ folder: work, signal: stopped, clock }, async (signal) => {
      const folder = join(work, 'source');
      await mkdir(folder);
      const common = { source, texts, pinned, folder, signal, clock };
      const fetched = await FETCHERS[source.type]({
        ...common,
        lasting: shelf.folder,
        local: on.localSources,
      });
      const pack = await packFolder(await folderIn(fetched.top, source.path), work, signal);
      await shelf.put(pack.file, pack.digest);
      return { name: source.name, revision: fetched.revision, digest: pack.digest };
    }),
  );
};

/** Longer ones say no more; they stand in the record and in an event. */
const PROBLEM_CHARACTERS = 1_000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Never rejects. */
export const carryOut = async (
  on: StepDependencies,
  cluster: string,
  step: CookbookStep,
): Promise<StepOutcome> => {
  let mask = (text: string): string => text;
  try {
    const texts = textsOf(on, cluster, step.source);
    mask = await maskOf(texts);
    return { _tag: 'Packed', step, pack: await packed(on, step, texts) };
  } catch (error) {
    const said = mask(withoutPassword(messageOf(error))).slice(0, PROBLEM_CHARACTERS);
    return { _tag: 'Failed', step, problem: `source ${step.source.name} (${step.source.type}): ${said}` };
  }
};
