/** The HTTP API: Kubernetes conventions over Objects, and the port on which other doors take their requests. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Planner } from '../api-types/plan.js';
import { failureStatus } from '../api-types/status.js';
import { millis, seconds } from '../api-types/units.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import type { Sealer } from '../runtime/sealing.js';
import type { Objects } from '../store/objects/objects.js';
import type { Access } from './access/access.js';
import type { Audit } from './audit/audit.js';
import type { Context } from './context.js';
import { farewell } from './farewell.js';
import { handle } from './handler.js';
import type { RequestHook, UpgradeHook } from './hooks.js';
import { openLogs } from './logs/logs.js';
import type { OpenLog } from './logs/port.js';
import type { Metric } from './metrics.js';
import { PATIENCE, type Patience } from './patience.js';
import { openWatches } from './reads/watches.js';
import { openRing } from './ring.js';
import { badRequest } from './statuses.js';
import type { TlsIdentity } from './tls/identity.js';
import { isLoopback } from './tls/loopback.js';
import { type OnePort, takeBoth } from './tls/one-port.js';
import { openWebhooks } from './webhooks/webhooks.js';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly access: Access;
  readonly audit: Audit;
  readonly sealer: Sealer;
  readonly objects: Objects;
  readonly plan: Planner;
  /** Asked in order before anything else; they check who asks themselves. */
  readonly extra: readonly RequestHook[];
  readonly upgrade: readonly UpgradeHook[];
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly metrics: () => readonly Metric[];
  /** Shows the logs of hosts; none: there are no gateways. */
  readonly openLog?: OpenLog;
  /** What it shows to clients of TLS; none: plain HTTP only, which only loopback may have. */
  readonly tls?: TlsIdentity | null;
  /** Whether plain HTTP is taken; where it listens on loopback unless told. */
  readonly plain?: boolean;
  /** Changes kept for watches; 8192 unless told. */
  readonly ringSize?: number;
  /** Watches of one user, and from one address; 2,000 unless told. */
  readonly mostWatches?: number;
  /** How long slow clients are waited for; PATIENCE unless told. */
  readonly patience?: Patience;
}

export interface RunningServer {
  /** Plain http where it is taken, else https. */
  readonly url: string;
  /** Null: no TLS is spoken. */
  readonly secureUrl: string | null;
  readonly port: number;
  /** Ends watches, lets running requests finish for at most two seconds, closes every socket. */
  close(): Promise<void>;
}

const greetingOf = ({ greeting }: Patience) => ({ firstByte: greeting, handshake: greeting });

const timeoutsOf = ({ headers, request }: Patience) => ({
  headersTimeout: headers,
  requestTimeout: request,
  connectionsCheckingInterval: headers / 2,
});
const DRAIN = seconds(2);
/** Connections waiting to be accepted: every agent of a large cluster comes back at once after a restart. */
const BACKLOG = 4096;

const sentence = (error: NodeJS.ErrnoException, host: string, port: number): string => {
  const place = `${host}:${String(port)}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${String(port)} on ${host} is in use by another program: stop that one, or choose another port with --port`;
    case 'EACCES':
      return `listening on ${place} is not allowed to this user: choose a port above 1023 with --port`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${host} to listen on`;
    default:
      return `cannot listen on ${place}: ${error.message}`;
  }
};

const listening = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      reject(new Error(sentence(error, host, port), { cause: error }));
    };
    server.once('error', failed);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    });
  });

/** A request that is no HTTP, or too slow: node has not made a request of it, so it is answered by hand. */
const refuseSocket = (socket: Duplex, error: NodeJS.ErrnoException): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const big = error.code === 'HPE_HEADER_OVERFLOW';
  const line = slow ? '408 Request Timeout' : big ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const status = slow
    ? failureStatus(408, 'Timeout', 'the request did not come to its end in time')
    : big
      ? failureStatus(431, 'RequestHeaderFieldsTooLarge', 'the headers are longer than 16 KiB')
      : badRequest(`the request is no HTTP/1.1: ${error.message}`);
  const body = JSON.stringify(status);
  farewell(
    socket,
    `HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  );
};

const taken = (hooks: readonly RequestHook[], request: IncomingMessage, response: ServerResponse): boolean =>
  hooks.some((hook) => hook(request, response));

const wire = (server: Server, options: ServerOptions, context: Context): void => {
  const { extra, upgrade, log } = options;
  server.on('request', (request, response) => {
    // a client that goes away mid-answer is its own affair
    response.on('error', () => undefined);
    try {
      if (taken(extra, request, response)) return;
    } catch (error) {
      log.error('a hook failed in an unexpected way', { path: request.url, error });
      response.destroy();
      return;
    }
    void handle(context, request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    try {
      if (upgrade.some((hook) => hook(request, socket, head))) return;
    } catch (error) {
      log.error('a hook failed in an unexpected way', { path: request.url, error });
    }
    farewell(socket, 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    refuseSocket(socket, error);
  });
};

const closeAll = async (server: Server, both: OnePort | null, clock: Clock): Promise<void> => {
  const closed = new Promise<true>((resolve) => {
    server.close(() => {
      resolve(true);
    });
  });
  const deadline = clock.monotonic() + DRAIN;
  both?.close();
  // connections fall idle one by one as their answers end
  for (let done = false; !done && clock.monotonic() < deadline;) {
    server.closeIdleConnections();
    done = await Promise.race([closed, clock.sleep(millis(20)).then(() => false)]);
  }
  server.closeAllConnections();
  both?.cut();
  await closed;
};

interface Parts {
  readonly server: Server;
  readonly both: OnePort | null;
  readonly context: Context;
  readonly abort: AbortController;
}

const closer = ({ server, both, context, abort }: Parts) => {
  const close = async (): Promise<void> => {
    abort.abort();
    context.watches.close();
    await closeAll(server, both, context.clock);
    context.ring.close();
  };
  let closing: Promise<void> | null = null;
  return (): Promise<void> => (closing ??= close());
};

/** How the port is to be spoken to; throws one line for a person where it would be open to listeners. */
const takesPlain = ({ host, tls, plain = isLoopback(host) }: ServerOptions): boolean => {
  if (plain || (tls ?? null) !== null) return plain;
  throw new Error(
    `listening on ${host} without TLS is refused: tokens would cross the network in the clear; listen on 127.0.0.1, or let TLS be spoken`,
  );
};

const urlsAt = (host: string, port: number, how: { readonly plain: boolean; readonly tls: boolean }) => {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const place = `${name.includes(':') ? `[${name}]` : name}:${String(port)}`;
  const secureUrl = how.tls ? `https://${place}` : null;
  return { url: how.plain || secureUrl === null ? `http://${place}` : secureUrl, secureUrl, port };
};

const noLogs: OpenLog = (_machine, _asked, reader) => {
  reader.end('no gateway is here that it could be connected to');
  return () => undefined;
};

/** Starts the server; rejects with one line for a person when it cannot listen. */
export const startServer = async (options: ServerOptions): Promise<RunningServer> => {
  const { objects, plan, access, audit, sealer, clock, log, version } = options;
  const { host, tls = null, patience = PATIENCE } = options;
  const plain = takesPlain(options);
  const abort = new AbortController();
  const server = createServer(timeoutsOf(patience));
  const ring = openRing(objects, options.ringSize);
  const watches = openWatches(ring, clock, options.mostWatches);
  const metrics = (): readonly Metric[] => [...options.metrics(), ...watches.metrics()];
  const shared = { objects, plan, access, audit, sealer, clock, log, version, metrics };
  const logs = openLogs(options.openLog ?? noLogs);
  const webhooks = openWebhooks(clock);
  const context: Context = { ...shared, ring, watches, logs, webhooks, patience, closing: abort.signal };
  const both = tls === null ? null : takeBoth(server, tls, plain, greetingOf(patience));
  wire(server, options, context);
  try {
    const port = await listening(server, host, options.port);
    const urls = urlsAt(host, port, { plain, tls: tls !== null });
    return { ...urls, close: closer({ server, both, context, abort }) };
  } catch (error) {
    watches.close();
    ring.close();
    throw error;
  }
};
