/** An installation with an application that is deployed, as a person would do and look at it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentSpec, DeploymentStatus } from '../../api-types/kinds/deployment.js';
import type { ApplicationStatus } from '../../api-types/kinds/application.js';
import type { HostRelease } from '../../api-types/release.js';
import { appFiles, type AppAnswer, type AppVersion } from '../build/deployed-app.js';
import { startGitServer, type GitServer } from '../build/git-server.js';
import { PATIENCE_SECONDS } from '../build/patience.js';
import { assert } from '../suite.js';
import { eventually, makeWorld, type HostEntry, type Ran, type World } from './world.js';

export const CLUSTER = 'shop';
export const IN = ['-n', CLUSTER];
/** Two that are on one host have ports of their own, and the next one for overlaps. */
export const PORTS: Readonly<Record<string, number>> = {
  'by-svn': 8100,
  'by-archive': 8110,
  'by-bucket': 8120,
};
const portOf = (application: string): number => PORTS[application] ?? 8080;

export type Json = Readonly<Record<string, unknown>>;

export interface DeploymentView {
  readonly metadata: { readonly name: string };
  readonly spec: DeploymentSpec;
  readonly status?: DeploymentStatus;
}

interface ApplicationView {
  readonly status?: ApplicationStatus;
}

interface Fleet {
  readonly metadata: { readonly name: string };
  readonly status: { readonly phase: string; readonly applications?: Readonly<Record<string, HostRelease>> };
}

/** What runs of an application: by host, what each answers; null: it does not. */
export type Live = Readonly<Record<string, AppAnswer | null>>;

export interface Shop {
  readonly world: World;
  /** Where the application `shop` comes from. */
  readonly git: GitServer;
  /** Makes another version of it and gives its commit. */
  version(version: AppVersion): Promise<string>;
  /** `scalarium deploy shop …`, and that it went well. */
  deploy(...words: readonly string[]): Promise<Ran>;
  /** Any command in the cluster. */
  say(...words: readonly string[]): Promise<Ran>;
  /** Applies these objects. */
  apply(...objects: readonly Json[]): Promise<Ran>;
  deployments(application?: string): Promise<readonly DeploymentView[]>;
  /** The one that was made last. */
  newest(application?: string): Promise<DeploymentView>;
  /** It has come to this phase. */
  comesTo(name: string, phase: string): Promise<DeploymentView>;
  application(name?: string): Promise<ApplicationStatus>;
  host(name: string): Promise<HostEntry>;
  /** Asks the hosts of this role themselves. */
  live(role?: string, application?: string): Promise<Live>;
  end(): Promise<void>;
}

export const roleOf = (name: string, spec: Json): Json => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Role',
  metadata: { name, namespace: CLUSTER },
  spec,
});

export const secretOf = (name: string, data: Readonly<Record<string, string>>): Json => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Secret',
  metadata: { name, namespace: CLUSTER },
  spec: { data },
});

/** As `deployed-app.ts` needs it; `more` wins. */
export const applicationOf = (name: string, source: Json, more: Json = {}): Json => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Application',
  metadata: { name, namespace: CLUSTER },
  spec: {
    type: 'nodejs',
    source,
    roles: ['app'],
    build: ['sh build.sh'],
    health: { path: '/health', timeoutSeconds: 10 },
    migration: { command: 'sh migrate.sh' },
    shared: ['data'],
    strategy: { type: 'rolling', batch: 1, drainSeconds: 3 },
    ...more,
  },
});

const cluster: Json = {
  apiVersion: 'scalarium.dev/v1',
  kind: 'Cluster',
  metadata: { name: CLUSTER },
  spec: { cloud: 'local', attributes: { restart: { spreadSeconds: 0 } } },
};

/** JSON is YAML; one object a document. */
const yaml = (objects: readonly Json[]): string =>
  objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');

/** Null: it does not answer, or not well. */
export const answerOf = async (url: string): Promise<AppAnswer | null> => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return answer.ok ? ((await answer.json()) as AppAnswer) : null;
  } catch {
    return null;
  }
};

export interface ShopOptions {
  readonly hosts: 'process' | 'namespace';
  /** Roles and applications, given the application's repository. */
  readonly objects: (git: GitServer) => readonly Json[];
  readonly online: number;
  readonly first: AppVersion;
  readonly more?: readonly string[];
}

/** What a person asks of the installation. */
const viewsOf = (world: World): Pick<Shop, 'deployments' | 'newest' | 'comesTo' | 'application' | 'host'> => {
  const deployments = async (application = 'shop'): Promise<readonly DeploymentView[]> => {
    const { items } = await world.json<{ readonly items: readonly DeploymentView[] }>(
      ...['get', 'deployments', ...IN, '-o', 'json'],
    );
    const made = ({ status }: DeploymentView): string => status?.startedAt ?? '9';
    return items
      .filter(({ spec }) => spec.application === application)
      .sort((one, other) => (made(one) < made(other) ? -1 : 1));
  };
  const comesTo = (name: string, phase: string): Promise<DeploymentView> =>
    eventually(
      `deployment ${name} comes to ${phase}`,
      async () => {
        const all = await deploymentsOfAll(world);
        const found = all.find(({ metadata }) => metadata.name === name);
        return found?.status?.phase === phase && found;
      },
      2 * PATIENCE_SECONDS,
    );
  return {
    deployments,
    newest: async (application) => {
      const last = (await deployments(application)).at(-1);
      if (last === undefined) throw new Error('there is no deployment');
      return last;
    },
    comesTo,
    application: async (name = 'shop') => {
      const { status } = await world.json<ApplicationView>('get', `application/${name}`, ...IN, '-o', 'json');
      return status ?? {};
    },
    host: async (name) => {
      const found = (await world.hosts()).find(({ instance }) => instance === name);
      if (found === undefined) throw new Error(`there is no host ${name}`);
      return found;
    },
  };
};

const deploymentsOfAll = async (world: World): Promise<readonly DeploymentView[]> =>
  (
    await world
      .json<{ readonly items: readonly DeploymentView[] }>('get', 'deployments', ...IN, '-o', 'json')
      // a control plane that is just starting
      .catch(() => ({ items: [] }))
  ).items;

const liveOn = async (world: World, role: string, application: string): Promise<Live> => {
  const hosts = (await world.hosts()).filter(({ instance }) => instance.replace(/-\d+$/, '') === role);
  const fleet = (await world.instances()) as readonly unknown[] as readonly Fleet[];
  const answers = hosts.map(async ({ instance, address }) => {
    const found = fleet.find(({ metadata }) => metadata.name === instance);
    // after an overlap it listens elsewhere
    const port = found?.status.applications?.[application]?.port ?? portOf(application);
    return [instance, await answerOf(`http://${address}:${String(port)}/`)] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
};

/** With all hosts online, and nothing deployed yet. */
export const openShop = async ({ hosts, objects, online, first, more = [] }: ShopOptions): Promise<Shop> => {
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-shop-'));
  const git = await startGitServer(appFiles(first));
  const world = await makeWorld({ cluster: CLUSTER });
  let files = 0;
  const fileOf = (all: readonly Json[]): string => {
    files += 1;
    const file = join(folder, `${String(files)}.yaml`);
    writeFileSync(file, yaml(all));
    return file;
  };
  const say = (...words: readonly string[]): Promise<Ran> => world.scalarium(...words, ...IN);
  world.start('--hosts', hosts, '--apply', fileOf([cluster, ...objects(git)]), ...more);
  const end = async (): Promise<void> => {
    await world.end();
    await git.end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await world.allOnline(online, 4 * PATIENCE_SECONDS);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    world,
    git,
    version: (version) => git.commit(appFiles(version)),
    deploy: async (...words) => {
      const ran = await say('deploy', 'shop', ...words);
      assert.is(ran.code, 0, ran.stdout + ran.stderr);
      return ran;
    },
    say,
    apply: (...all) => say('apply', '-f', fileOf(all)),
    ...viewsOf(world),
    live: (role = 'app', application = 'shop') => liveOn(world, role, application),
    end,
  };
};

/** All of them answer with this revision. */
export const allRun = (live: Live, revision: string, count: number): void => {
  const seen = Object.values(live).map((answer) => answer?.revision ?? 'nothing');
  assert.equal(
    seen,
    Array.from({ length: count }, () => revision),
    JSON.stringify(live),
  );
};

/** The processes that answer, by host. */
export const pidsOf = (live: Live): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(live).map(([name, answer]) => [name, answer?.pid ?? 0]));
