/** How long a run of 100 resources takes in a process that has nothing else to do: all to be made, and nothing to do. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyResources, type ApplyOptions } from '../recipes/apply.js';
import { detectPlatform } from '../recipes/platform.js';
import type { Resource } from '../recipes/resource.js';
import { noManager } from '../recipes/services/no-manager.js';
import { silentLog } from '../runtime/log.js';
import { median, quantile } from './figures.js';

const RUNS = 15;

/** On every Debian. */
const PACKAGES = ['bash', 'coreutils', 'dpkg', 'grep', 'tar'];

const times = <A>(count: number, make: (index: number) => A): readonly A[] =>
  Array.from({ length: count }, (_item, index) => make(index));

const line = (index: number): string => `setting-${String(index)} = value of it, and what it is for\n`;

const TEMPLATE = 'port = {{ app.port }}\nhost = {{ app.host }}\n'.repeat(20);

/** 10 directories, 60 files, 10 templates, 5 links, 5 guarded executes, 5 installed packages, 5 cron files. */
const RESOURCES: readonly Resource[] = [
  ...times(5, (index): Resource => ({ type: 'package', names: [PACKAGES[index] ?? ''] })),
  ...times(10, (index): Resource => ({ type: 'directory', path: `/srv/app-${String(index)}` })),
  ...times(60, (index): Resource => ({
    type: 'file',
    path: `/srv/app-${String(index % 10)}/file-${String(index)}`,
    content: line(index).repeat(1 + index),
  })),
  ...times(10, (index): Resource => ({
    type: 'template',
    path: `/etc/app/template-${String(index)}.conf`,
    template: TEMPLATE,
    attributes: { app: { port: 8000 + index, host: 'localhost' } },
  })),
  ...times(5, (index): Resource => ({
    type: 'link',
    path: `/etc/app/link-${String(index)}`,
    target: `/srv/app-${String(index)}`,
  })),
  ...times(5, (index): Resource => ({
    type: 'execute',
    name: `step ${String(index)}`,
    command: ['touch', `done-${String(index)}`],
    unless: ['test', '-e', `done-${String(index)}`],
  })),
  ...times(5, (index): Resource => ({
    type: 'cron',
    name: `job-${String(index)}`,
    schedule: '@daily',
    user: 'root',
    command: '/bin/true',
  })),
];

export interface ResourceFigures {
  readonly resources: number;
  readonly runs: number;
  /** Of all runs, in milliseconds. */
  readonly first: { readonly median: number; readonly worst: number };
  readonly again: { readonly median: number; readonly worst: number };
  /** Why packages were left out; null: they were not. */
  readonly without: string | null;
}

const optionsFor = (root: string): ApplyOptions => ({
  root,
  signal: new AbortController().signal,
  log: silentLog,
  // the host is a folder, but its packages are the machine's: they are only looked at
  platform: {
    ...detectPlatform(root, noManager('none')),
    packages: existsSync('/var/lib/dpkg/status') ? 'apt' : 'none',
  },
  secrets: () => Promise.reject(new Error('none')),
});

const timed = async (root: string, changes: number): Promise<number> => {
  const began = performance.now();
  const { changed, failure } = await applyResources(RESOURCES, optionsFor(root));
  const took = performance.now() - began;
  if (failure !== null || changed.length !== changes)
    throw new Error(`${String(changed.length)} changed instead of ${String(changes)}: ${failure ?? ''}`);
  return took;
};

/** Each run in a fresh folder: once all is made, then there is nothing to do. */
export const resourceFigures = async (): Promise<ResourceFigures> => {
  const first: number[] = [];
  const again: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const root = await mkdtemp(join(tmpdir(), 'scalarium-bench-resources-'));
    first.push(await timed(root, RESOURCES.length - PACKAGES.length));
    again.push(await timed(root, 0));
    await rm(root, { recursive: true });
  }
  const of = (samples: readonly number[]): ResourceFigures['first'] => ({
    median: median(samples),
    worst: quantile(samples, 1),
  });
  const without = existsSync('/var/lib/dpkg/status') ? null : 'this machine has no dpkg';
  return { resources: RESOURCES.length, runs: RUNS, first: of(first), again: of(again), without };
};
