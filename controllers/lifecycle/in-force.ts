/** Which objects count. */
import type { Live } from '../../store/objects/objects.js';

/** Its spec is there, valid at least once, and it is not on its way out, noted by a keeper or not yet. */
export const isInForce = ({ deletion, specGeneration, specRevision, succeeded }: Live): boolean =>
  deletion === null && specGeneration > 0 && specRevision > 0 && !succeeded;
