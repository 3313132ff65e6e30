/** Downloads an archive from a bucket: one signed GET, the bucket in the path, as every service that speaks S3 has it. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { fetchArchive } from './archive.js';
import { textNamed, type Fetcher, type Fetching } from './source.js';

const EMPTY_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const REGION = 'us-east-1';

interface Place {
  readonly bucket: string;
  readonly key: string;
}

const placeOf = (url: string): Place => {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/.exec(url);
  if (match === null) throw new Error(`expected s3://bucket/key, got "${url}"`);
  return { bucket: match[1] ?? '', key: match[2] ?? '' };
};

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

const urlOf = ({ source }: Fetching): URL => {
  const { bucket, key } = placeOf(source.url);
  const base = source.endpoint ?? `https://s3.${source.region ?? REGION}.amazonaws.com`;
  if (!/^https?:\/\//.test(base))
    throw new Error(`the endpoint: expected an http or https address, got "${base}"`);
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${bucket}/${encoded(key)}`;
  return url;
};

const signedHeaders = async (url: URL, fetching: Fetching): Promise<Readonly<Record<string, string>>> => {
  const { source, texts, clock } = fetching;
  if (texts === null) return {};
  const sessionToken = Object.hasOwn(texts, 'sessionToken') ? texts['sessionToken'] : undefined;
  const signer = new SignatureV4({
    service: 's3',
    region: source.region ?? REGION,
    credentials: {
      accessKeyId: textNamed(texts, ['accessKeyId'], source),
      secretAccessKey: textNamed(texts, ['secretAccessKey'], source),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    sha256: Sha256,
    uriEscapePath: false,
  });
  const request = {
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    headers: { host: url.host, 'x-amz-content-sha256': EMPTY_BODY },
  };
  const { headers } = await signer.sign(request, { signingDate: new Date(clock.now()) });
  // `host` is signed, and fetch sends its own
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'host'));
};

export const s3: Fetcher = async (fetching) => {
  const url = urlOf(fetching);
  const headers = await signedHeaders(url, fetching);
  return fetchArchive({ url: url.href, headers, shown: fetching.source.url }, fetching);
};
