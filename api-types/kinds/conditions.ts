/** Conditions as records hold them: a map by type, so that each type can have its own writer. */
import * as t from 'io-ts';
import { Condition } from '../metadata.js';

export const Conditions = t.record(t.string, Condition, 'conditions by type');
