/** What an executor can fetch, and bring, over the agent's credential. */
import type { Chance } from '../runtime/chance.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import type { ExecutorSources } from './executor.js';
import { packsOver } from './packs.js';
import type { Credential, Route } from './requests.js';
import { secretsOver } from './secrets.js';
import { uploadsOver } from './uploads.js';

export interface SourcesDependencies {
  /** The way to the gateway whose turn it is; further attempts go to others, where there are any. */
  readonly route: (attempt: number) => Route;
  readonly credential: () => Credential;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** The agent ends. */
  readonly signal: AbortSignal;
}

/** Where what was fetched is kept; none: it is given none. */
export interface PackFolders {
  readonly packs?: string | null;
  readonly artifacts?: string | null;
}

/** For a cluster that goes back to an earlier revision. */
const COOKBOOKS_KEPT = 5;
/** What hosts go back to they have as releases: packs are only what these are made of. */
const CODE_KEPT = 2;

export const sourcesOver = (
  over: SourcesDependencies,
  { packs = null, artifacts = null }: PackFolders,
): ExecutorSources => ({
  secrets: secretsOver(over),
  packs: packsOver({ ...over, of: 'cookbooks', folder: packs, keeps: COOKBOOKS_KEPT }),
  artifacts: packsOver({ ...over, of: 'application', folder: artifacts, keeps: CODE_KEPT }),
  upload: uploadsOver(over),
  monotonic: () => over.clock.monotonic(),
});
