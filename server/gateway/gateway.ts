/**
 * The gateway: the one door of agents into a control plane. It watches the records and tells hosts what concerns them;
 * controllers never call it. Any number of gateways serve one store.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AGENT_PATH } from '../../api-types/agent-protocol.js';
import type { AgentRelease } from '../../api-types/agent-release.js';
import { type Millis, seconds } from '../../api-types/units.js';
import { type Chance, hex } from '../../runtime/chance.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Sealer } from '../../runtime/sealing.js';
import type { Shelf } from '../../runtime/shelf.js';
import { peerToken } from '../../runtime/tokens.js';
import type { Subscription } from 'rxjs';
import type { Change, Objects } from '../../store/objects/objects.js';
import type { Observed } from '../../store/observed/observed.js';
import type { Store } from '../../store/store.js';
import type { RolloutTimes } from '../agent-files/rollout.js';
import { openRollouts } from '../agent-files/rollouts.js';
import { noCounts } from './counters.js';
import { openDirectory } from './directory.js';
import { Door } from './door.js';
import { openRecorder } from './first-words.js';
import { catchUpOf } from './freshness.js';
import type { OpenLog } from '../logs/port.js';
import { HostLogs } from './host-logs.js';
import { Links } from './links.js';
import { logsEverywhere, logsHere } from './logs.js';
import { Orders } from './orders.js';
import { openPacks } from './packs.js';
import { openPeers } from './peers.js';
import { Places } from './places.js';
import { Requests } from './requests.js';
import { openResults } from './results.js';
import { openSecretsDoor, type Entitled } from './secrets.js';
import { openSnapshots } from './snapshots.js';
import { Throttle } from './throttle.js';
import { openUploads } from './uploads.js';
import { openWarnings } from './warnings.js';

export interface GatewayDependencies {
  /** Its cache must have been filled. */
  readonly objects: Objects;
  readonly observed: Observed;
  readonly store: Store;
  readonly installationKey: Buffer;
  readonly sealer: Sealer;
  readonly entitled: Entitled;
  /** Where packs of cookbooks are. */
  readonly shelf: Shelf;
  /** Where packs of applications are. */
  readonly artifacts: Shelf;
  /** Where agents and other gateways reach this one. */
  readonly url: string;
  /** PEM of what other gateways' certificates are signed with; none: the system's authorities. */
  readonly authority?: string | null;
  /** The agent's release that hosts are brought to, a few at a time; none: they stay as they are. */
  readonly release?: () => AgentRelease | null;
  /** Unless told, ROLLOUT_TIMES. */
  readonly rolloutTimes?: RolloutTimes;
  /** How often a rollout is looked after; every 5 s unless told. */
  readonly rolloutEvery?: Millis;
  /** Another one at each start of a process. */
  readonly id: string;
  readonly heartbeat: Millis;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

export interface GatewayMetrics {
  readonly connected: number;
  readonly peers: number;
  readonly bytesSent: number;
  readonly eventsSent: number;
  readonly reports: number;
  readonly reportsRefused: number;
  readonly enrolled: number;
  readonly enrolmentsRefused: Readonly<Record<string, number>>;
  readonly connectionsRefused: number;
  readonly protocolErrors: number;
  readonly resultsRecorded: number;
  readonly resultChunks: number;
}

export interface Gateway {
  /** Takes every request below `/agent/v1`; false: it is for somebody else. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  metrics(): GatewayMetrics;
  /** The log of a host that is connected to this gateway, or to one that this one can ask. */
  readonly openLog: OpenLog;
  /** Where new hosts can knock: this one first, then others that are alive, some of them when they are many. */
  urls(): readonly string[];
  /** Leaves the directory, sends agents elsewhere, and finishes what is on its way to the store. */
  close(): Promise<void>;
}

/** User data has room for 16 KiB, and one that answers names all others. */
const URLS = 8;

/** For what is on its way to the store when the gateway closes. */
const PATIENCE = seconds(3);

const ours = ({ url }: IncomingMessage): boolean => (url ?? '').startsWith(`${AGENT_PATH}/`);

/** What a gateway is made of. */
const openParts = (with_: GatewayDependencies, stopped: AbortSignal) => {
  const { objects, store, installationKey, id, clock, chance } = with_;
  const counters = noCounts();
  const places = new Places(objects);
  const orders = new Orders(objects);
  const catchUp = catchUpOf(store, objects, clock);
  const shared = { ...with_, stopped, counters, places, orders, catchUp, throttle: new Throttle(clock) };
  const directory = openDirectory(with_);
  const recorder = openRecorder(shared);
  const chunkName = (): string => `${id}-${hex(chance, 8)}`;
  const results = openResults({ ...shared, chunkName });
  const peers = openPeers({ ...shared, token: peerToken(installationKey), knows: places.knows, directory });
  const revision = (): number => objects.revision();
  const hostLogs = new HostLogs(clock);
  const rollouts = openRollouts({ ...with_, release: with_.release ?? (() => null) });
  const links = new Links({ ...shared, revision, directory, recorder, results, hostLogs, rollouts });
  const openHere = logsHere(links, hostLogs);
  const door = new Door({ ...shared, links, peers });
  const snapshots = openSnapshots(store);
  const secrets = openSecretsDoor(shared);
  const uploads = openUploads(shared);
  const warn = openWarnings(with_);
  const requests = new Requests({
    ...shared,
    recorder,
    snapshots,
    secrets,
    packs: openPacks(with_),
    pieces: uploads.take,
    openHere,
    warn,
  });
  const openLog = logsEverywhere({ ...shared, directory, token: peerToken(installationKey), openHere });
  return {
    counters,
    places,
    orders,
    directory,
    recorder,
    results,
    peers,
    links,
    door,
    requests,
    openLog,
    rollouts,
    uploads,
  };
};

type Parts = ReturnType<typeof openParts>;

/** Places first: a machine and an event for it may come with one revision. */
const takeIn = (changes: readonly Change[], parts: Parts, observed: Observed): void => {
  const released = changes.flatMap((change) => parts.places.take(change));
  for (const change of changes) {
    const order = parts.orders.take(change);
    if (order !== null) parts.links.dispatch(order);
  }
  for (const machine of released) {
    parts.links.release(machine);
    observed.forget(machine);
    parts.recorder.forget(machine);
  }
};

const listen = (parts: Parts, { objects, observed }: GatewayDependencies): Subscription => {
  const listening = objects.changes$.subscribe((changes) => {
    takeIn(changes, parts, observed);
  });
  listening.add(
    parts.directory.changes$.subscribe(({ id, alive }) => {
      if (alive) {
        observed.gatewayFound(id);
        parts.links.announce();
      } else observed.gatewayLost(id);
    }),
  );
  listening.add(
    observed.changes$.subscribe((machine) => {
      parts.links.elsewhere(machine);
    }),
  );
  listening.add(
    parts.rollouts.changes$.subscribe(() => {
      parts.links.rollOut();
    }),
  );
  return listening;
};

const metricsOf = ({ counters, links, peers }: Parts, observed: Observed): GatewayMetrics => {
  const { enrolmentsRefused, ...counts } = counters;
  const { unknownMachine, sequenceTooFarAhead } = observed.refusals();
  return {
    ...counts,
    enrolmentsRefused: Object.fromEntries(enrolmentsRefused),
    reportsRefused: unknownMachine + sequenceTooFarAhead,
    connected: links.connected(),
    peers: peers.reached(),
  };
};

/** Opens a gateway; the HTTP server is the caller's. */
export const openGateway = (with_: GatewayDependencies): Gateway => {
  const stopping = new AbortController();
  const parts = openParts(with_, stopping.signal);
  const { directory, recorder, results, peers, links, door, requests } = parts;
  const listening = listen(parts, with_);
  return {
    handle: (request, response) => {
      if (ours(request)) void requests.handle(request, response);
      return ours(request);
    },
    upgrade: (request, socket, head) => {
      if (ours(request)) door.upgrade(request, socket, head);
      return ours(request);
    },
    openLog: parts.openLog,
    metrics: () => metricsOf(parts, with_.observed),
    urls: () => [...new Set([with_.url, ...directory.live().values()])].slice(0, URLS),
    close: async () => {
      door.close();
      parts.uploads.close();
      await parts.rollouts.close();
      await directory.close();
      await links.close();
      listening.unsubscribe();
      peers.close();
      const flushed = Promise.all([recorder.flush(), results.flush()]);
      await Promise.race([flushed, with_.clock.sleep(PATIENCE)]); // a store that is away is not waited for
      stopping.abort();
      await flushed;
    },
  };
};
