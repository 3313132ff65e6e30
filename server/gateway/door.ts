/** Upgrades to WebSocket: who may hold a connection. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { AGENT_PATH, CLOSE } from '../../api-types/agent-protocol.js';
import type { Log } from '../../runtime/log.js';
import { peerToken, sameToken } from '../../runtime/tokens.js';
import { farewell } from '../farewell.js';
import type { Counters } from './counters.js';
import { type Asker, askerOf, bearer, remoteOf } from './credentials.js';
import type { CatchUp } from './freshness.js';
import type { Links } from './links.js';
import type { Peers } from './peers.js';
import type { Places } from './places.js';
import type { Throttle } from './throttle.js';

/** A result with the last output of its failure, with room to spare. */
const MAX_PAYLOAD = 256 * 1024;

export interface DoorDependencies {
  readonly installationKey: Buffer;
  readonly places: Places;
  readonly links: Links;
  readonly peers: Peers;
  readonly throttle: Throttle;
  readonly catchUp: CatchUp;
  readonly counters: Counters;
  readonly log: Log;
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

const turnAway = (socket: Duplex, code: number): void => {
  const head = `HTTP/1.1 ${String(code)} ${REASONS[code] ?? ''}`;
  farewell(socket, `${head}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};

export class Door {
  private readonly server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    clientTracking: false,
  });
  private closed = false;

  constructor(private readonly with_: DoorDependencies) {}

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = (request.url ?? '').split('?')[0];
    socket.on('error', () => socket.destroy());
    if (this.closed) turnAway(socket, 503);
    else if (path === `${AGENT_PATH}/connect`) void this.agent(request, socket, head);
    else if (path === `${AGENT_PATH}/peer`) this.peer(request, socket, head);
    else turnAway(socket, 404);
  }

  /** From now on nobody is let in. */
  close(): void {
    this.closed = true;
  }

  private peer(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (sameToken(bearer(request), peerToken(this.with_.installationKey)))
      this.with_.peers.accept(request, socket, head);
    else this.refuse(request, socket, 'peer');
  }

  private async agent(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const asker = await this.identify(request);
    if (asker === null) turnAway(socket, 503);
    else if (asker._tag === 'Stranger') this.refuse(request, socket, asker.machine);
    else this.admit(asker, request, socket, head);
  }

  /**
   * That a machine is in no record makes its agent end, so the cache is not taken at its word. Null: whether it is
   * cannot be said now.
   */
  private async identify(request: IncomingMessage): Promise<Asker | null> {
    const { installationKey, places, catchUp } = this.with_;
    const asker = askerOf(request, installationKey, places);
    if (asker._tag !== 'Unknown') return asker;
    return (await catchUp()) ? askerOf(request, installationKey, places) : null;
  }

  private admit(
    asker: Exclude<Asker, { _tag: 'Stranger' }>,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    const remote = remoteOf(request);
    this.server.handleUpgrade(request, socket, head, (link) => {
      if (asker._tag === 'Host') {
        this.with_.links.accept({ machine: asker.machine, place: asker.place, remote }, link);
        return;
      }
      this.with_.counters.connectionsRefused += 1;
      this.with_.log.info('a released machine was told so', { machine: asker.machine, remote });
      link.on('error', () => undefined);
      link.close(CLOSE.released, 'no slot has this machine');
    });
  }

  private refuse(request: IncomingMessage, socket: Duplex, who: string): void {
    const { counters, throttle, log } = this.with_;
    const remote = remoteOf(request);
    counters.connectionsRefused += 1;
    if (!throttle.refused(remote)) {
      turnAway(socket, 429);
      return;
    }
    log.warn('connection refused: the credential does not hold', { machine: who, remote });
    turnAway(socket, 401);
  }
}
