/** A bucket service on loopback: the part of S3 that is used here, with signatures checked. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSignedBy, type KeyPair } from './s3-signature.js';

export const S3_KEYS: KeyPair = { accessKeyId: 'AKIATEST', secretAccessKey: 'test/secret+key' };

export interface S3Asked {
  readonly method: string;
  /** `bucket/key`. */
  readonly place: string;
}

export interface S3Server {
  /** What goes into `endpoint`. */
  readonly url: string;
  /** By `bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** Every request that was answered well, in order. */
  readonly asked: readonly S3Asked[];
  /** From now on everything is answered with 503, until told otherwise. */
  refuse(refused: boolean): void;
  end(): void;
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const error = (response: ServerResponse, status: number, code: string): void => {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
};

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

const PLAIN = /^[0-9a-f]{64}$/;

const put = async (
  request: IncomingMessage,
  response: ServerResponse,
  keep: (data: Buffer) => void,
): Promise<void> => {
  // the real one takes nothing whose length it is not told
  if (request.headers['content-length'] === undefined) {
    error(response, 411, 'MissingContentLength');
    return;
  }
  const data = await bodyOf(request);
  const declared = request.headers['x-amz-content-sha256'];
  if (typeof declared === 'string' && PLAIN.test(declared) && declared !== sha256(data)) {
    error(response, 400, 'XAmzContentSHA256Mismatch');
    return;
  }
  keep(data);
  response.writeHead(200, { etag: `"${sha256(data).slice(0, 32)}"` }).end();
};

const listed = (objects: ReadonlyMap<string, Buffer>, bucket: string, prefix: string): string => {
  const keys = [...objects].flatMap(([place, data]) =>
    place.startsWith(`${bucket}/${prefix}`)
      ? [
          `<Contents><Key>${place.slice(bucket.length + 1)}</Key><Size>${String(data.length)}</Size></Contents>`,
        ]
      : [],
  );
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${keys.join('')}</ListBucketResult>`;
};

const give = (response: ServerResponse, data: Buffer | undefined, isHead: boolean): void => {
  if (data === undefined) error(response, 404, 'NoSuchKey');
  else response.writeHead(200, { 'content-length': data.length }).end(isHead ? undefined : data);
};

/** Every bucket is there; only requests that `keys` signed are answered. */
export const startS3Server = async (keys: KeyPair = S3_KEYS): Promise<S3Server> => {
  const objects = new Map<string, Buffer>();
  const asked: S3Asked[] = [];
  let refused = false;
  const read = (request: IncomingMessage, response: ServerResponse, url: URL, place: string): void => {
    if (place.includes('/')) give(response, objects.get(place), request.method === 'HEAD');
    else response.end(listed(objects, place, url.searchParams.get('prefix') ?? ''));
  };
  const act = (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> | void => {
    const place = decodeURIComponent(url.pathname).replace(/^\//, '').replace(/\/$/, '');
    asked.push({ method: request.method ?? '', place });
    if (request.method === 'PUT') return put(request, response, (data) => objects.set(place, data));
    if (request.method !== 'DELETE') {
      read(request, response, url, place);
      return;
    }
    objects.delete(place);
    response.writeHead(204).end();
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`);
    if (refused) error(response, 503, 'SlowDown');
    else if (isSignedBy(request, url, keys)) await act(request, response, url);
    else error(response, 403, 'SignatureDoesNotMatch');
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    objects,
    asked,
    refuse: (wanted) => {
      refused = wanted;
    },
    end: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
