/** Kubeconfig files as kubectl reads them: which server, whom to trust there, and the token for it. */
import * as E from 'fp-ts/lib/Either.js';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import type { Endpoint } from './http.js';

/** The text of a file, or null. */
export type ReadFile = (path: string) => string | null;

/** Clusters that `login` writes bear this extension, whatever people call them. */
export const MARK = 'scalarium.dev';

interface Extension {
  readonly name?: string;
  readonly extension?: unknown;
}

export interface ClusterEntry {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly extensions?: readonly Extension[];
}

export interface UserEntry {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly extensions?: readonly Extension[];
  readonly [field: string]: unknown;
}

interface Named<K extends string, A> {
  readonly entries: readonly ({ readonly name: string } & Readonly<Partial<Record<K, A>>>)[];
}

/** One file, or several as one: of entries with one name the first counts. */
export interface Kubeconfig {
  readonly current: string | null;
  readonly clusters: Named<'cluster', ClusterEntry & { readonly folder: string }>['entries'];
  readonly contexts: Named<'context', { readonly cluster?: string; readonly user?: string }>['entries'];
  readonly users: Named<'user', UserEntry & { readonly folder: string }>['entries'];
}

export interface Context {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Where the mark or its name says that a Scalarium control plane is behind it. */
  readonly ours: boolean;
  /** What `login` noted of the token: whose it is, and its name. */
  readonly login: { readonly user: string; readonly token: string } | null;
}

const objects = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value)
    ? value.filter(
        (item): item is Record<string, unknown> =>
          typeof item === 'object' && item !== null && 'name' in item,
      )
    : [];

/** Entries remember where their file is: paths in them count from there. */
const entriesOf = (value: unknown, field: string, folder: string) =>
  objects(value).map((item) => ({
    name: String(item['name']),
    [field]: { ...(item[field] as object | undefined), folder },
  }));

const readOne = (file: string, text: string): E.Either<string, Kubeconfig> => {
  try {
    const value = (parse(text) ?? {}) as Record<string, unknown>;
    const folder = dirname(file);
    const current = value['current-context'];
    return E.right({
      current: typeof current === 'string' && current !== '' ? current : null,
      clusters: entriesOf(value['clusters'], 'cluster', folder),
      contexts: entriesOf(value['contexts'], 'context', folder),
      users: entriesOf(value['users'], 'user', folder),
    });
  } catch (error) {
    return E.left(`${file} is no kubeconfig: ${(error as Error).message.split('\n')[0] ?? ''}`);
  }
};

const EMPTY: Kubeconfig = { current: null, clusters: [], contexts: [], users: [] };

/** These files as one; those that are not there count as empty. */
export const readKubeconfig = (
  files: readonly string[],
  readFile: ReadFile,
): E.Either<string, Kubeconfig> => {
  let whole = EMPTY;
  for (const file of files) {
    const text = readFile(file);
    if (text === null) continue;
    const one = readOne(file, text);
    if (E.isLeft(one)) return one;
    whole = {
      current: whole.current ?? one.right.current,
      clusters: [...whole.clusters, ...one.right.clusters],
      contexts: [...whole.contexts, ...one.right.contexts],
      users: [...whole.users, ...one.right.users],
    };
  }
  return E.right(whole);
};

const named = <A extends { readonly name: string }>(entries: readonly A[], name: string): A | null =>
  entries.find((entry) => entry.name === name) ?? null;

const within = (folder: string, path: string): string => (isAbsolute(path) ? path : join(folder, path));

const extensionIn = (entry: { readonly extensions?: readonly Extension[] }): Extension | null =>
  entry.extensions?.find(({ name }) => name === MARK) ?? null;

const authorityOf = (
  cluster: ClusterEntry & { readonly folder: string },
  readFile: ReadFile,
): E.Either<string, string | null> => {
  const { 'certificate-authority-data': data, 'certificate-authority': file, folder } = cluster;
  if (cluster['insecure-skip-tls-verify'] === true)
    return E.left(
      'it says insecure-skip-tls-verify, which would give the token to anybody: name the authority',
    );
  if (data !== undefined) return E.right(Buffer.from(data, 'base64').toString());
  if (file === undefined) return E.right(null);
  const text = readFile(within(folder, file));
  return text === null ? E.left(`its certificate-authority ${file} cannot be read`) : E.right(text);
};

/** Ways of kubectl to say who one is that this program does not know. */
const OTHER_WAYS = [
  'client-certificate',
  'client-certificate-data',
  'exec',
  'auth-provider',
  'username',
  'password',
];

const tokenOf = (
  user: UserEntry & { readonly folder: string },
  readFile: ReadFile,
): E.Either<string, string> => {
  if (user.token !== undefined && user.token !== '') return E.right(user.token);
  if (user.tokenFile !== undefined) {
    const text = readFile(within(user.folder, user.tokenFile))?.trim();
    return text === undefined ? E.left(`its tokenFile ${user.tokenFile} cannot be read`) : E.right(text);
  }
  const other = OTHER_WAYS.find((way) => user[way] !== undefined);
  return E.left(
    other === undefined
      ? 'its user has no token: log in with "scalarium login"'
      : `its user says who they are by ${other}, and Scalarium knows tokens only: log in with "scalarium login"`,
  );
};

const loginOf = (user: UserEntry): Context['login'] => {
  const noted = extensionIn(user)?.extension as
    { readonly user?: unknown; readonly token?: unknown } | undefined;
  if (typeof noted?.user !== 'string' || typeof noted.token !== 'string') return null;
  return { user: noted.user, token: noted.token };
};

type Cluster = ClusterEntry & { readonly folder: string };
type User = UserEntry & { readonly folder: string };

const unknownContext = ({ contexts }: Kubeconfig): string => {
  const others = contexts.map(({ name }) => name).join(', ');
  return `there is none of this name${others === '' ? '' : ` (there are: ${others})`}`;
};

/** What a context is made of; Left: what it lacks. */
const partsOf = (
  config: Kubeconfig,
  name: string,
): E.Either<string, { readonly cluster: Cluster; readonly server: string; readonly user: User }> => {
  const context = named(config.contexts, name)?.context;
  if (context === undefined) return E.left(unknownContext(config));
  const cluster = named(config.clusters, context.cluster ?? '')?.cluster;
  if (cluster?.server === undefined) return E.left('it names no cluster with a server');
  const user = named(config.users, context.user ?? '')?.user ?? { folder: '.' };
  return E.right({ cluster, server: cluster.server.replace(/\/+$/, ''), user });
};

/** The context of this name; Left: what is wrong with it, or that there is none. */
export const contextOf = (
  config: Kubeconfig,
  name: string,
  readFile: ReadFile,
): E.Either<string, Context> => {
  const wrong = (why: string): E.Either<string, never> =>
    E.left(`context "${name}" of the kubeconfig: ${why}`);
  const parts = partsOf(config, name);
  if (E.isLeft(parts)) return wrong(parts.left);
  const { cluster, server, user } = parts.right;
  const token = tokenOf(user, readFile);
  if (E.isLeft(token)) return wrong(token.left);
  const ca = authorityOf(cluster, readFile);
  if (E.isLeft(ca)) return wrong(ca.left);
  return E.right({
    name,
    endpoint: { url: server, token: token.right, ...(ca.right === null ? {} : { ca: ca.right }) },
    ours: extensionIn(cluster) !== null || name.startsWith('scalarium'),
    login: loginOf(user),
  });
};
