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
import type { Objects } from '../../store/objects/objects.js';
import { askerOf, remoteOf } from '../gateway/credentials.js';
import { Places } from '../gateway/places.js';
import { tooManyRequests, unauthorized } from '../statuses.js';
import type { Access, Caller } from './access.js';
import { admits } from './admission.js';
import { bearerOf } from './bearer.js';
import { Callers } from './callers.js';
import { Limiter } from './limiter.js';
import { decide, sees } from './rights.js';
import { Roster, tokenHash } from './roster.js';

export interface AccessSettings {
  readonly objects: Objects;
  readonly installationKey: Buffer;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/** Access, and its end. */
export interface OpenedAccess extends Access {
  /** Follows the records no longer. */
  close(): void;
}

/** Wrong credentials from one address: these at once, then one a second. Good ones are never held up. */
const WRONG = { burst: 50, every: seconds(1) };

class OpenAccess implements OpenedAccess {
  private readonly roster: Roster;
  private readonly places: Places;
  private readonly callers: Callers;
  private readonly admin: string;
  private readonly wrong: Limiter;
  readonly close: () => void;

  constructor(private readonly settings: AccessSettings) {
    const { objects, clock, installationKey } = settings;
    this.roster = new Roster(objects);
    this.places = new Places(objects);
    this.callers = new Callers({ objects, roster: this.roster, places: this.places, clock });
    this.admin = adminToken(installationKey);
    this.wrong = new Limiter(clock, WRONG);
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
    return caller === null ? E.left(this.refusal(request)) : E.right(caller);
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

  private callerOf(request: IncomingMessage, token: string): Promise<Caller | null> | Caller | null {
    if (request.headers[MACHINE_HEADER] !== undefined) return this.agentOf(request);
    if (sameToken(token, this.admin)) return this.callers.installation();
    return this.holderOf(token);
  }

  private agentOf(request: IncomingMessage): Caller | null {
    const asker = askerOf(request, this.settings.installationKey, this.places);
    return asker._tag === 'Host' ? this.callers.agent(asker.machine) : null;
  }

  private holderOf(token: string): Caller | null {
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

  private refusal(request: IncomingMessage): Status {
    const wait = this.wrong.take(remoteOf(request));
    return wait === 0
      ? unauthorized()
      : tooManyRequests('too many wrong credentials from this address', wait);
  }
}

/** Opens access over the records; close it with `close()`. */
export const openAccess = (settings: AccessSettings): OpenedAccess => new OpenAccess(settings);
