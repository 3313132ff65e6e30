/** Conditions as records hold them: a map by type, so that each type can have its own writer. */
import * as t from 'io-ts';
import { Condition } from '../metadata.js';

export const Conditions = t.record(t.string, Condition, 'conditions by type');

/** What two fields mean in every status that has them. */
export const OBSERVED_GENERATION =
  'The newest metadata.generation that this status was computed for. While it is lower, the status tells of an older spec.';
export const APPLIED_GENERATION =
  'The newest metadata.generation that was carried out to the end. `Ready` tells whether it still holds.';

/** Conditions of kinds that nothing is behind. */
export const VALID =
  'Valid: the spec can be read. It says no only after somebody wrote to the store by hand.';
