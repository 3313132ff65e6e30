/** What is read of certificates, ours and given ones. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Millis } from '../../api-types/units.js';
import type { KeyPair } from './identity.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in a PEM text, in order; throws when one is none. */
export const certificatesIn = (pem: string): readonly X509Certificate[] =>
  (pem.match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one));

/** The first one, which is the server's own; null: there is none that can be read. */
export const leafOf = (pem: string): X509Certificate | null => {
  try {
    return certificatesIn(pem)[0] ?? null;
  } catch {
    return null;
  }
};

/** The end of its validity. */
export const expiresAt = (certificate: X509Certificate): Millis => Date.parse(certificate.validTo) as Millis;
/** The beginning of its validity. */
export const startsAt = (certificate: X509Certificate): Millis => Date.parse(certificate.validFrom) as Millis;

/** Whether it is its own issuer: who trusts it must be given it. */
export const signsItself = (certificate: X509Certificate): boolean =>
  certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);

/** Whether the key is the certificate's. */
export const belongTogether = ({ cert, key }: KeyPair): boolean => {
  try {
    return leafOf(cert)?.checkPrivateKey(createPrivateKey(key)) === true;
  } catch {
    return false;
  }
};

/** SHA-256 of the first certificate, in hexadecimal: what people compare. */
export const fingerprintOf = (pem: string): string =>
  leafOf(pem)?.fingerprint256.replaceAll(':', '').toLowerCase() ?? '';
