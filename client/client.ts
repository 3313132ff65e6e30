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
import { type AccessDoors, type AskJson, accessDoors } from './doors.js';
import { type Endpoint, type Received, type Requester, type Sent, opener, requester } from './http.js';
import { type ListOptions, wholeList } from './lists.js';
import { type LogOptions, openLog } from './logs.js';
import { API_PATH, objectPath } from './paths.js';
import { type WatchEvent, type WatchOptions, watching } from './watch.js';
import { writes } from './writes.js';

export type { ListOptions } from './lists.js';

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

/** An object as it is after a write; `warning` is for people. `object` null: it is gone already. */
export interface Written<K extends KindName = KindName> {
  readonly object: ObjectOf<K> | null;
  readonly warning: string | null;
}

export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface WriteOptions {
  /** All is checked and the answer is what it would be, but nothing is stored. */
  readonly dryRun?: boolean;
  /** In whose name fields are noted as managed. */
  readonly fieldManager?: string;
  /** Server-side apply: takes fields over from other managers. */
  readonly force?: boolean;
}

export interface Client {
  readonly endpoint: Endpoint;
  /** All objects, in pages of 500 that are put together. */
  list<K extends KindName>(kind: K, options?: ListOptions): TaskEither<Status, ObjectList<K>>;
  get<K extends KindName>(of: Address<K>): TaskEither<Status, ObjectOf<K>>;
  create<K extends KindName>(
    of: Address<K>,
    document: unknown,
    options?: WriteOptions,
  ): TaskEither<Status, Written<K>>;
  replace<K extends KindName>(
    of: Address<K>,
    document: unknown,
    options?: WriteOptions,
  ): TaskEither<Status, Written<K>>;
  /** A merge patch. */
  patch<K extends KindName>(
    of: Address<K>,
    patch: unknown,
    options?: WriteOptions,
  ): TaskEither<Status, Written<K>>;
  /** Server-side apply. */
  apply<K extends KindName>(
    of: Address<K>,
    document: unknown,
    options: WriteOptions & { readonly fieldManager: string },
  ): TaskEither<Status, Written<K>>;
  scale(
    of: Address<'Role'>,
    to: { readonly replicas: number; readonly resourceVersion?: string },
    options?: WriteOptions,
  ): TaskEither<Status, Written>;
  delete<K extends KindName>(
    of: Address<K>,
    only?: Preconditions & Pick<WriteOptions, 'dryRun'>,
  ): TaskEither<Status, Written<K>>;
  /** Deletes all of a cluster (or, cluster null, of a cluster-wide kind) that the selectors take. */
  deleteCollection(
    kind: KindName,
    options: ListOptions & { readonly cluster: string | null },
  ): TaskEither<Status, Written>;
  /** Objects as they are, then as they change; goes on after a lost connection. Throws an Error with the Status as cause. */
  watch<K extends KindName>(kind: K, options?: WatchOptions): AsyncIterable<WatchEvent<ObjectOf<K>>>;
  /** The log of a host, line by line. */
  logs(of: Address<'Instance'>, options?: LogOptions): TaskEither<Status, AsyncIterable<string>>;
  plan(documents: readonly unknown[]): TaskEither<Status, Plan>;
  /** Consents to the edit or deletion that was seen. */
  consent(
    of: Address<'Role' | 'Cluster'>,
    seen: { readonly uid: string; readonly generation: number },
  ): TaskEither<Status, Written>;
  version(): TaskEither<Status, { readonly gitVersion: string }>;
  /** Who one is, rights, tokens, passwords. */
  readonly access: AccessDoors;
  /** Any path of the API; the answer's JSON as it came. */
  raw(method: string, path: string, sent?: Sent): TaskEither<Status, Received>;
}

export interface ClientOptions extends Endpoint {
  /** In whose name fields are noted as managed, where a write does not say another. */
  readonly fieldManager?: string;
  /** Waits between tries of a watch. */
  readonly pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

const asJson =
  (request: Requester): AskJson =>
  <A>(method: string, path: string, body?: unknown) =>
  async () =>
    E.map(({ json }: Received) => json as A)(await request(method, path, body === undefined ? {} : { body }));

const reads = (
  request: Requester,
  ask: AskJson,
): Pick<Client, 'list' | 'get' | 'plan' | 'version' | 'raw'> => ({
  list: (kind, options) => wholeList(request, kind, options),
  get: (of) => ask('GET', objectPath(of.kind, of.cluster, of.name)),
  plan: (items) => ask('POST', `${API_PATH}/plan`, { kind: 'List', items }),
  version: () => ask('GET', '/version'),
  raw: (method, path, sent) => () => request(method, path, sent),
});

/** A client of the control plane at an endpoint. */
export const openClient = (options: ClientOptions): Client => {
  const { pause, fieldManager, ...endpoint } = options;
  const request = requester(endpoint);
  const ask = asJson(request);
  const reading = reads(request, ask);
  return {
    endpoint,
    ...reading,
    ...writes(request, fieldManager),
    access: accessDoors(ask),
    logs: openLog(opener(endpoint)),
    watch: <K extends KindName>(kind: K, how: WatchOptions = {}) =>
      watching<ObjectOf<K>>({ kind, how, list: reading.list(kind, how), open: opener(endpoint), pause }),
  };
};
