/** ID tokens of an OpenID Connect provider. */
import * as E from 'fp-ts/lib/Either.js';
import { type JWTPayload, decodeJwt, errors, jwtVerify } from 'jose';
import type { Status } from '../../api-types/status.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { notAccepted, unavailable } from '../statuses.js';
import { type OidcSettings, ProviderKeys } from './provider.js';

/** Who an ID token is about. */
export interface Person {
  readonly issuer: string;
  readonly subject: string;
  readonly groups: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly email: string | null;
  readonly displayName: string | null;
  /** What they would like to be called. */
  readonly wishes: readonly string[];
}

export interface Oidc {
  readonly issuer: string;
  readonly clientId: string;
  /** Left: 401 with what is wrong with it, 503 while the provider's keys cannot be had. */
  verify(idToken: string): Promise<E.Either<Status, Person>>;
}

/** Signed by a key that only the provider has. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const LONGEST = 16 * 1024;
const SKEW_SECONDS = 30;

/** Three parts of base64url: not one of our own tokens. */
export const looksLikeJwt = (token: string): boolean => /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(token);

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value.length <= 256 ? value : null;

const groupsOf = (value: unknown): readonly string[] => {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((one) => textOf(one) ?? []).slice(0, 200);
};

/** What the issuer has not checked is what the person says of themselves. */
const verifiedEmail = (claims: JWTPayload): string | null =>
  claims['email_verified'] === false ? null : textOf(claims['email']);

const personOf = (settings: OidcSettings, claims: JWTPayload): Person | null => {
  const claim = settings.usernameClaim ?? 'sub';
  const email = verifiedEmail(claims);
  const subject = claim === 'email' ? email : textOf(claims[claim]);
  if (subject === null || claims.exp === undefined) return null;
  const wishes = [claims['preferred_username'], email?.split('@')[0], claims['nickname'], subject];
  return {
    issuer: settings.issuer,
    subject,
    groups: groupsOf(claims[settings.groupsClaim ?? 'groups']),
    expiresAt: claims.exp * 1000,
    email,
    displayName: textOf(claims['name']),
    wishes: wishes.flatMap((wish) => textOf(wish) ?? []),
  };
};

/** Whom a token claims to be from; read before anything is fetched for its sake. */
const issuerOf = (idToken: string): string | null => {
  try {
    return decodeJwt(idToken).iss ?? null;
  } catch {
    return null;
  }
};

class Provider implements Oidc {
  private readonly keys: ProviderKeys;
  readonly issuer: string;
  readonly clientId: string;

  constructor(
    private readonly settings: OidcSettings,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.keys = new ProviderKeys(settings, clock);
    this.issuer = settings.issuer;
    this.clientId = settings.clientId;
  }

  async verify(idToken: string): Promise<E.Either<Status, Person>> {
    if (idToken.length > LONGEST || issuerOf(idToken) !== this.issuer)
      return E.left(notAccepted(`it is none of ${this.issuer}`));
    try {
      const person = personOf(this.settings, await this.claims(idToken));
      const claim = this.settings.usernameClaim ?? 'sub';
      return person === null ? E.left(notAccepted(`it has no claim "${claim}"`)) : E.right(person);
    } catch (error) {
      if (error instanceof errors.JOSEError) return E.left(notAccepted(error.message));
      this.log.warn('the OpenID Connect provider cannot be asked', { issuer: this.issuer, error });
      return E.left(unavailable(`the OpenID Connect provider ${this.issuer} cannot be reached`, 10));
    }
  }

  private async claims(idToken: string): Promise<JWTPayload> {
    try {
      return await this.checked(idToken, false);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return this.checked(idToken, true);
      throw error;
    }
  }

  private async checked(idToken: string, anew: boolean): Promise<JWTPayload> {
    const keys = await this.keys.get(anew);
    const { payload } = await jwtVerify(idToken, keys, {
      issuer: this.issuer,
      audience: this.clientId,
      algorithms: ALGORITHMS,
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(this.clock.now()),
      requiredClaims: ['exp'],
    });
    return payload;
  }
}

/** Throws one line for a person when the settings cannot be. */
export const openOidc = (settings: OidcSettings, { clock, log }: { clock: Clock; log: Log }): Oidc =>
  new Provider(settings, clock, log);
