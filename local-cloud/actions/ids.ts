/** Ids of machines as callers give them. */
import * as E from 'fp-ts/lib/Either.js';
import { apiError, missingParameter, type ApiError, type Result } from '../api-error.js';
import type { MachineRecord } from '../model.js';
import { list, type Params } from '../query.js';

const ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

const quoted = (ids: readonly string[]): string =>
  ids.length === 1 ? `instance ID '${String(ids[0])}' does` : `instance IDs '${ids.join(', ')}' do`;

export const notFound = (ids: readonly string[]): ApiError =>
  apiError('InvalidInstanceID.NotFound', `The ${quoted(ids)} not exist`);

/** The machines with these ids, in that order and each once; one bad id refuses them all. */
export const machinesOf = (
  ids: readonly string[],
  machines: ReadonlyMap<string, MachineRecord>,
): Result<readonly MachineRecord[]> => {
  const unique = [...new Set(ids)];
  const malformed = unique.find((id) => !ID.test(id));
  if (malformed !== undefined)
    return E.left(apiError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`));
  const unknown = unique.filter((id) => !machines.has(id));
  if (unknown.length > 0) return E.left(notFound(unknown));
  return E.right(unique.flatMap((id) => machines.get(id) ?? []));
};

/** The machines a mutating call names; it must name some. */
export const namedMachines = (
  params: Params,
  machines: ReadonlyMap<string, MachineRecord>,
): Result<readonly MachineRecord[]> => {
  const ids = list(params, 'InstanceId');
  return ids.length === 0 ? E.left(missingParameter('InstanceId')) : machinesOf(ids, machines);
};

export const countIds = (params: Params): number => Math.max(1, list(params, 'InstanceId').length);
