/** A real server on a free port over an in-memory Objects, and a bare HTTP client that sends whatever it is told. */
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { systemClock } from '../../runtime/clock.js';
import { systemChance } from '../../runtime/chance.js';
import { silentLog } from '../../runtime/log.js';
import { openSealer } from '../../runtime/sealing.js';
import { oneToken } from '../fake/one-token.js';
import { noAudit } from '../../server/audit/audit.js';
import { type RunningServer, type ServerOptions, startServer } from '../../server/server.js';
import { type FakeObjects, fakeObjects, ref } from '../fake/objects.js';

export const TOKEN = 'a-token';
/** Seals what test servers store. */
export const TEST_SEALER = openSealer(Buffer.alloc(32, 7), systemChance);
export const API = '/apis/scalarium.dev/v1';

export interface HttpAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: {
    readonly reason?: string;
    readonly message?: string;
    readonly details?: {
      readonly causes?: readonly { readonly field: string; readonly message: string }[];
    };
    readonly [field: string]: unknown;
  };
}

export interface Sent {
  readonly body?: string | object;
  readonly type?: string;
  /** Null: no token. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestServer {
  readonly running: RunningServer;
  readonly objects: FakeObjects;
  readonly ask: (method: string, path: string, sent?: Sent) => Promise<HttpAnswer>;
  /** Sends bytes and gives what came back until the server closed the connection. */
  readonly raw: (bytes: string | Buffer) => Promise<string>;
}

const parsed = (text: string): HttpAnswer['json'] => {
  try {
    return JSON.parse(text) as HttpAnswer['json'];
  } catch {
    return {};
  }
};

const headersOf = (sent: Sent): Record<string, string> => ({
  ...(sent.token === null ? {} : { authorization: `Bearer ${sent.token ?? TOKEN}` }),
  ...(sent.body === undefined ? {} : { 'content-type': sent.type ?? 'application/json' }),
  ...sent.headers,
});

/** One request to `port`. */
export const ask = (port: number, method: string, path: string, sent: Sent = {}): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const body = typeof sent.body === 'object' ? JSON.stringify(sent.body) : sent.body;
    // node sends a DELETE's body without its length unless told
    const framed = body === undefined || sent.headers?.['transfer-encoding'] !== undefined;
    const length = framed ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const headers = { ...length, ...headersOf(sent) };
    const options = { host: '127.0.0.1', port, method, path, headers, agent: false };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ code: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });

const rawTo = (port: number, bytes: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('close', () => {
      resolve(text);
    });
    socket.on('error', reject);
  });

/** Starts one; close it with `running.close()`. */
export const testServer = async (options: Partial<ServerOptions> = {}): Promise<TestServer> => {
  const objects = fakeObjects(() => Date.parse('2026-01-02T03:04:05Z'));
  const running = await startServer({
    host: '127.0.0.1',
    port: 0,
    access: oneToken(TOKEN),
    audit: noAudit,
    sealer: TEST_SEALER,
    objects,
    plan: () => [],
    extra: [],
    upgrade: [],
    clock: systemClock,
    log: silentLog,
    version: '0.1.0',
    metrics: () => [],
    ...options,
  });
  return {
    running,
    objects,
    ask: (method, path, sent) => ask(running.port, method, path, sent),
    raw: (bytes) => rawTo(running.port, bytes),
  };
};

/** A cluster `shop` with a role `app` of two. */
export const shop = (objects: FakeObjects): void => {
  objects.has(ref('Cloud', null, 'local'), { spec: { provider: 'local' } });
  objects.has(ref('Cluster', null, 'shop'), { spec: { cloud: 'local' } });
  objects.has(ref('Role', 'shop', 'app'), { spec: { type: 'nodejs-app', replicas: 2 } });
};
