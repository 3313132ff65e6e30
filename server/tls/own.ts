/** The identity of a server whose certificates our own authority signs: kept on disk, made anew in good time. */
import { mkdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { hours } from '../../api-types/units.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { writePrivateSync } from '../../runtime/private-file.js';
import { belongTogether, expiresAt, leafOf } from './certificate.js';
import { X509Certificate } from 'node:crypto';
import type { KeyPair, TlsIdentity } from './identity.js';

export interface OwnSources {
  readonly authority: KeyPair;
  /** Where `server.crt` and `server.key` are. */
  readonly folder: string;
  /** Names and addresses the certificate must be good for: they may change while it runs. */
  readonly names: () => readonly string[];
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

const LOOK_EVERY = hours(24);
const TRY_AGAIN = hours(1);
const RENEW_BEFORE = hours(24 * 30);

const isFor = (certificate: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;

const issuedBy = (certificate: X509Certificate, authority: KeyPair): boolean => {
  const issuer = new X509Certificate(authority.cert);
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
};

/** Whether it can go on being used: the right issuer, all names, and a month left. */
const isFit = (
  pair: KeyPair,
  { authority, names, clock }: Pick<OwnSources, 'authority' | 'names' | 'clock'>,
): boolean => {
  const leaf = leafOf(pair.cert);
  if (leaf === null || !belongTogether(pair) || !issuedBy(leaf, authority)) return false;
  if (expiresAt(leaf) - clock.now() < RENEW_BEFORE) return false;
  return names().every((name) => isFor(leaf, name));
};

const kept = (folder: string): KeyPair | null => {
  try {
    const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
    return { cert: read('server.crt'), key: read('server.key') };
  } catch {
    return null;
  }
};

const issued = async (sources: OwnSources): Promise<KeyPair> => {
  const { authority, names, folder } = sources;
  const { issue } = await import('./issuing.js');
  const pair = await issue(authority, names(), sources);
  writePrivateSync(join(folder, 'server.key'), pair.key);
  writePrivateSync(join(folder, 'server.crt'), pair.cert);
  return pair;
};

class OwnIdentity implements TlsIdentity {
  readonly authority: string;
  private readonly changes = new Subject<KeyPair>();
  readonly changes$ = this.changes.asObservable();
  private timer: Timer;
  private closed = false;

  constructor(
    private readonly with_: OwnSources,
    private pair: KeyPair,
  ) {
    this.authority = with_.authority.cert;
    this.timer = this.later(LOOK_EVERY);
  }

  current(): KeyPair {
    return this.pair;
  }

  close(): void {
    this.closed = true;
    this.timer.cancel();
    this.changes.complete();
  }

  private later(delay: typeof LOOK_EVERY): Timer {
    return this.with_.clock.after(delay, () => void this.look());
  }

  private async look(): Promise<void> {
    let next = LOOK_EVERY;
    try {
      if (!isFit(this.pair, this.with_)) await this.renew();
    } catch (error) {
      this.with_.log.error('the server certificate could not be renewed', { error });
      next = TRY_AGAIN;
    }
    if (!this.closed) this.timer = this.later(next);
  }

  private async renew(): Promise<void> {
    this.pair = await issued(this.with_);
    this.changes.next(this.pair);
    this.with_.log.info('the server certificate was renewed', { names: this.with_.names() });
  }
}

/** The certificate on disk, or a new one when that is not fit; looked at again every day. */
export const openOwnIdentity = async (sources: OwnSources): Promise<TlsIdentity> => {
  const { folder } = sources;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const last = kept(folder);
  const pair = last !== null && isFit(last, sources) ? last : await issued(sources);
  return new OwnIdentity(sources, pair);
};
