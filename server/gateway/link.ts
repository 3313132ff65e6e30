/** One agent's connection. */
import WebSocket from 'ws';
import type { AgentRelease } from '../../api-types/agent-release.js';
import type { Counters } from './counters.js';
import type { Order, Orders } from './orders.js';
import type { Place } from './places.js';

/** A host that takes nothing more is cut off: it comes back and asks from its cursor. */
const MAX_BUFFERED = 16 * 1024 * 1024;

export interface Agent {
  readonly version: string;
  readonly can: readonly string[];
}

export interface LinkedHost {
  readonly machine: string;
  readonly place: Place;
  /** The address it connects from. */
  readonly remote: string;
}

export class Link {
  /** 0: it has not said hello yet. */
  session = 0;
  /** The digest of the snapshot the agent has, or will have once it took in what was sent. */
  snapshot = '';
  /** The version of its agent, and which abilities that says it has. */
  agent: Agent = { version: '', can: [] };
  /** The build its agent is; null: it cannot be told to update. */
  build: string | null = null;
  /** The release it was told to update to, over this connection. */
  toldOf: AgentRelease | null = null;
  /** Monotonic time at which it was told. */
  toldAt = 0;
  /** Monotonic time of the last sign of life. */
  heardAt = 0;

  constructor(
    readonly host: LinkedHost,
    readonly socket: WebSocket,
    private readonly counters: Counters,
  ) {}

  get machine(): string {
    return this.host.machine;
  }

  send(text: string | Buffer): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (this.socket.bufferedAmount > MAX_BUFFERED) {
      this.socket.terminate();
      return;
    }
    this.counters.bytesSent += Buffer.byteLength(text);
    this.socket.send(text, { binary: false });
  }

  /** With its diff where the agent has what the diff starts from. */
  order(order: Order, orders: Orders): void {
    const text = orders.text(order, order.base !== '' && order.base === this.snapshot);
    if (text === null) return;
    this.snapshot = order.digest;
    this.counters.eventsSent += 1;
    this.send(text);
  }
}
