/** Users, tokens and grants as the records say: an index that follows every change. */
import { createHash } from 'node:crypto';
import type { Subscription } from 'rxjs';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Change, Live, Objects } from '../../store/objects/objects.js';
import type { Held } from './grants.js';

/** What the record holds of a token, and what the index finds it by. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Which token it is. */
export interface KnownToken {
  readonly user: string;
  readonly name: string;
  /** Milliseconds since 1970; Infinity: never. */
  readonly expiresAt: number;
  /** Of the provider's word at the login; hold as long as the token. */
  readonly groups: readonly string[];
}

type User = Live<'User'>;

const identity = (issuer: string, subject: string): string => JSON.stringify([issuer, subject]);

/** One whose spec key is gone is nobody's any more, also while no keeper forgets its record. */
const alive = (live: Live | null): Live | null => {
  if (live === null) return null;
  const { deletion, specRevision, succeeded } = live;
  return deletion !== null || specRevision === 0 || succeeded ? null : live;
};

const heldOf = (live: Live<'Grant'>): readonly Held[] =>
  // one that never was valid grants nothing, and denies nothing
  live.specGeneration === 0
    ? []
    : [{ cluster: live.ref.cluster ?? '', name: live.ref.name, spec: live.spec }];

const named = ({ spec }: Held, user: string, groups: readonly string[]): boolean =>
  spec.user === user || (spec.group !== undefined && groups.includes(spec.group));

/** Users, tokens and grants by what they are looked up with; it follows the records. */
export class Roster {
  private readonly users = new Map<string, User>();
  private readonly tokens = new Map<string, KnownToken>();
  private readonly identities = new Map<string, Set<string>>();
  private readonly held = new Map<string, readonly Held[]>();
  private readonly subscription: Subscription;
  /** Grows with every change of a User or Grant. */
  version = 0;

  constructor(objects: Objects) {
    for (const kind of ['User', 'Grant'] as const)
      for (const live of objects.list(kind)) this.add(alive(live));
    this.subscription = objects.changes$.subscribe((changes) => {
      for (const change of changes) this.take(change);
    });
  }

  close(): void {
    this.subscription.unsubscribe();
  }

  /** Null: there is none, or it is being deleted. */
  user(name: string): User | null {
    return this.users.get(name) ?? null;
  }

  token(hash: string): KnownToken | null {
    return this.tokens.get(hash) ?? null;
  }

  /** The Users who say they are this person at the provider: one, unless somebody made a mistake. */
  of(issuer: string, subject: string): readonly User[] {
    const names = this.identities.get(identity(issuer, subject)) ?? [];
    return [...names].flatMap((name) => this.users.get(name) ?? []);
  }

  /** Grants that name them, by cluster. */
  grants(user: string, groups: readonly string[]): ReadonlyMap<string, readonly Held[]> {
    const mine = new Map<string, readonly Held[]>();
    for (const [cluster, all] of this.held) {
      const some = all.filter((one) => named(one, user, groups));
      if (some.length > 0) mine.set(cluster, some);
    }
    return mine;
  }

  /** A Grant names this user, whether or not there is a User of the name. */
  isNamed(user: string): boolean {
    return [...this.held.values()].some((all) => all.some(({ spec }) => spec.user === user));
  }

  private take({ ref, before, after }: Change): void {
    if (ref.kind !== 'User' && ref.kind !== 'Grant') return;
    this.version += 1;
    this.remove(alive(before));
    this.add(alive(after));
  }

  private add(live: Live | null): void {
    if (live?.ref.kind === 'User') this.addUser(live as User);
    if (live?.ref.kind === 'Grant') {
      const cluster = live.ref.cluster ?? '';
      const others = (this.held.get(cluster) ?? []).filter(({ name }) => name !== live.ref.name);
      this.held.set(cluster, [...others, ...heldOf(live as Live<'Grant'>)]);
    }
  }

  private addUser(live: User): void {
    const { name } = live.ref;
    this.users.set(name, live);
    for (const [token, { hash, expiresAt, groups }] of Object.entries(live.status.tokens ?? {})) {
      const until = expiresAt === undefined ? Infinity : parseTimestamp(expiresAt);
      this.tokens.set(hash, { user: name, name: token, expiresAt: until, groups: groups ?? [] });
    }
    const { oidc } = live.spec;
    if (oidc === undefined) return;
    const key = identity(oidc.issuer, oidc.subject);
    this.identities.set(key, new Set([...(this.identities.get(key) ?? []), name]));
  }

  private remove(live: Live | null): void {
    if (live?.ref.kind === 'User') this.removeUser(live as User);
    if (live?.ref.kind === 'Grant') {
      const cluster = live.ref.cluster ?? '';
      const others = (this.held.get(cluster) ?? []).filter(({ name }) => name !== live.ref.name);
      if (others.length === 0) this.held.delete(cluster);
      else this.held.set(cluster, others);
    }
  }

  private removeUser({ ref, spec, status }: User): void {
    this.users.delete(ref.name);
    for (const { hash } of Object.values(status.tokens ?? {}))
      if (this.tokens.get(hash)?.user === ref.name) this.tokens.delete(hash);
    if (spec.oidc === undefined) return;
    const key = identity(spec.oidc.issuer, spec.oidc.subject);
    this.identities.get(key)?.delete(ref.name);
    if (this.identities.get(key)?.size === 0) this.identities.delete(key);
  }
}
