/** A server with real users, tokens and grants over an in-memory Objects. */
import { type AccessSettings, openAccess } from '../../server/access/open.js';
import type { Audit, AuditEntry } from '../../server/audit/audit.js';
import { tokenHash } from '../../server/access/roster.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { adminToken } from '../../runtime/tokens.js';
import type { ServerOptions } from '../../server/server.js';
import { type FakeObjects, fakeObjects, ref } from '../fake/objects.js';
import { type TestServer, shop, testServer } from './server.js';

export const KEY = Buffer.alloc(32, 7);
/** The installation's own token. */
export const ROOT = adminToken(KEY);

export interface AccessServer extends TestServer {
  /** Lines of the audit log. */
  readonly audited: readonly AuditEntry[];
  /** Ends the server and what follows the records. */
  readonly close: () => Promise<void>;
}

/** A User of this name with a token, whose text it gives. */
export const person = (objects: FakeObjects, name: string, spec: object = {}): string => {
  const token = `scalarium_token-of-${name}`;
  const tokens = { test: { hash: tokenHash(token), createdAt: '2026-01-01T00:00:00Z' } };
  objects.has(ref('User', null, name), { spec }, { tokens });
  return token;
};

export const grant = (objects: FakeObjects, name: string, spec: object): void => {
  objects.has(ref('Grant', 'shop', name), { spec });
};

/** Starts one; close it with `close`. */
export const accessServer = async ({
  plan = () => [],
  ...settings
}: Partial<AccessSettings & Pick<ServerOptions, 'plan'>> = {}): Promise<AccessServer> => {
  const objects = fakeObjects(() => Date.parse('2026-01-02T03:04:05Z'));
  const base = { objects, installationKey: KEY, clock: systemClock, chance: systemChance, log: silentLog };
  const access = openAccess({ ...base, ...settings });
  const audited: AuditEntry[] = [];
  const audit: Audit = {
    write: (entry) => void audited.push(entry),
    read: ({ since }) =>
      Promise.resolve(audited.filter(({ time }) => since === null || Date.parse(time) >= since)),
  };
  const server = await testServer({ access, objects, audit, plan });
  const close = async (): Promise<void> => {
    await server.running.close();
    access.close();
  };
  return { ...server, objects, audited, close };
};

/** A test's body with a server that has the cluster `shop`. */
export const withServer =
  (body: (server: AccessServer) => Promise<void>, settings: Parameters<typeof accessServer>[0] = {}) =>
  async (): Promise<void> => {
    const server = await accessServer(settings);
    try {
      shop(server.objects);
      await body(server);
    } finally {
      await server.close();
    }
  };
