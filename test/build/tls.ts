/** Certificates for tests, and requests over TLS. */
import { request as httpsRequest } from 'node:https';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { Subject } from 'rxjs';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import type { KeyPair, TlsIdentity } from '../../server/tls/identity.js';
import { issue, makeAuthority } from '../../server/tls/issuing.js';

export const SOURCES = { clock: systemClock, chance: systemChance };

export interface TestIdentity extends TlsIdentity {
  readonly authority: string;
  /** Shows another certificate from now on. */
  renew(names?: readonly string[]): Promise<KeyPair>;
}

export const testAuthority = (): Promise<KeyPair> => makeAuthority('a test', SOURCES);

/** An identity whose certificate is made anew when the test says so; signed by an authority of its own unless told. */
export const testIdentity = async (
  names: readonly string[] = ['127.0.0.1', 'localhost'],
  signer: KeyPair | null = null,
): Promise<TestIdentity> => {
  const authority = signer ?? (await testAuthority());
  const changes = new Subject<KeyPair>();
  let pair = await issue(authority, names, SOURCES);
  return {
    authority: authority.cert,
    current: () => pair,
    changes$: changes.asObservable(),
    close: () => {
      changes.complete();
    },
    renew: async (more = names) => {
      pair = await issue(authority, more, SOURCES);
      changes.next(pair);
      return pair;
    },
  };
};

/** The body of an https GET of `path`; rejects with the certificate's error. */
export const askSecurely = (
  port: number,
  path: string,
  { ca, token, host = '127.0.0.1' }: { readonly ca: string; readonly token?: string; readonly host?: string },
): Promise<{ readonly code: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const request = httpsRequest({ host, port, path, ca, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve({ code: response.statusCode ?? 0, text });
      });
    });
    request.on('error', reject);
    request.end();
  });

/** A connection that has shaken hands. */
export const secureSocket = (port: number, ca: string, more: object = {}): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = tlsConnect({ host: '127.0.0.1', port, ca, ...more }, () => {
      resolve(socket);
    });
    socket.on('error', reject);
  });

export const serialOf = (socket: TLSSocket): string => socket.getPeerCertificate().serialNumber;
