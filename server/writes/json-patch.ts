/** JSON patch (RFC 6902), bounded. */
import * as E from 'fp-ts/lib/Either.js';
import { type Operation, Pointer, applyPatch } from 'rfc6902';
import type { Problem } from '../../api-types/problems.js';
import type { Status } from '../../api-types/status.js';
import { badRequest, invalid, tooLarge } from '../statuses.js';

const MAX_OPERATIONS = 1000;
/** A patch that copies can grow an object faster than its own size says. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024;
const MAX_POINTER_KEYS = 64;

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  add: ['path', 'value'],
  remove: ['path'],
  replace: ['path', 'value'],
  move: ['from', 'path'],
  copy: ['from', 'path'],
  test: ['path', 'value'],
};

const POINTER = /^(\/([^~/]|~[01])*)*$/;

const pointerProblem = (text: unknown): string | null => {
  if (typeof text !== 'string' || !POINTER.test(text)) return 'expected a JSON pointer as "/spec/replicas"';
  const keys = text.split('/');
  if (keys.length > MAX_POINTER_KEYS) return 'the pointer is nested too deeply';
  return keys.some((key) => FORBIDDEN.includes(key)) ? 'the pointer names a field that no object has' : null;
};

const operationProblem = (operation: unknown): string | null => {
  if (typeof operation !== 'object' || operation === null) return 'expected an object';
  const held = operation as Readonly<Record<string, unknown>>;
  const op = held['op'];
  const needed = typeof op === 'string' && Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined;
  if (needed === undefined) return `op: expected one of ${Object.keys(OPERATIONS).join(', ')}`;
  const missing = needed.find((key) => !Object.hasOwn(held, key));
  if (missing !== undefined) return `${missing} is missing`;
  const pointers = needed.filter((key) => key !== 'value').map((key) => pointerProblem(held[key]));
  return pointers.find((problem) => problem !== null) ?? null;
};

/** The patch when it is one; nothing is known of the object yet. */
export const jsonPatchOf = (patch: unknown): E.Either<Status, readonly Operation[]> => {
  if (!Array.isArray(patch)) return E.left(badRequest('the JSON patch is not a list of operations'));
  if (patch.length > MAX_OPERATIONS)
    return E.left(
      tooLarge(
        `the JSON patch has ${String(patch.length)} operations; at most ${String(MAX_OPERATIONS)} are taken at once`,
      ),
    );
  for (const [index, operation] of patch.entries()) {
    const problem = operationProblem(operation);
    if (problem !== null)
      return E.left(badRequest(`operation ${String(index)} of the JSON patch: ${problem}`));
  }
  return E.right(patch as Operation[]);
};

const copied = (object: unknown, operation: Operation): number => {
  if (operation.op !== 'copy') return 0;
  const value: unknown = Pointer.fromJSON(operation.from).get(object);
  return value === undefined ? 0 : JSON.stringify(value).length;
};

const failed = ({ op, path }: Operation, error: Error): Problem =>
  error.name === 'TestError'
    ? { path, expected: 'the value that the patch tests for (the test failed)', got: 'another one' }
    : { path, expected: `a field that is there, to ${op} it (${error.message})`, got: 'no such field' };

const WHOLE: Problem = { path: '', expected: 'a field (to replace the whole object, PUT it)', got: '""' };

/** The object with the operations carried out on a copy, in order; all of them or none. */
export const jsonPatched = (
  object: unknown,
  patch: readonly Operation[],
  about: { readonly kind: string; readonly name: string },
): E.Either<Status, unknown> => {
  const draft = structuredClone(object);
  let bytes = 0;
  for (const operation of patch) {
    if (operation.path === '' && operation.op !== 'test')
      return E.left(invalid(about.kind, about.name, [WHOLE]));
    bytes += copied(draft, operation);
    if (bytes > MAX_COPIED_BYTES) return E.left(tooLarge('the JSON patch copies more than 3 MiB'));
    const error = applyPatch(draft, [operation])[0] ?? null;
    if (error !== null) return E.left(invalid(about.kind, about.name, [failed(operation, error)]));
  }
  return E.right(draft);
};
