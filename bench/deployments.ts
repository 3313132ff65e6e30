/** What deployments cost: from a person's command to hosts that are well, and a thousand hosts told at once. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DeploymentStatus } from '../api-types/kinds/deployment.js';
import { appFiles } from '../test/build/deployed-app.js';
import { startGitServer, type GitServer } from '../test/build/git-server.js';
import type { Files } from '../test/build/repository-files.js';
import { COMMAND, run } from '../test/e2e/world.js';
import { median } from './figures.js';
import { startInstallation, total, type Installation } from './installation.js';

const CLUSTER = 'bench';
const HOSTS = 10;
const HOLLOW = 1000;
const RUNS = 3;

const MODULES = 500;
const MODULE_BYTES = 10_000;

/** Text that does not shrink to nothing: as code, it repeats its words and not itself. */
const textOf = (seed: number, bytes: number): string => {
  let state = seed + 1;
  let text = '';
  while (text.length < bytes) {
    state = (state * 48_271) % 2_147_483_647;
    text += `const ${state.toString(36)} = ${String(state % 9973)};\n`;
  }
  return text.slice(0, bytes);
};

/** 5 MB in a thousand files, as `npm ci` leaves them. */
const modules = (): Files =>
  Object.fromEntries(
    Array.from({ length: MODULES }, (_none, index) => {
      const folder = `node_modules/package-${String(index)}`;
      return [
        [`${folder}/index.js`, textOf(index, MODULE_BYTES)],
        [`${folder}/package.json`, `{"name":"package-${String(index)}","version":"1.0.0"}\n`],
      ] as const;
    }).flat(),
  );

const object = (kind: string, name: string, spec: unknown): string =>
  `---\n${JSON.stringify({ apiVersion: 'scalarium.dev/v1', kind, metadata: { name, namespace: CLUSTER }, spec })}\n`;

interface Part {
  readonly name: string;
  readonly replicas: number;
}

/** A role and an application of the same name. */
const partText = ({ url }: GitServer, { name, replicas }: Part): string => {
  const nodejs = { program: process.execPath, package: '' };
  return (
    object('Role', name, { type: 'nodejs-app', replicas, attributes: { nodejs } }) +
    object('Application', name, {
      type: 'nodejs',
      source: { type: 'git', url, revision: 'main' },
      roles: [name],
      build: [],
      health: { path: '/health' },
      strategy: { type: 'rolling', batch: 2 },
    })
  );
};

const clusterText = `---\n${JSON.stringify({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Cluster',
  metadata: { name: CLUSTER },
  spec: { cloud: 'local', attributes: { restart: { spreadSeconds: 0 } } },
})}\n`;

const say = async ({ data }: Installation, ...words: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(COMMAND, [...words, '-n', CLUSTER], { SCALARIUM_DATA: data });
  if (code !== 0) throw new Error(`scalarium ${words.join(' ')}: ${stderr}`);
  return stdout;
};

/** Milliseconds from the command to its end, which is when all hosts are well. */
const took = async (on: Installation, ...words: readonly string[]): Promise<number> => {
  const begun = performance.now();
  await say(on, ...words, '-q');
  return performance.now() - begun;
};

interface DeploymentView {
  readonly metadata: { readonly name: string };
  readonly status?: DeploymentStatus;
}

const deploymentIn = async (on: Installation, name: string): Promise<DeploymentView> => {
  const path = `/apis/scalarium.dev/v1/namespaces/${CLUSTER}/deployments/${name}`;
  const token = readFileSync(join(on.data, 'token'), 'utf8').trim();
  const answer = await fetch(`http://127.0.0.1:${String(on.port)}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await answer.json()) as DeploymentView;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const until = async (what: string, holds: () => Promise<boolean>, withinSeconds = 120): Promise<number> => {
  const late = performance.now() + withinSeconds * 1000;
  while (!(await holds())) {
    if (performance.now() > late) throw new Error(`${what}: not within ${String(withinSeconds)} s`);
    await pause(10);
  }
  return performance.now();
};

const begun = async (on: Installation, ...words: readonly string[]): Promise<string> => {
  const made = await say(on, ...words, '--detach', '-o', 'json');
  return (JSON.parse(made) as DeploymentView).metadata.name;
};

/** Bytes that a process has read, files above all. */
const readBytes = (pid: number): number =>
  Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${String(pid)}/io`, 'utf8'))?.[1] ?? 0);

/** How often the control plane reads a pack whose release is made, until all hosts have it. */
const packReads = async (on: Installation): Promise<number> => {
  const name = await begun(on, 'deploy', 'app');
  let digest = '';
  await until('the release is there', async () => {
    digest = (await deploymentIn(on, name)).status?.release?.digest ?? '';
    return digest !== '';
  });
  const before = readBytes(on.pid);
  await until('it is deployed', async () => (await deploymentIn(on, name)).status?.phase === 'Succeeded');
  const { size } = statSync(join(on.data, 'artifacts', digest));
  return (readBytes(on.pid) - before) / size;
};

const withApplication = async <A>(work: (git: GitServer) => Promise<A>): Promise<A> => {
  const git = await startGitServer({ ...appFiles({ revision: '0' }), ...modules() });
  try {
    return await work(git);
  } finally {
    await git.end();
  }
};

export interface ProcessFigures {
  readonly oneMillis: number;
  readonly rollingMillis: number;
  readonly rollbackMillis: number;
  readonly sourceFetches: number;
  readonly packReads: number;
}

/** With an application on one host and one on ten, on process hosts. */
export const processDeployments = (): Promise<ProcessFigures> =>
  withApplication(async (git) => {
    const spec =
      clusterText +
      partText(git, { name: 'one', replicas: 1 }) +
      partText(git, { name: 'app', replicas: HOSTS });
    const on = await startInstallation({ spec, hosts: 'process' });
    try {
      await on.online(HOSTS + 1, 180);
      let version = 0;
      const next = (): Promise<string> => git.commit(appFiles({ revision: String((version += 1)) }));
      await took(on, 'deploy', 'one');
      const ones: number[] = [];
      for (let turn = 0; turn < RUNS; turn += 1) {
        await next();
        ones.push(await took(on, 'deploy', 'one'));
      }
      await took(on, 'deploy', 'app');
      await next();
      const before = git.fetched();
      const rollingMillis = await took(on, 'deploy', 'app');
      const sourceFetches = git.fetched() - before;
      const rollbackMillis = await took(on, 'rollback', 'app');
      await next();
      const reads = await packReads(on);
      return { oneMillis: median(ones), rollingMillis, rollbackMillis, sourceFetches, packReads: reads };
    } finally {
      await on.end();
    }
  });

export interface HollowFigures {
  /** From the command's end until the source is fetched and packed. */
  readonly packedMillis: number;
  /** From then to the thousandth order. */
  readonly preparedMillis: number;
  /** From the first to the thousandth. */
  readonly activatedMillis: number;
  readonly totalMillis: number;
  readonly peakMib: number;
}

const EVENTS = 'scalarium_gateway_events_sent_total';

const sent = async (on: Installation): Promise<number> => total(await on.metrics(), EVENTS);

/** All at once, on a thousand hosts that only say that they did it. */
export const hollowDeployment = (quotas: string, cloud: string): Promise<HollowFigures> =>
  withApplication(async (git) => {
    const spec = cloud + clusterText + partText(git, { name: 'app', replicas: HOLLOW });
    const on = await startInstallation({ spec, hosts: 'hollow', quotas });
    try {
      await on.online(HOLLOW, 300);
      let settled = -1;
      await until('nothing is sent any more', async () => {
        const now = await sent(on);
        const same = now === settled;
        settled = now;
        await pause(3_000);
        return same;
      });
      const start = await sent(on);
      const name = await begun(on, 'deploy', 'app', '--strategy', 'all-at-once');
      const made = performance.now();
      const packed = await until('the release is made', async () => {
        const { status } = await deploymentIn(on, name);
        return status?.release !== undefined;
      });
      const prepared = await until('all prepare', async () => (await sent(on)) >= start + HOLLOW);
      const first = await until('the first is activated', async () => (await sent(on)) > start + HOLLOW);
      const last = await until('all are activated', async () => (await sent(on)) >= start + 2 * HOLLOW);
      const done = await until(
        'it is deployed',
        async () => (await deploymentIn(on, name)).status?.phase === 'Succeeded',
      );
      return {
        packedMillis: packed - made,
        preparedMillis: prepared - packed,
        activatedMillis: last - first,
        totalMillis: done - made,
        peakMib: on.memory().peak,
      };
    } finally {
      await on.end();
    }
  });
