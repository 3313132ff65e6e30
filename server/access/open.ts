/** Access as it is: users, tokens, agents, an OpenID Connect provider, and grants. */
import * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage } from 'node:http';
import { MACHINE_HEADER } from '../../api-types/agent-protocol.js';
import type { Status } from '../../api-types/status.js';
import { seconds } from '../../api-types/units.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { adminToken, sameToken } from '../../runtime/tokens.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import { askerOf, remoteOf } from '../gateway/credentials.js';
import { Places } from '../gateway/places.js';
import { tooManyRequests, unauthorized } from '../statuses.js';
import type { Access, Caller } from './access.js';
import { admits } from './admission.js';
import { bearerOf } from './bearer.js';
import { Callers } from './callers.js';
import { Limiter, clientOf } from './limiter.js';
import { Logins } from './logins.js';
import { type Oidc, looksLikeJwt, openOidc } from './oidc.js';
import type { OidcSettings } from './provider.js';
import { decide, sees } from './rights.js';
import { Roster, tokenHash } from './roster.js';

export interface AccessSettings {
  readonly objects: Objects;
  readonly installationKey: Buffer;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** A second way in, or null. */
  readonly oidc?: OidcSettings | null;
}

/** Access, and its end. */
export interface OpenedAccess extends Access {
  /** Follows the records no longer. */
  close(): void;
}

/** What the provider's clock and ours may differ by. */
const SKEW = seconds(30);

/** Wrong credentials from one address: these at once, then one a second. Good ones are never held up. */
const WRONG = { burst: 50, every: seconds(1) };

class OpenAccess implements OpenedAccess {
  private readonly roster: Roster;
  private readonly places: Places;
  private readonly callers: Callers;
  private readonly admin: string;
  private readonly wrong: Limiter;
  private readonly oidc: Oidc | null;
  readonly logins: Logins;
  readonly close: () => void;

  constructor(private readonly settings: AccessSettings) {
    const { objects, clock, chance, installationKey } = settings;
    this.oidc = settings.oidc ? openOidc(settings.oidc, settings) : null;
    this.roster = new Roster(objects);
    this.places = new Places(objects);
    this.callers = new Callers({ objects, roster: this.roster, places: this.places, clock });
    this.admin = adminToken(installationKey);
    this.wrong = new Limiter(clock, WRONG);
    const records = { objects, clock, chance };
    this.logins = new Logins({ records, roster: this.roster, oidc: this.oidc });
    const following = objects.changes$.subscribe((changes) => {
      for (const change of changes) this.places.take(change);
    });
    this.close = () => {
      following.unsubscribe();
      this.roster.close();
    };
  }

  async authenticate(request: IncomingMessage): Promise<E.Either<Status, Caller>> {
    const token = bearerOf(request);
    if (token === '') return E.left(unauthorized());
    const caller = await this.callerOf(request, token);
    // a provider that is away is not the caller's fault
    if (E.isRight(caller) || caller.left.code !== 401) return caller;
    const wait = this.wrong.take(clientOf(remoteOf(request)));
    return wait === 0
      ? caller
      : E.left(tooManyRequests('too many wrong credentials from this address', wait));
  }

  decide(...[caller, asked]: Parameters<Access['decide']>): ReturnType<Access['decide']> {
    return decide(this.callers.facts(caller), asked, this.callers.look);
  }

  sees(...[caller, live]: Parameters<Access['sees']>): boolean {
    return sees(this.callers.facts(caller), live, this.callers.look);
  }

  admits(...[caller, change]: Parameters<Access['admits']>): Status | null {
    return admits(this.callers.facts(caller), change, this.callers.look);
  }

  private async callerOf(request: IncomingMessage, token: string): Promise<E.Either<Status, Caller>> {
    const agent = request.headers[MACHINE_HEADER] !== undefined;
    if (!agent && this.oidc !== null && looksLikeJwt(token)) return this.personOf(this.oidc, token);
    const caller = agent ? this.agentOf(request) : this.holderOf(token);
    return caller === null ? E.left(unauthorized()) : E.right(caller);
  }

  private async personOf(oidc: Oidc, token: string): Promise<E.Either<Status, Caller>> {
    const person = await oidc.verify(token);
    if (E.isLeft(person)) return person;
    const { issuer, subject, groups, expiresAt } = person.right;
    const theirs = (): readonly Live<'User'>[] => this.roster.of(issuer, subject);
    const [user = null, ...others] = theirs();
    const name = user?.ref.name ?? `oidc:${subject}`;
    // a User that comes or goes makes somebody else of them
    const same = (): boolean =>
      theirs().length === (user === null ? 0 : 1) &&
      theirs().every(({ ref, spec }) => ref.name === name && spec.disabled !== true);
    if (others.length > 0 || !same()) return E.left(unauthorized());
    const holds = (): boolean => this.settings.clock.now() < expiresAt + SKEW && same();
    return E.right(this.callers.person({ user: name, groups, proof: { by: 'oidc', issuer }, holds }));
  }

  private agentOf(request: IncomingMessage): Caller | null {
    const asker = askerOf(request, this.settings.installationKey, this.places);
    return asker._tag === 'Host' ? this.callers.agent(asker.machine) : null;
  }

  private holderOf(token: string): Caller | null {
    if (sameToken(token, this.admin)) return this.callers.installation();
    const hash = tokenHash(token);
    const known = this.roster.token(hash);
    if (known === null || !this.holds(hash)) return null;
    const { user, name, groups } = known;
    return this.callers.person({
      user,
      groups,
      proof: { by: 'token', token: name },
      holds: () => this.holds(hash),
    });
  }

  private holds(hash: string): boolean {
    const known = this.roster.token(hash);
    if (known === null || !(this.settings.clock.now() < known.expiresAt)) return false;
    const user = this.roster.user(known.user);
    return user !== null && user.spec.disabled !== true;
  }
}

/** Opens access over the records; close it with `close()`. */
export const openAccess = (settings: AccessSettings): OpenedAccess => new OpenAccess(settings);
