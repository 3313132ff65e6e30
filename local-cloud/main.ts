/** The local cloud as a running program: state, timers and both doors on one loopback port. */
import { createServer, type Server } from 'node:http';
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pid } from 'node:process';
import type { Chance } from '../runtime/chance.js';
import type { Clock } from '../runtime/clock.js';
import { lockDirectory } from '../runtime/directory-lock.js';
import type { Log } from '../runtime/log.js';
import { writePrivate } from '../runtime/private-file.js';
import { DEFAULT_GROUP } from './actions/security-groups.js';
import { answerAdmin, type AdminDoor } from './admin-door.js';
import { ADMIN_PATH } from './admin-protocol.js';
import { ensureAdminToken } from './admin-token.js';
import { makeBuckets } from './buckets.js';
import type { LocalCloud } from './context.js';
import { ensureCredentials, PROFILES, type Credentials } from './credentials.js';
import { EndpointFile, readEndpoint } from './endpoint-file.js';
import { makeFaults } from './faults.js';
import { startFeed } from './feed.js';
import { makeLedger } from './ledger.js';
import { startLife } from './life.js';
import type { Change } from './model.js';
import { answerQuery, type QueryDoor } from './query-door.js';
import { DEFAULT_SETTINGS, type Settings } from './settings.js';
import { openWorld, type World } from './world.js';

export interface LocalCloudOptions {
  /** Holds credentials, admin-token, endpoint.json and the state; made when it is not there. */
  readonly directory: string;
  readonly host?: string;
  /** 0 or none: the port of the last start when that is free, else any. */
  readonly port?: number;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly settings?: Partial<Settings>;
  readonly log: Log;
}

export interface RunningLocalCloud {
  readonly url: string;
  readonly port: number;
  readonly credentials: Credentials;
  readonly adminToken: string;
  /** Stops answering; machines stay on disk as they are. */
  close(): Promise<void>;
}

/** Rows nobody needs any more: forgotten tokens, and reservations without machines; and the group everyone has. */
const housekeeping = (world: World, clock: Clock, settings: Settings): readonly Change[] => {
  const oldest = clock.now() - settings.tokenKept;
  const inUse = new Set([...world.machines.values()].map(({ reservation }) => reservation));
  const changes: Change[] = [];
  for (const [key, token] of world.tokens) {
    if (token.at < oldest && !inUse.has(token.reservation)) changes.push(['tokens', key, null]);
    else inUse.add(token.reservation);
  }
  for (const id of world.reservations.keys()) if (!inUse.has(id)) changes.push(['reservations', id, null]);
  if (!world.groups.has(DEFAULT_GROUP.id)) changes.push(['groups', DEFAULT_GROUP.id, DEFAULT_GROUP]);
  return changes;
};

const listenOnce = (server: Server, host: string, port: number): Promise<NodeJS.ErrnoException | null> =>
  new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      resolve(error);
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve(null);
    });
  });

const listen = async (server: Server, host: string, wanted: number, last: number): Promise<number> => {
  if (wanted === 0 && last !== 0 && (await listenOnce(server, host, last)) === null) return last;
  const error = await listenOnce(server, host, wanted);
  if (error === null) return (server.address() as AddressInfo).port;
  throw new Error(
    error.code === 'EADDRINUSE'
      ? `Port ${String(wanted)} on ${host} is in use: end what listens there, or give the local cloud another port`
      : `The local cloud cannot listen on ${host}:${String(wanted)}: ${error.message}`,
    { cause: error },
  );
};

const serve = (query: QueryDoor, admin: AdminDoor): Server =>
  createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    const atAdmin = request.url?.startsWith(`${ADMIN_PATH}/`) === true;
    void (atAdmin ? answerAdmin(admin, request, response) : answerQuery(query, request, response));
  });

const portOf = (url: string | undefined): number => (url === undefined ? 0 : Number(new URL(url).port));

interface Parts {
  readonly cloud: LocalCloud;
  readonly credentials: Credentials;
  readonly adminToken: string;
}

const openDoors = ({ cloud, credentials, adminToken }: Parts) => {
  const byKey = new Map(PROFILES.map((name) => [credentials[name].accessKeyId, credentials[name]]));
  const ledger = makeLedger(credentials);
  const feed = startFeed(cloud);
  const { clock, settings } = cloud;
  const rules = { clock, skew: settings.clockSkew, keyPair: (id: string) => byKey.get(id) };
  const query: QueryDoor = { cloud, rules, buckets: makeBuckets(clock, settings.quotas), ledger };
  return { feed, server: serve(query, { cloud, token: adminToken, feed, ledger }) };
};

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });

/** Starts the local cloud on its directory, where it left off. Throws an Error that says what to do. */
export const startLocalCloud = async (options: LocalCloudOptions): Promise<RunningLocalCloud> => {
  const { directory, clock, chance, log, host = '127.0.0.1', port: wanted = 0 } = options;
  const settings: Settings = { ...DEFAULT_SETTINGS, ...options.settings };
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(directory, { purpose: 'local-cloud', clock });
  const credentials = await ensureCredentials(directory, chance);
  const adminToken = await ensureAdminToken(directory, chance);
  const world = await openWorld(join(directory, 'state.jsonl'));
  world.commit(housekeeping(world, clock, settings));
  const cloud: LocalCloud = { world, faults: makeFaults(world, clock), clock, chance, settings, log };
  const { feed, server } = openDoors({ cloud, credentials, adminToken });
  const life = startLife(world, clock, settings);
  const close = async (): Promise<void> => {
    life.stop();
    feed.close();
    await closeServer(server);
    await world.close();
    await lock.release();
  };
  try {
    const last = await readEndpoint(directory);
    const port = await listen(server, host, wanted, portOf(last?.url));
    const url = `http://${host}:${String(port)}`;
    await writePrivate(
      join(directory, 'endpoint.json'),
      `${JSON.stringify(EndpointFile.encode({ url, pid }))}\n`,
    );
    log.info('the local cloud listens', { url, machines: world.machines.size });
    return { url, port, credentials, adminToken, close };
  } catch (error) {
    await close();
    throw error;
  }
};
