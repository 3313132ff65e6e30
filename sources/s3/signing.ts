/** Requests to services that speak S3: the bucket in the path, as all of them have it, signed with Signature Version 4. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../../runtime/clock.js';

export const REGION = 'us-east-1';
export const EMPTY_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Whoever has an address that was signed may get what it says, and sends nothing. */
const NO_BODY = 'UNSIGNED-PAYLOAD';

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of keys that hold for a while. */
  readonly sessionToken?: string;
}

export interface S3Service {
  /** Its base URL; none: Amazon's, for the region. */
  readonly endpoint?: string;
  readonly region?: string;
}

export interface Place {
  readonly bucket: string;
  readonly key: string;
}

/** What S3 has signed is the path as it is sent. */
const encoded = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');

/** Throws, for people, where the endpoint is no address. */
export const urlOf = ({ endpoint, region }: S3Service, { bucket, key }: Place): URL => {
  const base = endpoint ?? `https://s3.${region ?? REGION}.amazonaws.com`;
  if (!/^https?:\/\//.test(base))
    throw new Error(`the endpoint: expected an http or https address, got "${base}"`);
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${bucket}/${encoded(key)}`;
  return url;
};

const signerOf = ({ region }: S3Service, keys: S3Keys): SignatureV4 =>
  new SignatureV4({
    service: 's3',
    region: region ?? REGION,
    credentials: keys,
    sha256: Sha256,
    uriEscapePath: false,
  });

const requestOf = (method: string, url: URL, bodyDigest: string) => ({
  method,
  protocol: url.protocol,
  hostname: url.hostname,
  path: url.pathname,
  query: Object.fromEntries(url.searchParams),
  headers: { host: url.host, 'x-amz-content-sha256': bodyDigest },
});

export interface Signer {
  readonly service: S3Service;
  readonly keys: S3Keys;
  readonly clock: Clock;
}

interface ToSign {
  readonly method: string;
  readonly url: URL;
  /** SHA-256 of what is sent. */
  readonly bodyDigest: string;
}

/** The headers that it is to be sent with. */
export const signedHeaders = async (
  { service, keys, clock }: Signer,
  { method, url, bodyDigest }: ToSign,
): Promise<Readonly<Record<string, string>>> => {
  const request = requestOf(method, url, bodyDigest);
  const signed = await signerOf(service, keys).sign(request, { signingDate: new Date(clock.now()) });
  // `host` is signed, and fetch sends its own
  return Object.fromEntries(Object.entries(signed.headers).filter(([name]) => name !== 'host'));
};

/** An address from which whoever has it may get what is there, for so many seconds. */
export const signedUrl = async (
  { service, keys, clock }: Signer,
  url: URL,
  expiresIn: number,
): Promise<string> => {
  const signed = await signerOf(service, keys).presign(requestOf('GET', url, NO_BODY), {
    expiresIn,
    signingDate: new Date(clock.now()),
  });
  const there = new URL(url);
  for (const [name, value] of Object.entries(signed.query ?? {}))
    there.searchParams.set(name, Array.isArray(value) ? value.join(',') : (value ?? ''));
  return there.href;
};
