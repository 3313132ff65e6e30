/** Signature Version 4 as Amazon describes it, worked out anew: what a client signed has to come to the same. */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Claim {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly at: string;
  readonly payload: string;
}

const inHeader = (request: IncomingMessage): Claim | null => {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    );
  if (found === null) return null;
  return {
    credential: found[1] ?? '',
    signedHeaders: found[2] ?? '',
    signature: found[3] ?? '',
    at: String(request.headers['x-amz-date']),
    payload: String(request.headers['x-amz-content-sha256']),
  };
};

const inQuery = (query: URLSearchParams): Claim | null => {
  const signature = query.get('X-Amz-Signature');
  if (signature === null) return null;
  return {
    credential: query.get('X-Amz-Credential') ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    signature,
    at: query.get('X-Amz-Date') ?? '',
    payload: query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  };
};

const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

const canonicalQuery = (query: URLSearchParams): string =>
  [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');

const canonical = (request: IncomingMessage, url: URL, { signedHeaders, payload }: Claim): string =>
  [
    request.method ?? '',
    url.pathname,
    canonicalQuery(url.searchParams),
    ...signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    signedHeaders,
    payload,
  ].join('\n');

const signatureOf = (request: IncomingMessage, url: URL, claim: Claim, secret: string): string => {
  const scope = claim.credential.split('/').slice(1);
  const key = scope.reduce<string | Buffer>((so, part) => hmac(so, part), `AWS4${secret}`);
  const text = ['AWS4-HMAC-SHA256', claim.at, scope.join('/'), sha256(canonical(request, url, claim))];
  return hmac(key, text.join('\n')).toString('hex');
};

const millisOf = (at: string): number =>
  Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

const isInTime = ({ at }: Claim, query: URLSearchParams): boolean => {
  const seconds = Number(query.get('X-Amz-Expires') ?? 900);
  const age = Date.now() - millisOf(at);
  return age > -60_000 && age < seconds * 1000;
};

/** Signed by this pair, in a header or in the URL, and not too long ago. */
export const isSignedBy = (request: IncomingMessage, url: URL, keys: KeyPair): boolean => {
  const claim = inHeader(request) ?? inQuery(url.searchParams);
  if (claim?.credential.split('/')[0] !== keys.accessKeyId) return false;
  return (
    isInTime(claim, url.searchParams) &&
    signatureOf(request, url, claim, keys.secretAccessKey) === claim.signature
  );
};
