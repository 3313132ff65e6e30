/** A HAProxy as the load balancer's role configures it, with all it needs in a folder, before servers of this process. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot, SnapshotHost } from '../../api-types/snapshot.js';
import { applyResources } from '../../recipes/apply.js';
import { recipeFor } from '../../recipes/catalog.js';
import type { SecretSource } from '../../recipes/secrets.js';
import { freePort } from '../build/free-port.js';
import { eventually } from '../e2e/world.js';
import { assert, suite, type Suite } from '../suite.js';
import { optionsFor } from '../unit/recipes/options.js';
import { namedSecrets } from '../unit/recipes/texts.js';
import { host, role, snapshotOf } from '../unit/recipes/world.js';

export const installed = ['haproxy', 'socat', 'openssl'].every(
  (program) => spawnSync(program, ['-V']).error === undefined,
);

interface Answer {
  readonly status: number;
  readonly by: string;
  readonly headers: IncomingMessage['headers'];
}

interface Asked {
  readonly port: number;
  readonly path?: string;
  readonly host?: string;
  readonly method?: string;
  readonly auth?: string;
  readonly secure?: boolean;
}

export const ask = ({
  port,
  path = '/',
  host: name = 'localhost',
  method = 'GET',
  auth,
  secure = false,
}: Asked) =>
  new Promise<Answer>((resolve, reject) => {
    const options = {
      port,
      path,
      method,
      agent: false as const,
      headers: { host: name },
      rejectUnauthorized: false,
    };
    const sent = (secure ? secureRequest : request)(
      { host: '127.0.0.1', ...options, ...(auth === undefined ? {} : { auth }) },
      (response) => {
        let by = '';
        response.on('data', (chunk: Buffer) => (by += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, by, headers: response.headers });
        });
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end();
  });

export interface Stage {
  root: string;
  balancer: ChildProcess | null;
  servers: Server[];
  ports: { http: number; https: number; statistics: number; tcp: number };
  /** Where its master process is asked, where that is not in its folder. */
  master?: string;
}

/** Each test with a folder and ports of its own; what it starts ends with it. */
export const onBalancer = (name: string): Suite<Stage> => {
  const ports = { http: 0, https: 0, statistics: 0, tcp: 0 };
  const test = suite<Stage>(name, { root: '', balancer: null, servers: [], ports });
  test.beforeEach(async (stage) => {
    stage.root = await mkdtemp(join(tmpdir(), 'scalarium-haproxy-'));
    stage.servers = [];
    delete stage.master;
    const [http, https] = [await freePort(), await freePort()];
    stage.ports = { http, https, statistics: await freePort(), tcp: await freePort() };
  });
  test.afterEach(async ({ root, balancer, servers }) => {
    balancer?.kill('SIGKILL');
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    await rm(root, { recursive: true, force: true });
  });
  return test;
};

export const listening = async (stage: Stage, listener: RequestListener): Promise<number> => {
  const server = createServer(listener);
  stage.servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

export const named =
  (name: string): RequestListener =>
  (asked, response) => {
    if (asked.method === 'OPTIONS') response.setHeader('x-check', '1');
    response.end(name);
  };

const file = ({ root }: Stage): string => join(root, 'haproxy.cfg');
const states = ({ root }: Stage): string => join(root, 'servers.state');
const master = ({ root }: Stage): string => join(root, 'master.sock');
const socket = ({ root }: Stage): string => join(root, 'admin.sock');

/** What runs is the file of the host, with places of this folder, and whoever runs the tests in place of its user. */
export const written = async (
  stage: Stage,
  snapshot: Snapshot,
  secrets: SecretSource = namedSecrets,
): Promise<void> => {
  const resources = recipeFor('configure', snapshot, 'lb-1');
  const applied = await applyResources(resources, optionsFor(stage.root, { secrets }));
  assert.is(applied.failure, null);
  const here = (path: string): string =>
    readFileSync(join(stage.root, path), 'utf8')
      .replace(/^ +(user|group) haproxy\n/gm, '')
      .replaceAll('/var/lib/haproxy/admin.sock', socket(stage))
      .replaceAll('/var/lib/haproxy/servers.state', states(stage))
      .replaceAll('/etc/haproxy/', `${stage.root}/etc/haproxy/`);
  writeFileSync(file(stage), here('etc/haproxy/haproxy.cfg'));
  const list = 'etc/haproxy/scalarium.d/served';
  if (existsSync(join(stage.root, list))) writeFileSync(join(stage.root, list), here(list));
  if (!existsSync(states(stage))) assert.is(admin(stage, 'forget').code, 0);
  const checked = spawnSync('haproxy', ['-c', '-f', file(stage)], { encoding: 'utf8' });
  assert.is(checked.status, 0, checked.stderr);
  assert.not.match(checked.stderr, /WARNING/);
};

export const started = async (stage: Stage): Promise<void> => {
  const words = ['-W', '-db', '-S', master(stage), '-f', file(stage)];
  stage.balancer = spawn('haproxy', words, { stdio: 'ignore' });
  await eventually('it answers', () => ask({ port: stage.ports.http }).catch(() => null));
};

const script = ({ root }: Stage): string => join(root, 'usr/local/lib/scalarium/haproxy-admin');

const environment = (stage: Stage): NodeJS.ProcessEnv => ({
  ...process.env,
  HAPROXY_SOCKET: socket(stage),
  HAPROXY_STATES: states(stage),
  HAPROXY_CONFIG: file(stage),
  HAPROXY_MASTER: stage.master ?? master(stage),
  HAPROXY_SERVERS: join(stage.root, 'usr/local/lib/scalarium/haproxy-servers'),
});

/** This process, and so its servers, stand still meanwhile. */
export const admin = (
  stage: Stage,
  ...words: readonly string[]
): { readonly code: number | null; readonly said: string } => {
  const ran = spawnSync('sh', [script(stage), ...words], { encoding: 'utf8', env: environment(stage) });
  return { code: ran.status, said: ran.stdout.trim() };
};

/** The same while its servers answer. */
export const adminMeanwhile = async (
  stage: Stage,
  ...words: readonly string[]
): Promise<{ readonly code: number | null; readonly said: string }> => {
  const child = spawn('sh', [script(stage), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment(stage),
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: said.trim() };
};

/** As a run of the recipe does it: with what is notified before and after. */
export const reloaded = (stage: Stage): void => {
  assert.is(admin(stage, 'keep').code, 0);
  stage.balancer?.kill('SIGUSR2');
  assert.is(admin(stage, 'forget').code, 0);
};

/** A whole run of the recipe, with what it waits for, while servers answer. */
export const configured = async (stage: Stage, snapshot: Snapshot): Promise<void> => {
  const does = async (...words: readonly string[]): Promise<void> => {
    assert.is((await adminMeanwhile(stage, ...words)).code, 0, words.join(' '));
  };
  await written(stage, snapshot);
  if ((await adminMeanwhile(stage, 'leaving')).code !== 0) await does('leave');
  await does('keep');
  stage.balancer?.kill('SIGUSR2');
  await does('forget');
  await does('left');
};

export const haproxyOf = ({ ports }: Stage, more: Readonly<Record<string, unknown>> = {}) => ({
  port: ports.http,
  maxConnections: 200,
  statistics: { port: ports.statistics },
  ...more,
});

/** A host a port; all of them are Ready. `hosts`: what is so of some of them. */
export const balancing = (
  stage: Stage,
  servers: readonly number[],
  haproxy: Readonly<Record<string, unknown>> = {},
  hosts: Readonly<Record<string, Partial<SnapshotHost>>> = {},
) => {
  const apps = servers.map((port, index) => [`app-${String(index + 1)}`, port] as const);
  return snapshotOf({
    roles: {
      lb: role('load-balancer', { haproxy: haproxyOf(stage, haproxy) }),
      ...Object.fromEntries(
        apps.map(([name, port]) => [
          `role-${name}`,
          role('nodejs-app', { nodejs: { port }, applications: { shop: {} } }),
        ]),
      ),
    },
    hosts: {
      'lb-1': host('lb', '127.0.0.1'),
      ...Object.fromEntries(apps.map(([name]) => [name, host(`role-${name}`, '127.0.0.1', hosts[name])])),
    },
  });
};

/** What HAProxy takes the servers for, in their order. */
export const statuses = async (stage: Stage): Promise<string> => {
  const { by } = await ask({
    port: stage.ports.statistics,
    path: '/;csv',
    auth: 'scalarium:lb-statistics/password',
  });
  const servers = by.split('\n').filter((line) => line.startsWith('app-shop,app-'));
  return servers.map((line) => line.split(',')[17]).join();
};

export const checkedBy = (stage: Stage, count: number): Promise<unknown> =>
  eventually('all servers are up', async () => {
    const { by } = await ask({
      port: stage.ports.statistics,
      path: '/;csv',
      auth: 'scalarium:lb-statistics/password',
    });
    return by.split('\n').filter((line) => /^app-shop,app-.*L7OK/.test(line)).length === count;
  });
