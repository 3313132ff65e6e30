/** One gateway of tests, with a server of its own. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Millis, millis } from '../../api-types/units.js';
import { hex, systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { openShelf, type Shelf } from '../../runtime/shelf.js';
import { openSealer } from '../../runtime/sealing.js';
import { agentFilesDoor } from '../../server/agent-files/door.js';
import { openAgentFiles } from '../../server/agent-files/files.js';
import { type Gateway, openGateway } from '../../server/gateway/gateway.js';
import type { Entitled } from '../../server/gateway/secrets.js';
import type { TlsIdentity } from '../../server/tls/identity.js';
import { takeBoth } from '../../server/tls/one-port.js';
import { type OpenedObjects, openObjects } from '../../store/objects/open.js';
import { type Observed, openObserved } from '../../store/observed/observed.js';
import type { Store } from '../../store/store.js';
import { PATIENCE_MS } from './patience.js';

export const KEY = Buffer.alloc(32, 7);
export const SEALER = openSealer(KEY, systemChance);
export const INSTALLATION = '2f0e7a52-3f0a-4a3e-9a43-0d1f7a4e6a11';

export interface RunningGateway {
  readonly url: string;
  readonly gateway: Gateway;
  readonly observed: Observed;
  readonly objects: OpenedObjects;
  readonly shelf: Shelf;
  readonly artifacts: Shelf;
  /** As if its process had been killed: every connection is cut, nothing is said. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** The folder of agent files that gateways serve and bring hosts to. */
  readonly agentFiles?: string;
  /** Usually so short that tests need not wait. */
  readonly heartbeat?: Millis;
  /** Opens the artifact store of a gateway, which may keep things in the folder; a directory unless told. */
  readonly artifacts?: (folder: string) => Promise<Shelf>;
}

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });

/** What roles name; built-in recipes are the control plane's to know. */
const entitledIn =
  (objects: OpenedObjects): Entitled =>
  (cluster, roles) =>
    new Set(
      objects
        .list('Role', cluster)
        .filter(({ ref }) => roles.includes(ref.name))
        .flatMap(({ spec }) => spec.secrets ?? []),
    );

/** Opens a gateway over a store and serves it; over TLS only, where it has an identity. */
export const startGateway = async (
  store: Store,
  identity: TlsIdentity | null,
  packs: string,
  { agentFiles, heartbeat = millis(200), artifacts: openArtifacts }: WorldOptions,
): Promise<RunningGateway> => {
  const shelf = await openShelf(packs, systemClock);
  const place = `${packs}-artifacts`;
  const artifacts = await (openArtifacts?.(place) ?? openShelf(place, systemClock));
  const objects = await openObjects({
    store,
    installation: INSTALLATION,
    clock: systemClock,
    log: silentLog,
  });
  const observed = openObserved({ clock: systemClock });
  const server = createServer();
  if (identity !== null) takeBoth(server, identity, false);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const scheme = identity === null ? 'http' : 'https';
  const url = `${scheme}://127.0.0.1:${String(await listening(server))}`;
  const built =
    agentFiles === undefined
      ? null
      : openAgentFiles({ built: agentFiles, kept: null }, { clock: systemClock, log: silentLog });
  const files = built === null ? null : agentFilesDoor(built, { clock: systemClock, log: silentLog });
  const gateway = openGateway({
    release: () => built?.release() ?? null,
    rolloutTimes: { settle: millis(500), lost: millis(PATIENCE_MS), again: millis(300) },
    rolloutEvery: millis(100),
    objects,
    observed,
    store,
    installationKey: KEY,
    sealer: SEALER,
    entitled: entitledIn(objects),
    shelf,
    artifacts,
    url,
    authority: identity?.authority ?? null,
    id: hex(systemChance, 4),
    heartbeat,
    clock: systemClock,
    chance: systemChance,
    log: silentLog,
  });
  server.on('request', (request, response) => {
    if (files?.(request, response) === true) return;
    if (!gateway.handle(request, response)) response.writeHead(404).end();
  });
  server.on('upgrade', (request: Parameters<Gateway['upgrade']>[0], socket, head: Buffer) => {
    gateway.upgrade(request, socket, head);
  });
  let ended: Promise<void> | null = null;
  const end = async (abruptly: boolean): Promise<void> => {
    const cut = (): void => {
      server.close();
      for (const socket of sockets) socket.destroy();
    };
    if (abruptly) cut();
    await gateway.close();
    cut();
    await objects.close();
  };
  return {
    url,
    gateway,
    observed,
    objects,
    shelf,
    artifacts,
    kill: () => (ended ??= end(true)),
    close: () => (ended ??= end(false)),
  };
};
