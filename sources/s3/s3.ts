/** Downloads an archive from a bucket: one GET, signed where a Secret is named. */
import { fetchArchive } from '../archive.js';
import { textIn, textNamed, type Fetcher, type Fetching } from '../source.js';
import { EMPTY_BODY, signedHeaders, urlOf, type Place, type S3Keys } from './signing.js';

const placeOf = (url: string): Place => {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/.exec(url);
  if (match === null) throw new Error(`expected s3://bucket/key, got "${url}"`);
  return { bucket: match[1] ?? '', key: match[2] ?? '' };
};

const keysOf = ({ texts, source }: Fetching): S3Keys | null => {
  if (texts === null) return null;
  const sessionToken = textIn(texts, 'sessionToken');
  return {
    accessKeyId: textNamed(texts, ['accessKeyId'], source),
    secretAccessKey: textNamed(texts, ['secretAccessKey'], source),
    ...(sessionToken === null ? {} : { sessionToken }),
  };
};

export const s3: Fetcher = async (fetching) => {
  const { source: service, clock } = fetching;
  const url = urlOf(service, placeOf(service.url));
  const keys = keysOf(fetching);
  const asked = { method: 'GET', url, bodyDigest: EMPTY_BODY };
  const headers = keys === null ? {} : await signedHeaders({ service, keys, clock }, asked);
  return fetchArchive({ url: url.href, headers, shown: service.url }, fetching);
};
