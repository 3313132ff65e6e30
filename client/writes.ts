/** Requests that change objects. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { KindName } from '../api-types/kinds.js';
import type { Status } from '../api-types/status.js';
import type { Address, Client, ObjectOf, WriteOptions, Written } from './client.js';
import type { Received, Requester, Sent } from './http.js';
import { fieldsOf } from './lists.js';
import { collectionPath, objectPath, queryOf } from './paths.js';

const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

type Writes = Pick<
  Client,
  'create' | 'replace' | 'patch' | 'apply' | 'scale' | 'delete' | 'deleteCollection' | 'consent'
>;

const asWritten = <K extends KindName>({ json, warning }: Received): Written<K> => {
  const isStatus = (json as { readonly kind?: unknown } | undefined)?.kind === 'Status';
  return { object: isStatus ? null : (json as ObjectOf<K>), warning };
};

const pathOf = (of: Address): string => objectPath(of.kind, of.cluster, of.name);

const queryOfWrite = ({ dryRun, force, fieldManager }: WriteOptions): string =>
  queryOf({
    dryRun: dryRun === true ? 'All' : undefined,
    force: force === true ? 'true' : undefined,
    fieldManager,
  });

/** Every write of the client, over `request`; `manager` where none is named. */
export const writes = (request: Requester, manager?: string): Writes => {
  const queryFor = (options: WriteOptions): string =>
    queryOfWrite({ ...(manager === undefined ? {} : { fieldManager: manager }), ...options });
  const write =
    <K extends KindName>(method: string, path: string, sent: Sent): TaskEither<Status, Written<K>> =>
    async () =>
      E.map(asWritten<K>)(await request(method, path, sent));
  return {
    create: (of, body, options = {}) =>
      write('POST', collectionPath(of.kind, of.cluster) + queryFor(options), { body }),
    replace: (of, body, options = {}) => write('PUT', pathOf(of) + queryFor(options), { body }),
    patch: (of, body, options = {}) => write('PATCH', pathOf(of) + queryFor(options), { body, type: MERGE }),
    apply: (of, body, options) => write('PATCH', pathOf(of) + queryFor(options), { body, type: APPLY }),
    scale: (of, { replicas, resourceVersion }, options = {}) => {
      const metadata = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
      const sent = { body: { ...metadata, spec: { replicas } }, type: MERGE };
      return write('PATCH', `${pathOf(of)}/scale${queryFor(options)}`, sent);
    },
    delete: (of, { dryRun, ...preconditions } = {}) =>
      write('DELETE', pathOf(of), {
        body: { preconditions, ...(dryRun === true ? { dryRun: ['All'] } : {}) },
      }),
    deleteCollection: (kind, options) => {
      const query = queryOf({ labelSelector: options.labelSelector, fieldSelector: fieldsOf(options) });
      return write('DELETE', collectionPath(kind, options.cluster) + query, {});
    },
    consent: (of, seen) => write('POST', `${pathOf(of)}/consent`, { body: seen }),
  };
};
