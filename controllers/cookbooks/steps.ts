/** Carries a step out: fetches a source, packs it, puts the pack where gateways find it. */
import type { CookbookPack, CookbookSource } from '../../api-types/cookbooks.js';
import { fetchPacked, type FetchDependencies } from '../../sources/packed.js';
import { sourceTexts, type SecretsAtHand } from '../source-texts.js';
import type { CookbookStep } from './plan.js';

export interface StepDependencies extends FetchDependencies, SecretsAtHand {}

/** What a step came to. */
export type StepOutcome =
  | { readonly _tag: 'Packed'; readonly step: CookbookStep; readonly pack: CookbookPack }
  | { readonly _tag: 'Failed'; readonly step: CookbookStep; readonly problem: string };

const aboutOf = ({ name, type }: CookbookSource): string => `source ${name} (${type})`;

const packed = async (on: StepDependencies, cluster: string, step: CookbookStep): Promise<CookbookPack> => {
  const { source, pinned } = step;
  const about = aboutOf(source);
  const texts = sourceTexts(on, { cluster, secret: source.secret, about });
  const { revision, digest } = await fetchPacked(on, { source, texts, pinned, about });
  return { name: source.name, revision, digest };
};

/** Never rejects. */
export const carryOut = async (
  on: StepDependencies,
  cluster: string,
  step: CookbookStep,
): Promise<StepOutcome> => {
  try {
    return { _tag: 'Packed', step, pack: await packed(on, cluster, step) };
  } catch (error) {
    return { _tag: 'Failed', step, problem: (error as Error).message };
  }
};
