/** What is waited for, and what an object still lacks of it. */
import type { ObjectOf } from '../../client/client.js';
import { UsageError } from '../context.js';
import { pathOf, textOf, valuesAt } from '../print/jsonpath.js';
import { conditionsOf } from '../table.js';

/** Null: reached; else what it still waits for. `object` null: it is gone. */
export type Goal = (object: ObjectOf | null) => string | null;

const gone = 'it is not there any more';

/** Nothing of it is left. */
export const deleted: Goal = (object) => {
  if (object === null) return null;
  return object.metadata.deletionTimestamp === undefined
    ? 'it is there, and nobody deletes it'
    : 'it is being deleted';
};

/** A condition has this status, of what its spec says now. */
export const condition =
  (type: string, status: string): Goal =>
  (object) => {
    if (object === null) return gone;
    const found = Object.values(conditionsOf(object)).find(
      (one) => one.type.toLowerCase() === type.toLowerCase(),
    );
    if (found === undefined) return `it has no condition ${type} yet`;
    const { observedGeneration } = found;
    if (observedGeneration !== undefined && observedGeneration < object.metadata.generation)
      return `its last edit has not been seen yet`;
    if (found.status.toLowerCase() === status.toLowerCase()) return null;
    return `${found.type}=${found.status} (${found.reason}): ${found.message}`;
  };

/** There is such a value at a path; `wanted` null: any. */
export const value = (path: string, wanted: string | null): Goal => {
  const steps = pathOf(path);
  return (object) => {
    if (object === null) return gone;
    const found = valuesAt(object, steps).map(textOf);
    if (wanted === null ? found.length > 0 : found.includes(wanted)) return null;
    return found.length === 0 ? `it has nothing at ${path}` : `${path} is ${found.join(', ')}`;
  };
};

/** `--for` as typed. */
export const goalOf = (text: string): Goal => {
  if (text === 'delete') return deleted;
  const [, type, status = 'True'] = /^condition=([A-Za-z]+)(?:=(True|False|Unknown))?$/i.exec(text) ?? [];
  if (type !== undefined) return condition(type, status);
  const [, path, wanted] = /^jsonpath='?\{(.+?)\}'?(?:=(.*))?$/s.exec(text) ?? [];
  if (path !== undefined) return value(path, wanted ?? null);
  throw new UsageError(
    `--for: expected delete, condition=TYPE[=False] or jsonpath={.path}[=value], got "${text}"`,
  );
};
