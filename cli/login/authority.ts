/** Whom a server says it is signed by, when nothing here trusts it: shown to a person before any secret is sent. */
import { X509Certificate } from 'node:crypto';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { CliError } from '../context.js';

const WITHIN_MS = 10_000;

export interface Shown {
  /** Trusted by this machine, or by the authority that was given. */
  readonly trusted: boolean;
  /** PEM of the last issuer that the server sent. */
  readonly authority: string;
  /** Its SHA-256, in small hexadecimal digits. */
  readonly fingerprint: string;
}

const last = (certificate: DetailedPeerCertificate): DetailedPeerCertificate => {
  let at = certificate;
  // the chain ends in a certificate that is its own issuer, or that names none
  while ((at.issuerCertificate as DetailedPeerCertificate | undefined) !== undefined) {
    if (at.issuerCertificate.fingerprint256 === at.fingerprint256) break;
    at = at.issuerCertificate;
  }
  return at;
};

/** Shakes hands and says nothing else. */
export const shownBy = (url: URL, ca: string | null): Promise<Shown> =>
  new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = url.port === '' ? 443 : Number(url.port);
    const socket = connect({ host, port, rejectUnauthorized: false, ...(ca === null ? {} : { ca }) });
    socket.setTimeout(WITHIN_MS, () => socket.destroy(new Error('no answer within 10 s')));
    socket.on('error', (error: Error) => {
      reject(
        new CliError(`${url.origin} could not be asked for its certificate: ${error.message}`, {
          cause: error,
        }),
      );
    });
    socket.on('secureConnect', () => {
      const { raw } = last(socket.getPeerCertificate(true));
      const certificate = new X509Certificate(raw);
      socket.destroy();
      resolve({
        trusted: socket.authorized,
        authority: certificate.toString(),
        fingerprint: plain(certificate.fingerprint256),
      });
    });
  });

/** Fingerprints as people paste them: with colons, capitals, a prefix. */
export const plain = (fingerprint: string): string =>
  fingerprint
    .replace(/^sha-?256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
