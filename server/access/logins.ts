/** Logging in: a password or an ID token for a token of ours. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../../api-types/status.js';
import { seconds } from '../../api-types/units.js';
import { timestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';
import { invalid, loginRefused, tooManyRequests, unavailable } from '../statuses.js';
import { Limiter, clientOf } from './limiter.js';
import { welcomed } from './newcomers.js';
import type { Oidc } from './oidc.js';
import { Passwords } from './passwords.js';
import type { Roster } from './roster.js';
import { type Records, patchUser } from './tokens.js';

/** Wrong passwords from one address, and for one name: a few at once, then slowly. */
const BY_ADDRESS = { burst: 20, every: seconds(3) };
const BY_NAME = { burst: 10, every: seconds(10) };

/** Who logged in. */
export interface Arrived {
  readonly user: string;
  /** As the provider named them. */
  readonly groups: readonly string[];
}

export interface PasswordChange {
  readonly password: string;
  /** The one that holds, where it must be shown. */
  readonly current: string | null;
  /** An admin needs no `current`. */
  readonly byAdmin: boolean;
  readonly dryRun: boolean;
  /** All tokens go with the old password, but the one of this name; null: all stay. */
  readonly revoke: { readonly but: string | null } | null;
}

export interface LoginsOver {
  readonly records: Records;
  readonly roster: Roster;
  readonly oidc: Oidc | null;
}

const WRONG_CURRENT = {
  path: 'current',
  expected: 'the password that holds now',
  got: 'another, or nothing',
};

const revoking = ({ status }: Live<'User'>, { revoke }: PasswordChange) => {
  if (revoke === null) return {};
  const gone = Object.keys(status.tokens ?? {}).filter((name) => name !== revoke.but);
  return { tokens: Object.fromEntries(gone.map((name) => [name, null])) };
};

/** Logging in with a password or an ID token, slowed down for those who guess. */
export class Logins {
  private readonly passwords: Passwords;
  private readonly byAddress: Limiter;
  private readonly byName: Limiter;
  readonly records: Records;
  readonly oidc: Oidc | null;

  constructor(private readonly over: LoginsOver) {
    const { records, oidc } = over;
    this.records = records;
    this.oidc = oidc;
    this.passwords = new Passwords(records.chance);
    this.byAddress = new Limiter(records.clock, BY_ADDRESS);
    this.byName = new Limiter(records.clock, BY_NAME);
  }

  /** Left: 401 in the same words and after the same work whatever was wrong, or 429. */
  async byPassword(user: string, password: string, address: string): Promise<E.Either<Status, Arrived>> {
    const checked = await this.checked(user, password, address);
    if (E.isLeft(checked)) return checked;
    const may = this.over.roster.user(user)?.spec.disabled !== true;
    return checked.right && may ? E.right({ user, groups: [] }) : E.left(loginRefused());
  }

  /** Left: 401, 429, 503 while the provider is away. */
  async byIdToken(idToken: string, address: string): Promise<E.Either<Status, Arrived>> {
    const wait = this.byAddress.take(clientOf(address));
    if (wait > 0) return E.left(tooManyRequests('too many logins failed', wait));
    const person = this.oidc === null ? E.left(loginRefused()) : await this.oidc.verify(idToken);
    if (E.isLeft(person)) return person;
    this.byAddress.giveBack(clientOf(address));
    const { issuer, subject, groups } = person.right;
    const theirs = this.over.roster.of(issuer, subject);
    const [only] = theirs;
    // two Users of one person: whose rights would it be?
    if (theirs.length > 1 || only?.spec.disabled === true) return E.left(loginRefused());
    if (only !== undefined) return E.right({ user: only.ref.name, groups });
    const name = await welcomed(this.records, this.over.roster, person.right);
    return E.map((user: string): Arrived => ({ user, groups }))(name);
  }

  /** Null: it is set. */
  async setPassword(user: string, change: PasswordChange, address: string): Promise<Status | null> {
    const known = this.over.roster.user(user)?.status.password?.hash;
    const refused = known === undefined ? null : await this.mayChange(user, change, address);
    if (refused !== null) return refused;
    if (this.passwords.busy) return unavailable('too many passwords are being checked', 1);
    const hash = change.dryRun ? null : await this.passwords.hash(change.password);
    const changedAt = timestamp(this.records.clock.now());
    return patchUser(this.records, user, (live: Live<'User'>) => {
      // set by somebody else while this one was checked against the old
      const moved = !change.byAdmin && live.status.password?.hash !== known;
      if (moved) return E.left(invalid('User', user, [WRONG_CURRENT]));
      return E.right(hash === null ? null : { password: { hash, changedAt }, ...revoking(live, change) });
    });
  }

  private async mayChange(user: string, change: PasswordChange, address: string): Promise<Status | null> {
    if (change.byAdmin) return null;
    const checked = await this.checked(user, change.current ?? '', address);
    if (E.isLeft(checked)) return checked.left;
    return checked.right ? null : invalid('User', user, [WRONG_CURRENT]);
  }

  /** Whether it is the user's password. Tries are taken before the work, so that many at once count as many. */
  private async checked(user: string, password: string, address: string): Promise<E.Either<Status, boolean>> {
    const wait = Math.max(this.byAddress.take(clientOf(address)), this.byName.take(user));
    if (wait > 0) return E.left(tooManyRequests('too many logins failed', wait));
    if (this.passwords.busy) return E.left(unavailable('too many passwords are being checked', 1));
    const known = this.over.roster.user(user)?.status.password?.hash ?? null;
    const right = await this.passwords.right(known, password);
    if (right) {
      this.byAddress.giveBack(clientOf(address));
      this.byName.giveBack(user);
    }
    return E.right(right);
  }
}
