/** An installation under measurement: `scalarium up` as a process of its own, watched from outside. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adminClient } from '../local-cloud/admin-client.js';
import { freePort } from '../test/build/free-port.js';

const COMMAND = fileURLToPath(new URL('../bin/scalarium', import.meta.url));

/** What every benchmark runs with; printed with the results. */
export const SETTINGS = {
  SCALARIUM_LOCAL_CLOUD_PENDING_SECONDS: '2',
  SCALARIUM_LOCAL_CLOUD_PENDING_SPREAD_SECONDS: '1',
  SCALARIUM_LOCAL_CLOUD_SEED: '1',
  SCALARIUM_HOLLOW_SETUP_SECONDS: '3',
  SCALARIUM_HOLLOW_CONFIGURE_SECONDS: '1',
} as const;

export const machineText = (): string =>
  `${String(cpus().length)} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${String(Math.round(totalmem() / 2 ** 30))} GiB, Node ${process.version}`;

export interface Metric {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What `/metrics` says, as JSON. */
export type Metrics = readonly Metric[];

/** The sum over all labels. */
export const total = (metrics: Metrics, name: string): number =>
  metrics.filter((metric) => metric.name === name).reduce((sum, metric) => sum + metric.value, 0);

export interface Installation {
  readonly pid: number;
  readonly port: number;
  readonly data: string;
  metrics(): Promise<Metrics>;
  /** Resolves with the milliseconds from the start to `count` hosts online; throws after `withinSeconds`. */
  online(count: number, withinSeconds: number): Promise<number>;
  /** Calls of the control plane that the local cloud throttled. */
  refusedCalls(): Promise<number>;
  /** VmRSS and VmHWM of the control plane, in MiB. */
  memory(): { readonly now: number; readonly peak: number };
  /** User and system CPU time of the control plane since its start, in seconds. */
  cpuSeconds(): number;
  end(): Promise<void>;
}

const statusField = (pid: number, field: string): number => {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync(`/proc/${String(pid)}/status`, 'utf8'),
  );
  return Number(match?.[1] ?? 0) / 1024;
};

const TICKS_PER_SECOND = 100;

const cpuOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface StartOptions {
  readonly spec: string | null;
  readonly hosts: 'process' | 'hollow';
  /** Further options of `up`. */
  readonly more?: readonly string[];
  /** The local cloud's buckets, as a Cloud's `quotas`; none: Amazon's published ones. */
  readonly quotas?: string;
}

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) =>
        child.once('exit', () => {
          resolve();
        }),
      );

/** Starts `up` in a temporary folder; `spec` null: the example. */
export const startInstallation = async ({
  spec,
  hosts,
  quotas,
  more = [],
}: StartOptions): Promise<Installation> => {
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-bench-'));
  const data = join(folder, 'data');
  const port = await freePort();
  const apply = join(folder, 'spec.yaml');
  if (spec !== null) writeFileSync(apply, spec);
  const started = performance.now();
  const args = ['up', '--data', data, '--port', String(port), '--hosts', hosts, ...more];
  const child = spawn(COMMAND, [...args, ...(spec === null ? [] : ['--apply', apply])], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ...SETTINGS,
      ...(quotas === undefined ? {} : { SCALARIUM_LOCAL_CLOUD_QUOTAS: quotas }),
    },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const pid = child.pid ?? 0;
  const get = async (path: string): Promise<unknown> => {
    const token = readFileSync(join(data, 'token'), 'utf8').trim();
    const answer = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    });
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)}`);
    return answer.json();
  };
  const online = async (count: number, withinSeconds: number): Promise<number> => {
    const mark = new RegExp(`all ${String(count)} hosts are online after ([0-9.]+) s`);
    while (performance.now() - started < withinSeconds * 1000) {
      if (mark.test(output)) return performance.now() - started;
      if (child.exitCode !== null) break;
      await pause(20);
    }
    await end();
    throw new Error(
      `${String(count)} hosts were not online within ${String(withinSeconds)} s:\n${output.slice(-3000)}`,
    );
  };
  const end = async (): Promise<void> => {
    child.kill('SIGINT');
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const refusedCalls = async (): Promise<number> => {
    const directory = join(data, 'aws');
    const { url } = JSON.parse(readFileSync(join(directory, 'endpoint.json'), 'utf8')) as { url: string };
    const token = readFileSync(join(directory, 'admin-token'), 'utf8').trim();
    const { throttled } = await adminClient({ url, token }).calls();
    return Object.values(throttled['default'] ?? {}).reduce((sum, count) => sum + count, 0);
  };
  return {
    refusedCalls,
    pid,
    port,
    data,
    metrics: () => get('/metrics') as Promise<Metrics>,
    online,
    memory: () => ({ now: statusField(pid, 'VmRSS'), peak: statusField(pid, 'VmHWM') }),
    cpuSeconds: () => cpuOf(pid),
    end,
  };
};
