/** A folder that stands for a host, with applications whose processes are real, for tests of deployments. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DeployOrder } from '../../../../api-types/deploy-order.js';
import type { Release, ReleaseConfig } from '../../../../api-types/release.js';
import type { Snapshot } from '../../../../api-types/snapshot.js';
import { carryOutOrder, deployAll, type Deployed, type HostStep } from '../../../../recipes/deploy/deploy.js';
import type { DeployOptions, PartOf } from '../../../../recipes/deploy/subject.js';
import { detectPlatform } from '../../../../recipes/platform.js';
import type { ServiceResource } from '../../../../recipes/resource.js';
import type { ServiceManager } from '../../../../recipes/services/service-manager.js';
import { NOTHING } from '../../../../recipes/runners/work.js';
import { freePort } from '../../../build/free-port.js';
import { suite, type Suite } from '../../../suite.js';
import { host, role, snapshotOf } from '../world.js';

export const APP = 'shop';

/** Starts `<root>/etc/scalarium/applications/<unit>.start`, and nothing anew. */
class Processes implements ServiceManager {
  readonly calls: string[] = [];
  private readonly running = new Map<string, ChildProcess>();

  constructor(private readonly root: string) {}

  state(name: string): ReturnType<ServiceManager['state']> {
    const child = this.running.get(name);
    const running = child !== undefined && child.exitCode === null && child.signalCode === null;
    return Promise.resolve({ loaded: this.has(name), running, enabled: this.has(name) });
  }

  async start(name: string): Promise<void> {
    this.calls.push(`start ${name}`);
    if ((await this.state(name)).running) return;
    const child = spawn('/bin/sh', [join(this.root, `etc/scalarium/applications/${name}.start`)], {
      stdio: 'ignore',
      detached: true,
    });
    await once(child, 'spawn');
    this.running.set(name, child);
  }

  async stop(name: string): Promise<void> {
    this.calls.push(`stop ${name}`);
    await this.end(name);
  }

  async restart(name: string): Promise<void> {
    this.calls.push(`restart ${name}`);
    await this.end(name);
    await this.start(name);
    this.calls.pop();
  }

  reload(name: string): Promise<void> {
    this.calls.push(`reload ${name}`);
    return Promise.resolve();
  }

  enable(): Promise<void> {
    return Promise.resolve();
  }

  disable(name: string): Promise<void> {
    this.calls.push(`disable ${name}`);
    return Promise.resolve();
  }

  readUnits(): Promise<void> {
    return Promise.resolve();
  }

  pidOf(name: string): number | undefined {
    return this.running.get(name)?.pid;
  }

  async endAll(): Promise<void> {
    for (const name of [...this.running.keys()]) await this.end(name);
  }

  private has(name: string): boolean {
    return existsSync(join(this.root, `etc/systemd/system/${name}.service`));
  }

  private async end(name: string): Promise<void> {
    const child = this.running.get(name);
    this.running.delete(name);
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    process.kill(-child.pid, 'SIGKILL');
    await gone;
  }
}

export interface Said {
  readonly message: string;
  readonly keys: Readonly<Record<string, unknown>>;
}

export interface Stage {
  top: string;
  /** Stands for the host. */
  root: string;
  services: Processes;
  /** Of both slots. */
  ports: Readonly<Record<'a' | 'b', number>>;
  said: Said[];
  abort: AbortController;
  stopping: AbortController;
  /** Called with each line of the log. */
  heard: (said: Said) => void;
}

/** A suite whose tests have a fresh host each; processes end with them. */
export const onHost = (name: string): Suite<Stage> => {
  const test = suite<Stage>(name, {
    top: '',
    root: '',
    services: new Processes(''),
    ports: { a: 0, b: 0 },
    said: [],
    abort: new AbortController(),
    stopping: new AbortController(),
    heard: () => undefined,
  });
  test.beforeEach(async (stage) => {
    stage.top = await mkdtemp(join(tmpdir(), 'scalarium-deploy-'));
    stage.root = join(stage.top, 'host');
    await mkdir(stage.root);
    stage.services = new Processes(stage.root);
    stage.ports = { a: await freePort(), b: await freePort() };
    stage.heard = () => undefined;
    renewed(stage);
  });
  test.afterEach(async ({ services, top }) => {
    await services.endAll();
    await rm(top, { recursive: true, force: true });
  });
  return test;
};

/** The agent was started anew. */
export const renewed = (stage: Stage): void => {
  stage.said = [];
  stage.abort = new AbortController();
  stage.stopping = new AbortController();
};

/** Answers with what is in its file `revision`; `/sick` never well. */
const SERVER = `
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const revision = readFileSync('revision', 'utf8');
createServer((request, response) => {
  if (request.url === '/sick') response.writeHead(500).end('it is not well today');
  else response.end(revision);
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** A pack as it was unpacked: an application that answers with its revision, and these files; those that begin with `#!` are executable. */
export const pack = async (
  { top }: Stage,
  digest: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const all = { 'server.js': SERVER, revision: digest, ...files };
  for (const [path, content] of Object.entries(all)) {
    const place = join(top, 'packs', digest, path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, content);
    if (content.startsWith('#!')) await chmod(place, 0o755);
  }
};

/** A release whose pack is named by its number. */
export const release = (number: number, config: Partial<ReleaseConfig> = {}): Release => ({
  number,
  deployment: `shop-${String(number)}`,
  revision: `r${String(number)}`,
  digest: `pack-${String(number)}`,
  roles: ['app'],
  config: { type: 'nodejs', ...config },
  createdAt: '2026-01-01T00:00:00Z',
});

const serviceName = (slot: 'a' | 'b'): string => `scalarium-app-${APP}${slot === 'b' ? '.web.b' : ''}`;

export const partOf =
  ({ root, ports }: Stage): PartOf =>
  (snapshot, _instance, application) => {
    const found = snapshot.applications?.[application];
    if (found?.release.roles.includes('app') !== true) return null;
    const { slot = 'a' } = found;
    const { environment = {} } = found.release.config;
    const name = serviceName(slot);
    const service = (of: 'a' | 'b'): ServiceResource => ({
      type: 'service',
      name: serviceName(of),
      state: 'running',
      unit: `# ${of}\n`,
    });
    return {
      user: 'nobody',
      environment: Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [
          key,
          typeof value === 'object' ? value : String(value),
        ]),
      ),
      files: [
        {
          type: 'file',
          path: `/etc/scalarium/applications/${name}.start`,
          content: `cd -P '${root}/srv/www/${application}/releases/${String(found.release.number)}' && PORT=${String(ports[slot])} exec node server.js\n`,
        },
      ],
      services: [service(slot)],
      others: [{ ...service(slot === 'a' ? 'b' : 'a'), state: 'stopped' }],
      takeUp: [{ action: 'restart', resource: `service[${name}]` }],
      at: ports[slot],
      mayOverlap: true,
    };
  };

export const cluster = (more: Partial<Snapshot> = {}): Snapshot =>
  snapshotOf({
    roles: { app: role('nodejs-app') },
    hosts: { 'app-1': host('app', '127.0.0.1') },
    ...more,
  });

export const optionsOn = (stage: Stage, more: Partial<DeployOptions> = {}): DeployOptions => {
  const say = (message: string, keys: Readonly<Record<string, unknown>> = {}): void => {
    const said = { message, keys };
    stage.said.push(said);
    stage.heard(said);
  };
  return {
    root: stage.root,
    log: { info: say, warn: say },
    platform: { ...detectPlatform(stage.root, stage.services), services: stage.services },
    secrets: (name) => Promise.reject(new Error(`there is no secret ${name}`)),
    artifacts: (digest) => Promise.resolve(join(stage.top, 'packs', digest)),
    part: partOf(stage),
    converge: () => [],
    recipes: () => Promise.resolve(NOTHING),
    snapshot: cluster(),
    instance: 'app-1',
    settleMillis: 10,
    signal: AbortSignal.any([stage.abort.signal, stage.stopping.signal]),
    stopping: stage.stopping.signal,
    monotonic: () => performance.now(),
    interrupted: false,
    ...more,
  };
};

export const order = (
  stage: Stage,
  step: HostStep,
  what: Partial<DeployOrder> = {},
  more: Partial<DeployOptions> = {},
): Promise<Deployed> =>
  carryOutOrder(
    { uid: 'uid-1', deployment: 'shop-1', application: APP, ...what, step },
    optionsOn(stage, more),
  );

export const all = (stage: Stage, snapshot: Snapshot): Promise<Deployed> =>
  deployAll(optionsOn(stage, { snapshot }));

/** The release with its pack is made and brought into force. */
export const deployed = async (
  stage: Stage,
  number: number,
  config: Partial<ReleaseConfig> = {},
): Promise<Deployed> => {
  await pack(stage, `pack-${String(number)}`);
  return order(stage, 'activate', { release: release(number, config) });
};

export const currentOf = ({ root }: Stage): Promise<string | null> =>
  readlink(join(root, 'srv/www', APP, 'current')).catch(() => null);

export const text = ({ root }: Stage, path: string): Promise<string> => readFile(join(root, path), 'utf8');

/** What is answered in a slot; null: nobody answers. */
export const answer = ({ ports }: Stage, slot: 'a' | 'b' = 'a'): Promise<string | null> =>
  new Promise((resolve) => {
    get({ host: '127.0.0.1', port: ports[slot], agent: false }, (response) => {
      let heard = '';
      response.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
      });
      response.on('end', () => {
        resolve(heard);
      });
    }).on('error', () => {
      resolve(null);
    });
  });

export const stagesOf = ({ said }: Stage, message = 'stage begins'): readonly unknown[] =>
  said.filter((one) => one.message === message).map(({ keys }) => keys['stage']);
