/** What a server shows of itself to clients of TLS. */
import type { Observable } from 'rxjs';

/** PEM texts; the certificate is followed by its issuers, so that a client that knows none can be shown them. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface TlsIdentity {
  /** PEM of the authority that clients must be given to trust this server; null: they trust its issuer anyway. */
  readonly authority: string | null;
  /** Good now. */
  current(): KeyPair;
  /** Each next one; clients that are connected notice nothing. */
  readonly changes$: Observable<KeyPair>;
  close(): void;
}
