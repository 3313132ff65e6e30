/** Objects of a bucket below a prefix, by name: what the artifact store needs of S3. */
import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { stallWatch } from '../room.js';
import { EMPTY_BODY, signedHeaders, signedUrl, urlOf, type S3Keys, type S3Service } from './signing.js';

export interface BucketSettings extends S3Service {
  readonly bucket: string;
  /** Names of objects begin so; empty, or without slashes at its ends. */
  readonly prefix: string;
  readonly keys: S3Keys;
}

export interface BucketFile {
  readonly file: string;
  readonly bytes: number;
  /** SHA-256 of its content: S3 refuses what arrives as something else. */
  readonly digest: string;
}

/** Said and heard nothing for so long: it is not going on. */
const STALL = seconds(60);
const ATTEMPTS = 3;
const PAUSE = seconds(1);
const PAGE = 1_000;

/** Answers after which another attempt may go well. */
const isPassing = (status: number): boolean => status >= 500 || status === 429 || status === 408;

const ADVICE: Readonly<Record<number, string>> = {
  400: 'check the region, and the clock of this machine',
  401: 'check its credentials',
  403: 'check its credentials, and what they allow: GetObject, PutObject, DeleteObject and ListBucket',
  404: 'there is no such bucket',
};

interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly body?: BucketFile;
}

/** What fetch says is "fetch failed"; why is in its cause. */
const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
};

class Passing extends Error {}

const tag = (name: string, xml: string): string | null =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? null;

export class Bucket {
  /** For people. */
  readonly shown: string;

  constructor(
    private readonly settings: BucketSettings,
    private readonly clock: Clock,
  ) {
    const { bucket, prefix } = settings;
    this.shown = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
  }

  /** Whether there is such an object. */
  has(name: string): Promise<boolean> {
    return this.again(async () => (await this.send({ method: 'HEAD', url: this.url(name) })).ok);
  }

  /** Takes in what it holds, as it comes; false: there is no such object. Each attempt begins anew. */
  get(name: string, take: (body: AsyncIterable<Uint8Array>) => Promise<void>): Promise<boolean> {
    return this.again(() =>
      this.watched(async (signal, heard) => {
        const answer = await this.send({ method: 'GET', url: this.url(name) }, signal);
        if (!answer.ok || answer.body === null) {
          await answer.body?.cancel();
          return false;
        }
        await take(listening(answer.body, heard));
        return true;
      }),
    );
  }

  put(name: string, body: BucketFile): Promise<void> {
    return this.again(() =>
      this.watched(async (signal, heard) => {
        const answer = await this.send({ method: 'PUT', url: this.url(name), body }, signal, heard);
        if (!answer.ok) throw this.problem(answer.status);
      }),
    );
  }

  /** One that is not there any more is no harm. */
  remove(name: string): Promise<void> {
    return this.again(async () => {
      await this.send({ method: 'DELETE', url: this.url(name) });
    });
  }

  /** The names of all that there are. */
  async names(): Promise<readonly string[]> {
    const names: string[] = [];
    let from: string | null = '';
    while (from !== null) {
      const xml = await this.page(from);
      const begin = this.key('').length;
      for (const [, key = ''] of xml.matchAll(/<Key>([^<]*)<\/Key>/g)) names.push(key.slice(begin));
      from = tag('IsTruncated', xml) === 'true' ? tag('NextContinuationToken', xml) : null;
    }
    return names;
  }

  /** An address that gives the object to whoever has it, for so many seconds. */
  link(name: string, expiresIn: number): Promise<string> {
    const { settings: service, clock } = this;
    return signedUrl({ service, keys: service.keys, clock }, this.url(name), expiresIn);
  }

  private page(from: string): Promise<string> {
    const { bucket } = this.settings;
    const url = urlOf(this.settings, { bucket, key: '' });
    url.searchParams.set('list-type', '2');
    url.searchParams.set('max-keys', String(PAGE));
    url.searchParams.set('prefix', this.key(''));
    if (from !== '') url.searchParams.set('continuation-token', from);
    return this.again(async () => {
      const answer = await this.send({ method: 'GET', url });
      if (!answer.ok) throw this.problem(answer.status);
      return answer.text();
    });
  }

  private key(name: string): string {
    const { prefix } = this.settings;
    return prefix === '' ? name : `${prefix}/${name}`;
  }

  private url(name: string): URL {
    return urlOf(this.settings, { bucket: this.settings.bucket, key: this.key(name) });
  }

  /** Throws for all answers but a good one and "there is none". */
  private async send(
    { method, url, body }: Request,
    signal: AbortSignal = AbortSignal.timeout(STALL),
    heard: () => void = () => undefined,
  ): Promise<Response> {
    const { settings: service, clock } = this;
    const bodyDigest = body?.digest ?? EMPTY_BODY;
    const headers = await signedHeaders({ service, keys: service.keys, clock }, { method, url, bodyDigest });
    const more = body === undefined ? { headers: {} } : sending(body, heard);
    const answer = await fetch(url, {
      method,
      signal,
      redirect: 'manual',
      ...more,
      headers: { ...headers, ...more.headers },
    }).catch((error: unknown) => {
      throw new Passing(`the artifact store ${this.shown} does not answer: ${reasonOf(error)}`, {
        cause: error,
      });
    });
    if (answer.ok || (answer.status === 404 && method !== 'PUT')) return answer;
    await answer.body?.cancel();
    throw this.problem(answer.status);
  }

  private problem(status: number): Error {
    const text = `the artifact store ${this.shown} answered ${String(status)}`;
    const advice = ADVICE[status];
    if (isPassing(status)) return new Passing(text);
    return new Error(advice === undefined ? text : `${text}: ${advice}`);
  }

  /** Cut off when nothing was heard for a minute. */
  private async watched<A>(work: (signal: AbortSignal, heard: () => void) => Promise<A>): Promise<A> {
    const stalled = new AbortController();
    const watch = stallWatch(this.clock, STALL, () => {
      stalled.abort();
    });
    try {
      return await work(stalled.signal, () => {
        watch.heard();
      });
    } catch (error) {
      if (!stalled.signal.aborted) throw error;
      throw new Passing(`the artifact store ${this.shown} said nothing for ${String(STALL / 1000)} s`);
    } finally {
      watch.end();
    }
  }

  private async again<A>(work: () => Promise<A>): Promise<A> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Passing) || attempt >= ATTEMPTS) throw error;
        await this.clock.sleep(PAUSE);
      }
  }
}

const sending = ({ file, bytes }: BucketFile, heard: () => void) => {
  const through = new PassThrough();
  through.on('data', heard);
  const stream = createReadStream(file);
  stream.on('error', (error) => through.destroy(error));
  return {
    body: stream.pipe(through) as unknown as ReadableStream<Uint8Array>,
    duplex: 'half' as const,
    // S3 takes nothing whose length it is not told
    headers: { 'content-length': String(bytes) },
  };
};

/** What breaks off may come whole the next time; what the reader throws is its own. */
async function* listening(
  body: AsyncIterable<Uint8Array>,
  heard: () => void,
): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of body) {
      heard();
      yield chunk;
    }
  } catch (error) {
    throw new Passing(`the answer broke off: ${reasonOf(error)}`, { cause: error });
  }
}
