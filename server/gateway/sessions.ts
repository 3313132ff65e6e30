/** Which session a connection is given. */

/** An agent that claims more than this beyond what is known is not believed. */
const MAX_CLAIM_AHEAD = 1_000_000;

/**
 * Greater than every session the machine had: by what it says, what was heard of it, and the store's revision, which
 * no two connections that were apart in time share. A wild claim is ignored: it would only shut the machine itself out.
 */
export const nextSession = (claimed: number, heard: number, revision: number): number => {
  const floor = Math.max(1, heard + 1, revision);
  const believable = Number.isSafeInteger(claimed) && claimed >= 0 && claimed < floor + MAX_CLAIM_AHEAD;
  return believable ? Math.max(floor, claimed + 1) : floor;
};
