/** The single-file agent on a host: from its start to connected, and what it takes when nothing happens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seconds } from '../api-types/units.js';
import { type BuiltAgent, builtAgent } from '../test/build/built-agent.js';
import { until, World } from '../test/build/gateways.js';
import { cpuSeconds, residentBytes } from '../test/build/process-figures.js';
import { testAuthority, testIdentity } from '../test/build/tls.js';
import { median } from './figures.js';

const STARTS = 11;
const SETTLE_MS = 30_000;
const IDLE_SECONDS = 60;
/** What hosts are told where nobody says otherwise. */
const HEARTBEAT_SECONDS = 10;

export interface AgentFigures {
  /** The first start, which enrols too. */
  readonly firstMillis: number;
  readonly medianMillis: number;
  readonly worstMillis: number;
  /** Half a minute after its start, and a minute later. */
  readonly residentMegabytes: number;
  readonly laterMegabytes: number;
  readonly cpuPercent: number;
  readonly wireMegabytes: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });

const start = ({ executable }: BuiltAgent, root: string): ChildProcess =>
  spawn(executable, ['agent', '--root', root, '--machine', 'i-1'], { stdio: 'ignore', env: {} });

const isConnected = (world: World): boolean => world.at(0).gateway.metrics().connected === 1;

/** Milliseconds from its start to the gateway's having its connection; it is ended again. */
const startMillis = async (built: BuiltAgent, root: string, world: World): Promise<number> => {
  const begun = performance.now();
  const child = start(built, root);
  await until('it is connected', () => (isConnected(world) ? true : null));
  const took = performance.now() - begun;
  const over = ended(child);
  child.kill('SIGTERM');
  await over;
  await until('it has left', () => (isConnected(world) ? null : true));
  return took;
};

const wireMegabytes = ({ folder }: BuiltAgent): number => {
  const { files } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    readonly files: Readonly<Record<string, { readonly bytes: number }>>;
  };
  return Math.max(...Object.values(files).map(({ bytes }) => bytes)) / 1e6;
};

const idleFigures = async (built: BuiltAgent, root: string, world: World) => {
  const child = start(built, root);
  const pid = child.pid ?? 0;
  await until('it is connected', () => (isConnected(world) ? true : null));
  await world.tell('setup-1', 'setup', ['i-1'], await world.snapshot());
  await world.resultOf('setup-1', 'i-1');
  await pause(SETTLE_MS);
  const [residentMegabytes, before] = [residentBytes(pid) / 1e6, cpuSeconds(pid)];
  await pause(IDLE_SECONDS * 1000);
  const cpuPercent = ((cpuSeconds(pid) - before) / IDLE_SECONDS) * 100;
  const laterMegabytes = residentBytes(pid) / 1e6;
  const over = ended(child);
  child.kill('SIGTERM');
  await over;
  return { residentMegabytes, laterMegabytes, cpuPercent };
};

/** Over TLS, with the heartbeat that hosts have; null where the agent cannot be built. */
export const agentFigures = async (): Promise<AgentFigures | null> => {
  const built = builtAgent();
  if (built === null) return null;
  const signer = await testAuthority();
  const world = await World.open([await testIdentity(['127.0.0.1'], signer)], {
    heartbeat: seconds(HEARTBEAT_SECONDS),
  });
  const root = mkdtempSync(join(tmpdir(), 'scalarium-bench-agent-'));
  try {
    await world.hosts(1);
    mkdirSync(join(root, 'etc/scalarium'), { recursive: true });
    writeFileSync(
      join(root, 'etc/scalarium/agent.json'),
      JSON.stringify({ ...world.config(), ca: signer.cert }),
    );
    const firstMillis = await startMillis(built, root, world);
    const times: number[] = [];
    for (let done = 0; done < STARTS; done += 1) times.push(await startMillis(built, root, world));
    const idle = await idleFigures(built, root, world);
    const starts = { firstMillis, medianMillis: median(times), worstMillis: Math.max(...times) };
    return { ...starts, ...idle, wireMegabytes: wireMegabytes(built) };
  } finally {
    await world.close();
    rmSync(root, { recursive: true, force: true });
  }
};
