/** Downloads an archive over http or https, checks it, and lays it out. */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PACK_BYTES } from '../api-types/cookbooks.js';
import { seconds } from '../api-types/units.js';
import { saved } from '../recipes/download.js';
import { kindOf, refuseBad, unpack } from '../recipes/unpack.js';
import type { Texts } from '../runtime/sealing.js';
import { stallWatch } from './room.js';
import {
  isOfCookbooks,
  textNamed,
  withoutPassword,
  type Fetched,
  type Fetcher,
  type Fetching,
  type Source,
} from './source.js';

const STALL = seconds(60);

const ADVICE: Readonly<Record<number, string>> = {
  401: 'it wants to know who asks: name a Secret in the source',
  403: 'whoever asks may not have it: check the Secret that the source names, or name one',
  404: 'check url',
};

export interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For people. */
  readonly shown: string;
}

/** What fetch says is "fetch failed"; why is in its cause. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
};

const answerTo = async (
  { url, headers, shown }: Request,
  { words, signal }: Pick<Fetching, 'words' | 'signal'>,
): Promise<AsyncIterable<Uint8Array>> => {
  const answer = await fetch(url, { headers, signal, redirect: 'follow' }).catch((error: unknown) => {
    throw new Error(
      `${shown} does not answer: ${reasonOf(error)}; check url, and that ${words.fetcher} can reach it`,
      { cause: error },
    );
  });
  if (answer.ok && answer.body !== null) return answer.body;
  const advice = ADVICE[answer.status] ?? 'look at the server';
  throw new Error(`${shown} answered ${String(answer.status)}; ${advice}`);
};

/** Gives the SHA-256 of what is in `file` now. */
const download = async (
  file: string,
  request: Request,
  { words, signal, clock }: Fetching,
): Promise<string> => {
  const stalled = new AbortController();
  const watch = stallWatch(clock, STALL, () => {
    stalled.abort();
  });
  try {
    const body = await answerTo(request, { words, signal: AbortSignal.any([signal, stalled.signal]) });
    const heard = (): void => {
      watch.heard();
    };
    return await saved(file, body, { mostBytes: PACK_BYTES, heard });
  } catch (error) {
    if (!stalled.signal.aborted) throw error;
    throw new Error(`${request.shown} said nothing for ${String(STALL / 1000)} s`, { cause: error });
  } finally {
    watch.end();
  }
};

const refuseOther = ({ source, pinned, words }: Fetching, found: string): void => {
  if (source.checksum !== undefined && found !== source.checksum)
    throw new Error(
      `its SHA-256 is ${found} and not ${source.checksum}: correct the source's checksum if the archive is the right one`,
    );
  if (pinned !== null && found !== pinned)
    throw new Error(
      `there is another archive now: its SHA-256 is ${found}, and ${pinned} is pinned; ${words.anew}`,
    );
};

/** An archive is what it is; the one thing that can be asked for is that it is a certain one. */
const withRevision = (fetching: Fetching): Fetching => {
  const { source } = fetching;
  const { revision } = source;
  if (revision === undefined || isOfCookbooks(source)) return fetching;
  if (!/^[0-9a-f]{64}$/.test(revision))
    throw new Error(
      `an archive has no revision "${revision}": expected its SHA-256, or change the source's url`,
    );
  return { ...fetching, source: { ...source, checksum: revision } };
};

/** What a servlet container is given as it is; with a path it is an archive like others. */
const isWar = (source: Source): boolean =>
  !isOfCookbooks(source) && source.path === undefined && /\.war$/i.test(source.url.replace(/[?#].*$/, ''));

/** The same name for each version of it, so that no spec has to follow. */
const WAR = 'application.war';

const layOut = async (file: string, { source, folder, signal }: Fetching): Promise<string> => {
  const top = join(folder, 'content');
  const kind = await kindOf(file);
  if (!isWar(source)) {
    await unpack({ file, kind, into: top, strip: 0, signal });
    return top;
  }
  if (kind !== 'zip') throw new Error('it is no WAR: expected a zip');
  await refuseBad({ file, kind, into: top, signal });
  await mkdir(top);
  await rename(file, join(top, WAR));
  return top;
};

/** Downloads what the request is answered, and lays it out. */
export const fetchArchive = async (request: Request, asked: Fetching): Promise<Fetched> => {
  const fetching = withRevision(asked);
  const file = join(fetching.folder, 'archive');
  const revision = await download(file, request, fetching);
  refuseOther(fetching, revision);
  return { revision, top: await layOut(file, fetching) };
};

const basicOf = (texts: Texts, source: Fetching['source']): string => {
  const user = textNamed(texts, ['user'], source);
  const password = textNamed(texts, ['password', 'token'], source);
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
};

export const archive: Fetcher = async (fetching) => {
  const { source, texts } = fetching;
  const shown = withoutPassword(source.url);
  if (!/^https?:\/\//.test(source.url)) throw new Error(`expected an http or https address, got "${shown}"`);
  const headers: Request['headers'] = texts === null ? {} : { authorization: basicOf(texts, source) };
  return fetchArchive({ url: source.url, headers, shown }, fetching);
};
