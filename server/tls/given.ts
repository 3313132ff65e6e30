/** The identity of a server whose certificate somebody else makes: read from files, and again when they change. */
import { readFileSync } from 'node:fs';
import { Subject } from 'rxjs';
import { seconds } from '../../api-types/units.js';
import { type Clock, type Timer, timestamp } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { belongTogether, certificatesIn, expiresAt, leafOf, signsItself, startsAt } from './certificate.js';
import type { KeyPair, TlsIdentity } from './identity.js';

export interface GivenFiles {
  readonly cert: string;
  readonly key: string;
  /** Of the issuer; null: the one that clients trust anyway, or the certificate itself when it is its own. */
  readonly ca: string | null;
}

/** Certificate managers write new files weeks before the old ones end: there is no hurry. */
const LOOK_EVERY = seconds(30);

const textOf = (option: string, file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read: ${message}`;
    throw new Error(`${option} ${file}: ${reason}`, { cause: error });
  }
};

const wrongTimes = (pair: KeyPair, clock: Clock): string | null => {
  const leaf = leafOf(pair.cert);
  if (leaf === null) return 'expected a certificate in PEM ("-----BEGIN CERTIFICATE-----")';
  const [from, to] = [startsAt(leaf), expiresAt(leaf)];
  if (to < clock.now()) return `the certificate expired at ${timestamp(to)}: give one that is still good`;
  return from > clock.now() ? `the certificate is not good before ${timestamp(from)}` : null;
};

/** The files' contents; throws one line for a person when they are no use. */
const readGiven = ({ cert, key, ca }: GivenFiles, clock: Clock): KeyPair & { ca: string | null } => {
  const pair = { cert: textOf('--tls-cert', cert), key: textOf('--tls-key', key) };
  const wrong = wrongTimes(pair, clock);
  if (wrong !== null) throw new Error(`--tls-cert ${cert}: ${wrong}`);
  if (!belongTogether(pair))
    throw new Error(`--tls-key ${key}: expected the private key of the certificate in ${cert}, got another`);
  return { ...pair, ca: ca === null ? ownIssuer(pair.cert) : issuerIn(ca) };
};

const issuerIn = (file: string): string => {
  const text = textOf('--tls-ca', file);
  if (leafOf(text) !== null) return text;
  throw new Error(`--tls-ca ${file}: expected certificates in PEM ("-----BEGIN CERTIFICATE-----")`);
};

const ownIssuer = (cert: string): string | null =>
  certificatesIn(cert)
    .find((one) => signsItself(one))
    ?.toString() ?? null;

class GivenIdentity implements TlsIdentity {
  readonly authority: string | null;
  private pair: KeyPair;
  private readonly changes = new Subject<KeyPair>();
  readonly changes$ = this.changes.asObservable();
  private timer: Timer;

  constructor(
    private readonly files: GivenFiles,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    const { ca, ...pair } = readGiven(files, clock);
    this.authority = ca;
    this.pair = pair;
    this.timer = this.later();
  }

  current(): KeyPair {
    return this.pair;
  }

  close(): void {
    this.timer.cancel();
    this.changes.complete();
  }

  private later(): Timer {
    return this.clock.after(LOOK_EVERY, () => {
      this.look();
      this.timer = this.later();
    });
  }

  /** Files that are no use (yet: the key may follow) leave the last ones in force. */
  private look(): void {
    try {
      const { ca, ...pair } = readGiven(this.files, this.clock);
      if (pair.cert === this.pair.cert && pair.key === this.pair.key) return;
      this.pair = pair;
      this.changes.next(pair);
      this.log.info('the given certificate changed', { file: this.files.cert });
      if (ca !== this.authority)
        this.log.warn('the authority changed: agents know the old one until they are launched anew', {
          file: this.files.cert,
        });
    } catch (error) {
      this.log.warn('the given certificate is of no use; the last one stays in force', { error });
    }
  }
}

/** Throws one line for a person when the files are of no use. */
export const openGivenIdentity = (files: GivenFiles, clock: Clock, log: Log): TlsIdentity =>
  new GivenIdentity(files, clock, log);
