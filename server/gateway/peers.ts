/** Gateways among themselves: each sends to every other, each second, what it heard of hosts. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import * as E from 'fp-ts/lib/Either.js';
import WebSocket, { type RawData, WebSocketServer } from 'ws';
import { AGENT_PATH, GATEWAY_HEADER, PeerDelta } from '../../api-types/agent-protocol.js';
import { seconds } from '../../api-types/units.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Known, Observed } from '../../store/observed/observed.js';
import type { Directory } from './directory.js';

const EVERY = seconds(1);
const ENTRIES_A_MESSAGE = 2_000;
const MAX_PAYLOAD = 4 * 1024 * 1024;
const HANDSHAKE_TIMEOUT_MS = 5_000;

export interface PeersDependencies {
  readonly id: string;
  readonly token: string;
  /** PEM of what other gateways' certificates are signed with; none: the system's authorities. */
  readonly authority?: string | null;
  readonly observed: Observed;
  readonly knows: Known;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Peers {
  /** Takes an upgrade whose token was checked. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Gateways that this one can reach now. */
  reached(): number;
  close(): void;
}

interface Dialled {
  readonly socket: WebSocket;
  /** Version of our view that the peer has. */
  sent: number;
}

const deltaOf = (data: RawData): PeerDelta | null => {
  try {
    const decoded = PeerDelta.decode(JSON.parse((data as Buffer).toString('utf8')));
    return E.isRight(decoded) ? decoded.right : null;
  } catch {
    return null;
  }
};

class PeerLinks implements Peers {
  private readonly server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
  });
  private readonly dialled = new Map<string, Dialled>();
  private timer: Timer;

  constructor(private readonly with_: PeersDependencies) {
    this.timer = this.again();
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const from = String(request.headers[GATEWAY_HEADER]);
    this.server.handleUpgrade(request, socket, head, (peer) => {
      peer.on('error', () => undefined); // its close follows
      peer.on('message', (data) => {
        this.hear(from, data);
      });
    });
  }

  reached(): number {
    return [...this.dialled.values()].filter(({ socket }) => socket.readyState === WebSocket.OPEN).length;
  }

  close(): void {
    this.timer.cancel();
    for (const { socket } of this.dialled.values()) socket.terminate();
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }

  private again(): Timer {
    return this.with_.clock.after(EVERY, () => {
      this.timer = this.again();
      this.tick();
    });
  }

  private tick(): void {
    const live = this.with_.directory.live();
    for (const [id, { socket }] of this.dialled)
      if (!live.has(id)) {
        socket.terminate();
        this.dialled.delete(id);
      }
    for (const [id, url] of live) if (id !== this.with_.id) this.reach(id, url);
  }

  private reach(id: string, url: string): void {
    const link = this.dialled.get(id);
    if (link === undefined || link.socket.readyState > WebSocket.OPEN) this.dialled.set(id, this.dial(url));
    else if (link.socket.readyState === WebSocket.OPEN) this.tell(id, link);
  }

  /** A new link begins with everything: what the peer missed meanwhile is not known. */
  private dial(base: string): Dialled {
    const url = new URL(`${AGENT_PATH}/peer`, base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${this.with_.token}`, [GATEWAY_HEADER]: this.with_.id },
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ...(this.with_.authority ? { ca: this.with_.authority } : {}),
    });
    socket.on('error', (error) => {
      this.with_.log.debug('a peer cannot be reached', { url: base, error: error.message });
    });
    return { socket, sent: 0 };
  }

  private tell(id: string, link: Dialled): void {
    const { version, entries } = this.with_.observed.deltaSince(link.sent, id);
    link.sent = version;
    for (let start = 0; start < entries.length; start += ENTRIES_A_MESSAGE) {
      const delta: PeerDelta = { type: 'delta', entries: entries.slice(start, start + ENTRIES_A_MESSAGE) };
      link.socket.send(JSON.stringify(delta));
    }
  }

  private hear(from: string, data: RawData): void {
    const delta = deltaOf(data);
    if (delta === null) {
      this.with_.log.warn('a peer sent something that is no delta', { gateway: from });
      return;
    }
    this.with_.observed.gatewayFound(from); // alive, whatever the store says of its lease
    this.with_.observed.merge(delta.entries, from, this.with_.knows);
  }
}

/** Begins to exchange with every gateway in the directory. */
export const openPeers = (dependencies: PeersDependencies): Peers => new PeerLinks(dependencies);
