/** One WebSocket to one gateway, from dialling to its end. */
import * as E from 'fp-ts/lib/Either.js';
import WebSocket, { type RawData } from 'ws';
import {
  AGENT_PATH,
  type AgentMessage,
  GatewayMessage,
  MACHINE_HEADER,
} from '../api-types/agent-protocol.js';
import type { Route } from './requests.js';
import { trusting } from './trust.js';

/** An event carries at most one diff, and a diff at most a snapshot: 1 MiB, with room for JSON in JSON. */
const MAX_PAYLOAD = 4 * 1024 * 1024;

/** How it ended: `code` is the close code, 1006 when it was cut off, or the HTTP status of a refused upgrade. */
export interface Ending {
  readonly code: number;
  readonly message: string;
}

export interface Listener {
  opened(): void;
  message(message: GatewayMessage): void;
  /** Any sign of life of the gateway, pings too. */
  alive(): void;
}

export interface Connection {
  send(message: AgentMessage): void;
  /** Says goodbye. */
  close(): void;
  /** Cuts it off: the other side is not there. */
  cut(): void;
  readonly ended: Promise<Ending>;
}

const textOf = (data: RawData): string => {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8');
};

const read = (data: RawData): GatewayMessage | null => {
  try {
    const decoded = GatewayMessage.decode(JSON.parse(textOf(data)));
    return E.isRight(decoded) ? decoded.right : null;
  } catch {
    return null;
  }
};

const endingOf = (socket: WebSocket): Promise<Ending> =>
  new Promise((resolve) => {
    let message = '';
    socket.on('error', (error) => {
      message = error.message;
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve({ code: response.statusCode ?? 0, message: 'the gateway refused the connection' });
      socket.terminate();
    });
    socket.on('close', (code, reason) => {
      resolve({ code, message: reason.length > 0 ? reason.toString() : message });
    });
  });

/** Dials; `listener` hears what comes. Nothing throws: whatever goes wrong is the connection's end. */
export const connect = (
  { gateway, localAddress, patience, authority }: Route,
  who: { readonly machine: string; readonly credential: string },
  listener: Listener,
): Connection => {
  const url = new URL(`${AGENT_PATH}/connect`, gateway);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${who.credential}`, [MACHINE_HEADER]: who.machine },
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    handshakeTimeout: patience,
    ...(localAddress === null ? {} : { localAddress }),
    ...trusting(authority),
  });
  const ended = endingOf(socket);
  socket.on('open', () => {
    listener.opened();
  });
  socket.on('ping', () => {
    listener.alive();
  });
  socket.on('message', (data) => {
    listener.alive();
    const message = read(data);
    // a newer gateway may say more than this agent knows
    if (message !== null) listener.message(message);
  });
  return {
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    close: () => {
      socket.close(1000);
    },
    cut: () => {
      socket.terminate();
    },
    ended,
  };
};
