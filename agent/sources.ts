/** What an executor can fetch, and bring, over the agent's credential. */
import type { ExecutorSources } from './executor.js';
import { packsOver } from './packs.js';
import type { Asking } from './requests.js';
import { secretsOver } from './secrets.js';
import { uploadsOver } from './uploads.js';

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
  over: Asking,
  { packs = null, artifacts = null }: PackFolders,
): ExecutorSources => ({
  secrets: secretsOver(over),
  packs: packsOver({ ...over, of: 'cookbooks', folder: packs, keeps: COOKBOOKS_KEPT }),
  artifacts: packsOver({ ...over, of: 'application', folder: artifacts, keeps: CODE_KEPT }),
  upload: uploadsOver(over),
  monotonic: () => over.clock.monotonic(),
});
