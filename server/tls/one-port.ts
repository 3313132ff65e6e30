/**
 * TLS and plain HTTP on one port: the first byte of a connection says which it is. All of them become connections of
 * the one HTTP server, so its limits against slow clients and its graceful end hold for both.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type SecureContextOptions,
} from 'node:tls';
import { farewell } from '../farewell.js';
import type { KeyPair, TlsIdentity } from './identity.js';

/** The record type that every TLS connection begins with. */
const HANDSHAKE = 0x16;

/** How long clients may take, in milliseconds. */
export interface Limits {
  /** To say what they speak. */
  readonly firstByte: number;
  /** To have shaken hands, from that on. */
  readonly handshake: number;
  /** To close, having been refused. */
  readonly linger: number;
}

const LIMITS: Limits = { firstByte: 10_000, handshake: 10_000, linger: 1_000 };

const REFUSAL = 'this port speaks TLS: ask again with https:// in place of http://\n';
const REFUSED = [
  'HTTP/1.1 400 Bad Request',
  'Connection: close',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${String(Buffer.byteLength(REFUSAL))}`,
  '',
  REFUSAL,
].join('\r\n');

export interface OnePort {
  /** Cuts what has not said yet what it is. */
  close(): void;
  /** Cuts what the HTTP server does not know of: connections that are still shaking hands. */
  cut(): void;
}

type Accept = (socket: Socket) => void;

const contextOf = ({ cert, key }: KeyPair): SecureContextOptions => ({ cert, key, minVersion: 'TLSv1.2' });

const taken = (server: Server): Accept => {
  const listeners = server.listeners('connection') as Accept[];
  server.removeAllListeners('connection');
  return (socket) => {
    for (const listener of listeners) listener.call(server, socket);
  };
};

/** Calls `told` with the first byte, which stays in the socket; a connection that sends none is closed. */
const peek = (socket: Socket, within: number, told: (first: number) => void): void => {
  const late = (): void => {
    socket.destroy();
  };
  socket.setTimeout(within, late);
  socket.once('readable', () => {
    socket.setTimeout(0, late);
    const chunk = socket.read(1) as Buffer | null;
    const first = chunk?.[0];
    if (chunk === null || first === undefined) {
      socket.destroy();
      return;
    }
    socket.unshift(chunk);
    told(first);
  });
};

/** Its connections end up in `accept` once they are secure. */
const secureServer = (identity: TlsIdentity, accept: Accept, handshakeTimeout: number): TlsServer => {
  const options = { ALPNProtocols: ['http/1.1'], handshakeTimeout };
  const secure = createTlsServer({ ...contextOf(identity.current()), ...options });
  secure.on('secureConnection', accept);
  secure.on('tlsClientError', (_error, socket) => {
    socket.destroy();
  });
  return secure;
};

/** Makes a server take TLS, and plain HTTP too when `plain`; before it listens. */
export const takeBoth = (
  server: Server,
  identity: TlsIdentity,
  plain: boolean,
  limits: Partial<Limits> = {},
): OnePort => {
  const { firstByte, handshake, linger } = { ...LIMITS, ...limits };
  const accept = taken(server);
  const secure = secureServer(identity, accept, handshake);
  const [silent, encrypted] = [new Set<Socket>(), new Set<Socket>()];
  const handOver = (socket: Socket, first: number): void => {
    silent.delete(socket);
    if (first === HANDSHAKE) {
      encrypted.add(socket);
      secure.emit('connection', socket);
    } else if (plain) accept(socket);
    else farewell(socket, REFUSED, linger);
  };
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.on('error', () => undefined); // its close follows
    socket.once('close', () => {
      silent.delete(socket);
      encrypted.delete(socket);
    });
    peek(socket, firstByte, (first) => {
      handOver(socket, first);
    });
  });
  const renewing = identity.changes$.subscribe((pair) => {
    secure.setSecureContext(contextOf(pair));
  });
  const cutAll = (sockets: ReadonlySet<Socket>): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    close: () => {
      renewing.unsubscribe();
      cutAll(silent);
    },
    cut: () => {
      cutAll(encrypted);
    },
  };
};
