/** Where the control plane is: flags, then the environment, then what a running one left in its data directory. */
import * as E from 'fp-ts/lib/Either.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint } from './http.js';

export interface ConnectionFlags {
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly data?: string | undefined;
}

/** The text of a file, or null. */
export type ReadFile = (path: string) => string | null;

const fromDisk: ReadFile = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const urlIn = (text: string | null): string | null => {
  try {
    const value = JSON.parse(text ?? 'null') as { readonly url?: unknown } | null;
    return typeof value?.url === 'string' ? value.url : null;
  } catch {
    return null;
  }
};

const isUrl = (text: string): boolean => {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
};

type Env = Readonly<Record<string, string | undefined>>;

const NOT_RUNNING = (data: string): string =>
  `no control plane is running with the data directory ${data}: start it with "npm start" or "scalarium up", or name it with --data or --server`;

const NO_TOKEN = (url: string): string =>
  `no token for ${url}: give it with --token or SCALARIUM_TOKEN, or name its data directory with --data`;

/** The first of these that says something. */
const first = (...texts: readonly (string | null | undefined)[]): string | null =>
  texts.find((text) => text !== undefined && text !== null && text !== '') ?? null;

/** The endpoint, or one line that says what to do. */
export const findEndpoint = (
  flags: ConnectionFlags,
  env: Env,
  readFile: ReadFile = fromDisk,
): E.Either<string, Endpoint> => {
  const data = first(flags.data, env['SCALARIUM_DATA']) ?? '.scalarium';
  const named = first(flags.server, env['SCALARIUM_SERVER']);
  const url = named ?? urlIn(readFile(join(data, 'endpoint.json')));
  if (url === null) return E.left(NOT_RUNNING(data));
  if (!isUrl(url)) return E.left(`--server: expected an http or https URL, got "${url}"`);
  const token = first(flags.token, env['SCALARIUM_TOKEN'], readFile(join(data, 'token'))?.trim());
  return token === null ? E.left(NO_TOKEN(url)) : E.right({ url: url.replace(/\/+$/, ''), token });
};
