/** The composition root of a control plane: store, objects, server, gateway and controllers in one process. */
import type { AgentRelease } from '../api-types/agent-release.js';
import type { Millis } from '../api-types/units.js';
import type { Cloud, Clouds } from '../cloud/cloud.js';
import { openMachines } from '../cloud/machines.js';
import { hex, type Chance } from '../runtime/chance.js';
import type { Clock } from '../runtime/clock.js';
import type { Controller } from '../runtime/controller.js';
import { orThrow } from '../runtime/failure.js';
import type { Log } from '../runtime/log.js';
import { openSealer } from '../runtime/sealing.js';
import { openShelf, type Shelf } from '../runtime/shelf.js';
import { startManager } from '../runtime/manager.js';
import { keyFingerprint } from '../runtime/tokens.js';
import { openAccess } from '../server/access/open.js';
import type { OidcSettings } from '../server/access/provider.js';
import { noAudit } from '../server/audit/audit.js';
import type { AuditLog } from '../server/audit/log.js';
import { agentFilesDoor } from '../server/agent-files/door.js';
import { type AgentFolders, type AgentFiles, openAgentFiles } from '../server/agent-files/files.js';
import { openGateway, type Gateway } from '../server/gateway/gateway.js';
import { type ServerOptions, startServer } from '../server/server.js';
import { type Front, type FrontSettings, openFront } from '../server/tls/tls.js';
import { startCompaction } from '../store/compaction.js';
import { countedStore } from '../store/counted.js';
import { ensureInstallation } from '../store/installation.js';
import { startKeeper } from '../store/objects/keeper.js';
import type { Objects } from '../store/objects/objects.js';
import { openObjects } from '../store/objects/open.js';
import { openObserved, type Observed } from '../store/observed/observed.js';
import { openOwnership } from '../store/ownership-open.js';
import type { Store } from '../store/store.js';
import type { AdapterFactories } from './clouds/adapters.js';
import { openClouds } from './clouds/controller.js';
import { controllersOf } from './controllers.js';
import { metricsOf } from './metrics.js';
import { plannerOver } from './plan.js';
import { entitledOver } from './secret-needs.js';

export interface ControlPlaneSettings extends FrontSettings {
  readonly store: Store;
  readonly installationKey: Buffer;
  readonly port: number;
  /** Opens the endpoint that a Cloud object names, with the credentials of its Secret; calls nothing yet. */
  readonly openCloud: AdapterFactories['open'];
  readonly heartbeat: Millis;
  readonly sweepEvery: Millis;
  readonly ownerLease: Millis;
  /** Who this is in the store, over restarts: unique to what only one process can hold, as a data directory. */
  readonly identity: string;
  readonly version: string;
  /** A directory of its own for packs of cookbooks; made when the first is. */
  readonly packs: string;
  /** Opens the artifact store, where packs of applications are: that of this installation. */
  readonly artifacts: (installation: string) => Promise<Shelf>;
  /** Folders of this machine may be sources: whoever asks is in front of it. */
  readonly localSources: boolean;
  /** The agents that bare images fetch; none: images bring theirs. */
  readonly agentFiles?: AgentFolders | null;
  /** Who did what; the caller's to close, after the control plane. None: nothing is kept. */
  readonly audit?: AuditLog;
  /** An OpenID Connect provider as a second way in. */
  readonly oidc?: OidcSettings | null;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

export interface ControlPlane {
  /** For clients on this machine: plain http where that is taken. */
  readonly url: string;
  /** For clients anywhere: https, unless no TLS is spoken. */
  readonly advertised: string;
  /** PEM of what clients must trust; null: no TLS, or an issuer that everybody trusts. */
  readonly authority: string | null;
  readonly installation: string;
  readonly objects: Objects;
  readonly observed: Observed;
  /** Drains the controllers, sends agents elsewhere, gives up ownership. The store is the caller's to close. */
  close(): Promise<void>;
}

type Opened = Awaited<ReturnType<typeof openState>>;

/** What is known and who may act: objects, ownership, the keeper of records. */
const openState = async (settings: ControlPlaneSettings) => {
  const { clock, chance, log } = settings;
  const store = countedStore(settings.store);
  const fingerprint = keyFingerprint(settings.installationKey);
  const installation = await orThrow(ensureInstallation(store, fingerprint, chance, clock));
  const objects = await openObjects({ store, installation, clock, log });
  const ownership = openOwnership({
    store,
    objects,
    clock,
    chance,
    log,
    identity: settings.identity,
    ttl: settings.ownerLease,
  });
  const sealer = openSealer(settings.installationKey, chance);
  const keeper = startKeeper({ objects, store, ownership, sealer, clock, chance, log });
  const compaction = startCompaction({ store, ownership, clock, log });
  return { store, installation, objects, ownership, sealer, keeper, compaction };
};

const closeState = async ({ objects, ownership, keeper, compaction }: Opened): Promise<void> => {
  await compaction.close();
  await keeper.drain();
  await ownership.close();
  await objects.close();
};

interface Fleet {
  readonly clouds: Clouds;
  readonly controller: Controller;
  close(): void;
}

const openFleet = (
  settings: ControlPlaneSettings,
  { objects, ownership, sealer, installation }: Opened,
): Fleet => {
  const { clock, chance, log, sweepEvery } = settings;
  const watch = (cloud: Cloud) => openMachines({ cloud, installation, clock, chance, log, sweepEvery });
  return openClouds({ objects, ownership, sealer, open: settings.openCloud, watch, clock, log });
};

/** What the server hands on: agents' files, and what is the gateway's once it is open. */
const hooksOf = (
  gateway: () => Gateway | null,
  files: AgentFiles | null,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Pick<ServerOptions, 'extra' | 'upgrade' | 'openLog'> => ({
  extra: [
    ...(files === null ? [] : [agentFilesDoor(files, { clock, log })]),
    (request, response) => gateway()?.handle(request, response) ?? false,
  ],
  upgrade: [(request, socket, head) => gateway()?.upgrade(request, socket, head) ?? false],
  openLog: (machine, asked, reader) => {
    const open = gateway();
    if (open !== null) return open.openLog(machine, asked, reader);
    reader.end('the gateway is still starting');
    return () => undefined;
  },
});

/** What the server, the gateway and the controllers share beside the objects. */
const openShared = async (settings: ControlPlaneSettings, installation: string) => {
  const { clock, log, packs, agentFiles } = settings;
  const files = agentFiles == null ? null : openAgentFiles(agentFiles, { clock, log });
  const release = (): AgentRelease | null => files?.release() ?? null;
  const [shelf, artifacts] = await Promise.all([openShelf(packs, clock), settings.artifacts(installation)]);
  return { observed: openObserved({ clock }), shelf, artifacts, files, release };
};

const openRest = async (
  settings: ControlPlaneSettings,
  state: Opened,
  { fleet, front }: { readonly fleet: Fleet; readonly front: Front },
): Promise<ControlPlane> => {
  const { clock, chance, log } = settings;
  const { observed, shelf, artifacts, files, release } = await openShared(settings, state.installation);
  const stopping = new AbortController();
  let gateway: Gateway | null = null;
  const controllers = controllersOf({
    ...settings,
    ...state,
    clouds: fleet.clouds,
    hosts: observed,
    shelf,
    artifacts,
    stopped: stopping.signal,
    // one that dies before a host has enrolled must not be the only one the host knows
    gateways: () => gateway?.urls() ?? [front.gateway(server)],
    authority: front.authority,
    release,
  });
  const metrics = metricsOf({
    store: state.store,
    clouds: fleet.clouds,
    objects: state.objects,
    gateway: () => (gateway === null ? null : { ...gateway.metrics() }),
    loops: () => manager.metrics(),
  });
  const access = openAccess({ ...settings, objects: state.objects });
  const server = await startServer({
    ...settings,
    ...state,
    tls: front.identity,
    access,
    audit: settings.audit ?? noAudit,
    plan: plannerOver(state.objects),
    ...hooksOf(() => gateway, files, { clock, log }),
    metrics: () => [...metrics(), ...(settings.audit?.metrics() ?? [])],
  });
  const { authority } = front;
  const at = { url: front.gateway(server), authority, id: hex(chance, 8) };
  const entitled = entitledOver(state.objects);
  const door = openGateway({ ...settings, ...state, observed, entitled, shelf, artifacts, ...at, release });
  gateway = door;
  const manager = startManager({ controllers: [fleet.controller, ...controllers], clock, chance, log });
  state.ownership.start();
  const close = async (): Promise<void> => {
    stopping.abort();
    await manager.stop();
    fleet.close();
    await door.close();
    await server.close();
    access.close();
    await closeState(state);
  };
  const { installation, objects } = state;
  const url = { url: server.url, advertised: front.advertised(server.port), authority };
  return { ...url, installation, objects, observed, close };
};

/** Starts everything; resolves when the API answers. Rejects with one line for a person, and leaves nothing running. */
export const startControlPlane = async (settings: ControlPlaneSettings): Promise<ControlPlane> => {
  const state = await openState(settings);
  const fleet = openFleet(settings, state);
  let ended = (): void => undefined;
  try {
    const front = await openFront(settings, { ...settings, ...state });
    ended = front.close;
    const plane = await openRest(settings, state, { fleet, front });
    return { ...plane, close: () => plane.close().finally(ended) };
  } catch (error) {
    ended();
    fleet.close();
    await closeState(state);
    throw error;
  }
};
