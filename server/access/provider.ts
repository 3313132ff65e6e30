/** The keys of an OpenID Connect provider: found by discovery, kept, fetched anew when a token names another. */
import { type JSONWebKeySet, createLocalJWKSet } from 'jose';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { minutes, seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';

export interface OidcSettings {
  /** As the tokens name it in `iss`; `/.well-known/openid-configuration` below it is asked for the keys. */
  readonly issuer: string;
  /** The tokens must be meant for it (`aud`). */
  readonly clientId: string;
  /** The claim that says who it is; `sub` unless told. */
  readonly usernameClaim?: string;
  /** The claim with the names of their groups; `groups` unless told. */
  readonly groupsClaim?: string;
  /** Certificates (PEM) to trust in place of the system's. */
  readonly ca?: string;
}

type Keys = ReturnType<typeof createLocalJWKSet>;

const WAIT = seconds(5);
const FRESH = minutes(10);
/** Known keys go on being used this long while the provider is away. */
const STALE = minutes(60);
/** Between two attempts to fetch, whatever tokens say: they are anybody's words. */
const PAUSE = seconds(10);
const MAX_BYTES = 1024 * 1024;

interface Fetching {
  readonly url: URL;
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

const fetchJson = ({ url, ca, signal }: Fetching): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const options = { signal, agent: false, headers: { accept: 'application/json' } } as const;
    const secure = url.protocol === 'https:';
    const request = secure
      ? httpsRequest(url, { ...options, ...(ca === undefined ? {} : { ca }) })
      : httpRequest(url, options);
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) request.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('end', () => {
        try {
          if (response.statusCode !== 200)
            throw new Error(`${url.href} answered ${String(response.statusCode)}`);
          resolve(JSON.parse(Buffer.concat(chunks).toString()));
        } catch (error) {
          reject(error instanceof Error ? error : new Error('the answer is no JSON'));
        }
      });
    });
    request.end();
  });

const loopback = (host: string): boolean => ['127.0.0.1', '[::1]', 'localhost'].includes(host);

/** Plain http only on loopback: whoever could change the keys could be anybody. */
const checkedUrl = (text: unknown, what: string): URL => {
  const url = new URL(typeof text === 'string' ? text : '');
  if (url.protocol === 'https:' || (url.protocol === 'http:' && loopback(url.hostname))) return url;
  throw new Error(`${what} is no https URL: ${url.href}`);
};

/** The provider's signing keys: kept for a while, and used for longer while it is away. */
export class ProviderKeys {
  private keys: { readonly set: Keys; readonly at: number } | null = null;
  private triedAt = -Infinity;
  private underway: Promise<void> | null = null;

  constructor(
    private readonly settings: OidcSettings,
    private readonly clock: Clock,
  ) {
    checkedUrl(settings.issuer, 'the OpenID Connect issuer');
  }

  /** The keys; `anew`: a token named one that is not among them. Rejects when the provider is away and none are known. */
  async get(anew = false): Promise<Keys> {
    if (this.age() > FRESH || anew) {
      // a fetch that is under way may be of a time before this token's key
      await this.refreshed().catch((error: unknown) => {
        if (this.age() > STALE) throw error;
      });
    }
    // also between two tries: what the provider has withdrawn since is not taken for ever
    if (this.keys === null || this.age() > STALE)
      throw new Error('the provider was not reached a moment ago');
    return this.keys.set;
  }

  private age(): number {
    return this.keys === null ? Infinity : this.clock.monotonic() - this.keys.at;
  }

  /** One fetch at a time; none when one was tried a moment ago. */
  private refreshed(): Promise<void> {
    if (this.underway !== null) return this.underway;
    if (this.clock.monotonic() - this.triedAt < PAUSE) return Promise.resolve();
    this.triedAt = this.clock.monotonic();
    this.underway = this.refresh().finally(() => {
      this.underway = null;
    });
    return this.underway;
  }

  private async refresh(): Promise<void> {
    const set = await this.fetched();
    this.keys = { set, at: this.clock.monotonic() };
  }

  private async fetched(): Promise<Keys> {
    const { issuer, ca } = this.settings;
    const abort = new AbortController();
    const timer = this.clock.after(WAIT, () => {
      abort.abort();
    });
    try {
      const { signal } = abort;
      const known = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
      const said = (await fetchJson({ url: known, ca, signal })) as { issuer?: unknown; jwks_uri?: unknown };
      if (said.issuer !== issuer) throw new Error(`${known.href} is about another issuer`);
      const url = checkedUrl(said.jwks_uri, 'jwks_uri');
      return createLocalJWKSet((await fetchJson({ url, ca, signal })) as JSONWebKeySet);
    } finally {
      timer.cancel();
    }
  }
}
