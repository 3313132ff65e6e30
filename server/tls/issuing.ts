/** Certificates of our own making. Loaded only when one has to be made: the library takes a tenth of a second. */
import './reflection.js';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { createPrivateKey, KeyObject, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { hours, type Millis, minutes } from '../../api-types/units.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock } from '../../runtime/clock.js';
import type { KeyPair } from './identity.js';

type CryptoKey = webcrypto.CryptoKey;
type CryptoKeyPair = webcrypto.CryptoKeyPair;

interface Sources {
  readonly clock: Clock;
  readonly chance: Chance;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const AUTHORITY_LIFE = hours(24 * 3650);
const SERVER_LIFE = hours(24 * 365);
/** For clients whose clocks are behind. */
const BACKDATED = minutes(5);
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

const newKeys = (): Promise<CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const keyPem = (key: CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();

const signingKey = (pem: string): Promise<CryptoKey> => {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
};

/** Positive, as the standard wants it: the first bit is 0, the second 1. */
const serialNumber = (chance: Chance): string => {
  const bytes = chance.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
};

const validity = (clock: Clock, life: Millis) => ({
  notBefore: new Date(clock.now() - BACKDATED),
  notAfter: new Date(clock.now() + life),
});

const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem').trim()}\n`;

/** A new authority, good for ten years, that signs server certificates and nothing else. */
export const makeAuthority = async (name: string, { clock, chance }: Sources): Promise<KeyPair> => {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(chance),
    name: [{ CN: [name] }],
    ...validity(clock, AUTHORITY_LIFE),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pemOf(certificate), key: keyPem(keys.privateKey) };
};

const serverExtensions = async (
  issuer: X509Certificate,
  publicKey: CryptoKey,
  names: readonly string[],
): Promise<Extension[]> => [
  new BasicConstraintsExtension(false, undefined, true),
  new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  new ExtendedKeyUsageExtension([SERVER_AUTH]),
  new SubjectAlternativeNameExtension(
    names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
  ),
  await SubjectKeyIdentifierExtension.create(publicKey),
  await AuthorityKeyIdentifierExtension.create(issuer),
];

/** A server certificate for these names and addresses, good for a year, with the authority's behind it. */
export const issue = async (
  authority: KeyPair,
  names: readonly string[],
  { clock, chance }: Sources,
): Promise<KeyPair> => {
  const issuer = new X509Certificate(authority.cert);
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(chance),
    subject: [{ CN: ['scalarium'] }],
    issuer: issuer.subject,
    ...validity(clock, SERVER_LIFE),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.key),
    extensions: await serverExtensions(issuer, keys.publicKey, names),
  });
  return { cert: pemOf(certificate) + authority.cert, key: keyPem(keys.privateKey) };
};
