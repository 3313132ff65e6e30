/** Which Applications a call is about: of this repository, with a token that the caller knows, and on this branch. */
import * as E from 'fp-ts/lib/Either.js';
import { type Sealer, openTexts } from '../../runtime/sealing.js';
import { specKey } from '../../store/keys.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import type { Call } from './proof.js';
import type { Told } from './push.js';
import { repositoryKey } from './repository.js';

type Application = Live<'Application'>;

export interface Looking {
  readonly objects: Objects;
  readonly sealer: Sealer;
}

const isOf = ({ spec, deletion, specGeneration }: Application, { repositories }: Told): boolean => {
  if (deletion !== null || specGeneration === 0) return false;
  if (spec.webhook === undefined || spec.source.type !== 'git') return false;
  const key = repositoryKey(spec.source.url);
  return key !== null && repositories.includes(key);
};

/** Null: there is none, or it does not open. */
const tokenOf = ({ objects, sealer }: Looking, { ref, spec }: Application): string | null => {
  const name = spec.webhook?.secret ?? '';
  const live = objects.get({ kind: 'Secret', cluster: ref.cluster, name });
  if (live === null || live.deletion !== null || live.specGeneration === 0) return null;
  const opened = openTexts(sealer, specKey(live.ref), live.spec.sealed ?? {});
  // put by hand a moment ago, and not sealed yet
  const texts = { ...(E.isRight(opened) ? opened.right : {}), ...live.spec.data };
  return Object.hasOwn(texts, 'token') ? (texts['token'] ?? null) : null;
};

/** So that a repository nobody has takes as long as one that somebody has. */
const NOBODYS = "a token that is nobody's";

/** Those whose token the caller knows, whatever the branch. */
export const proven = (looking: Looking, call: Call, told: Told): readonly Application[] => {
  const tokens = looking.objects
    .list('Application')
    .filter((application) => isOf(application, told))
    .map((application) => ({ application, token: tokenOf(looking, application) }));
  const distinct = new Set([NOBODYS, ...tokens.flatMap(({ token }) => (token === null ? [] : [token]))]);
  const known = new Set([...distinct].filter((token) => call.knows(token) && token !== NOBODYS));
  return tokens.flatMap(({ application, token }) =>
    token !== null && known.has(token) ? [application] : [],
  );
};

const plain = (branch: string): string => branch.replace(/^refs\/heads\//, '');

/** Whether pushes to this branch are deployed. */
export const isDeployed = ({ spec }: Application, branch: string, { defaultBranch }: Told): boolean => {
  const { webhook, source } = spec;
  const one = source.revision ?? defaultBranch;
  const branches = webhook?.branches ?? (one === null ? [] : [one]);
  return branches.map(plain).includes(branch);
};
