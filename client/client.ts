/**
 * The API, typed, for the CLI, the web and tests. Failures are Status values as the server sent them; code 0 and
 * reason `Unreachable`: it could not be asked.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { KindName, SpecOf } from '../api-types/kinds.js';
import type { ApiObject } from '../api-types/metadata.js';
import type { Plan } from '../api-types/plan.js';
import type { Status } from '../api-types/status.js';
import { type Endpoint, type Received, type Requester, opener, requester } from './http.js';
import { API_PATH, collectionPath, objectPath, queryOf } from './paths.js';
import { type WatchEvent, type WatchOptions, watching } from './watch.js';

/** An object as served; status is read loosely, newer servers may say more. */
export type ObjectOf<K extends KindName = KindName> = ApiObject<SpecOf<K>, Readonly<Record<string, unknown>>>;

/** Which object; cluster null for cluster-wide kinds. */
export interface Address<K extends KindName = KindName> {
  readonly kind: K;
  readonly cluster: string | null;
  readonly name: string;
}

export interface ObjectList<K extends KindName = KindName> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly ObjectOf<K>[];
}

export interface ListOptions {
  /** Null or none: cluster-wide, or of all clusters. */
  readonly cluster?: string | null;
  readonly labelSelector?: string;
  readonly name?: string;
}

/** An object as it is after a write; `warning` is for people. `object` null: it is gone already. */
export interface Written<K extends KindName = KindName> {
  readonly object: ObjectOf<K> | null;
  readonly warning: string | null;
}

export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface Client {
  readonly endpoint: Endpoint;
  list<K extends KindName>(kind: K, options?: ListOptions): TaskEither<Status, ObjectList<K>>;
  get<K extends KindName>(of: Address<K>): TaskEither<Status, ObjectOf<K>>;
  create<K extends KindName>(of: Address<K>, document: unknown): TaskEither<Status, Written<K>>;
  replace<K extends KindName>(of: Address<K>, document: unknown): TaskEither<Status, Written<K>>;
  patch<K extends KindName>(of: Address<K>, patch: unknown): TaskEither<Status, Written<K>>;
  delete<K extends KindName>(of: Address<K>, only?: Preconditions): TaskEither<Status, Written<K>>;
  /** Objects as they are, then as they change; goes on after a lost connection. Throws an Error with the Status as cause. */
  watch<K extends KindName>(kind: K, options?: WatchOptions): AsyncIterable<WatchEvent<ObjectOf<K>>>;
  plan(documents: readonly unknown[]): TaskEither<Status, Plan>;
  /** Consents to the edit or deletion that was seen. */
  consent(
    of: Address<'Role' | 'Cluster'>,
    seen: { readonly uid: string; readonly generation: number },
  ): TaskEither<Status, Written>;
  version(): TaskEither<Status, { readonly gitVersion: string }>;
}

export interface ClientOptions extends Endpoint {
  /** Waits between tries of a watch. */
  readonly pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

const asObject = <K extends KindName>({ json, warning }: Received): Written<K> => {
  const isStatus = (json as { readonly kind?: unknown } | undefined)?.kind === 'Status';
  return { object: isStatus ? null : (json as ObjectOf<K>), warning };
};

type Ask = () => ReturnType<Requester>;

const asking =
  <A>(ask: Ask, read: (got: Received) => A): TaskEither<Status, A> =>
  async () =>
    E.map(read)(await ask());

const pathOf = (of: Address): string => objectPath(of.kind, of.cluster, of.name);

const MERGE = 'application/merge-patch+json';

const reads = (request: Requester): Pick<Client, 'list' | 'get' | 'plan' | 'version'> => ({
  list: <K extends KindName>(kind: K, { cluster = null, labelSelector, name }: ListOptions = {}) => {
    const fieldSelector = name === undefined ? undefined : `metadata.name=${name}`;
    const path = collectionPath(kind, cluster) + queryOf({ labelSelector, fieldSelector });
    return asking(
      () => request('GET', path),
      ({ json }) => json as ObjectList<K>,
    );
  },
  get: <K extends KindName>(of: Address<K>) =>
    asking(
      () => request('GET', pathOf(of)),
      ({ json }) => json as ObjectOf<K>,
    ),
  plan: (items) =>
    asking(
      () => request('POST', `${API_PATH}/plan`, { body: { kind: 'List', items } }),
      ({ json }) => json as Plan,
    ),
  version: () =>
    asking(
      () => request('GET', '/version'),
      ({ json }) => json as { readonly gitVersion: string },
    ),
});

const writes = (request: Requester): Pick<Client, 'create' | 'replace' | 'patch' | 'delete' | 'consent'> => ({
  create: <K extends KindName>(of: Address<K>, body: unknown) =>
    asking(() => request('POST', collectionPath(of.kind, of.cluster), { body }), asObject<K>),
  replace: <K extends KindName>(of: Address<K>, body: unknown) =>
    asking(() => request('PUT', pathOf(of), { body }), asObject<K>),
  patch: <K extends KindName>(of: Address<K>, body: unknown) =>
    asking(() => request('PATCH', pathOf(of), { body, type: MERGE }), asObject<K>),
  delete: <K extends KindName>(of: Address<K>, preconditions: Preconditions = {}) =>
    asking(() => request('DELETE', pathOf(of), { body: { preconditions } }), asObject<K>),
  consent: (of, seen) => asking(() => request('POST', `${pathOf(of)}/consent`, { body: seen }), asObject),
});

/** A client of the control plane at an endpoint. */
export const openClient = (options: ClientOptions): Client => {
  const endpoint: Endpoint = { url: options.url, token: options.token };
  const request = requester(endpoint);
  const reading = reads(request);
  return {
    endpoint,
    ...reading,
    ...writes(request),
    watch: <K extends KindName>(kind: K, how: WatchOptions = {}) =>
      watching<ObjectOf<K>>({
        kind,
        how,
        list: reading.list(kind, how),
        open: opener(endpoint),
        pause: options.pause,
      }),
  };
};
