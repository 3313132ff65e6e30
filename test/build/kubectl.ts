/** Real kubectls: those on the PATH, and versions that lie beside them as `kubectl.1.30` or `kubectl-1.30`. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { run, type Ran } from '../e2e/world.js';

export interface KubectlProgram {
  readonly path: string;
  /** 29 of 1.29. */
  readonly minor: number;
}

const NAMES = /^kubectl([.-]v?1\.\d+)?$/;

const minorOf = (path: string): number | null => {
  try {
    const text = execFileSync(path, ['version', '--client', '-o', 'json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { clientVersion } = JSON.parse(text.toString()) as { clientVersion: { minor: string } };
    return Number.parseInt(clientVersion.minor, 10);
  } catch {
    return null;
  }
};

const directories = (): readonly string[] => {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => existsSync(directory));
  const real = path
    .map((directory) => join(directory, 'kubectl'))
    .filter((file) => existsSync(file))
    .map((file) => dirname(realpathSync(file)));
  return [...new Set([...path, ...real])];
};

/** One of each minor version, oldest first; empty where there is none. */
export const findKubectls = (): readonly KubectlProgram[] => {
  const byMinor = new Map<number, string>();
  for (const directory of directories())
    for (const name of readdirSync(directory).filter((entry) => NAMES.test(entry))) {
      const path = join(directory, name);
      const minor = minorOf(path);
      if (minor !== null) byMinor.set(minor, path);
    }
  return [...byMinor].map(([minor, path]) => ({ minor, path })).sort((a, b) => a.minor - b.minor);
};

export interface Kubectl {
  (...args: readonly string[]): Promise<Ran>;
  /** Goes on until it is killed. */
  readonly start: (...args: readonly string[]) => ChildProcess;
}

/** A kubectl that talks to the control plane of this kubeconfig, and keeps its caches to itself. */
export const kubectlOf = (program: string, kubeconfig: string, home: string): Kubectl => {
  const env = { HOME: home, KUBECONFIG: kubeconfig, KUBECTL_EXTERNAL_DIFF: 'diff -u' };
  return Object.assign((...args: readonly string[]): Promise<Ran> => run(program, args, env), {
    start: (...args: readonly string[]): ChildProcess =>
      spawn(program, [...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
  });
};
