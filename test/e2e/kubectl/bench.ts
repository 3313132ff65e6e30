/** What a step of the kubectl test works with: a kubectl, a cluster of its own, files, and documents. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectlOf, type Kubectl } from '../../build/kubectl.js';
import { assert } from '../../suite.js';
import type { Ran, World } from '../world.js';

export interface Shared {
  world: World;
  folder: string;
}

export interface Bench {
  readonly kubectl: Kubectl;
  readonly name: string;
  readonly minor: number;
  readonly file: (name: string, text: string) => string;
  /** Runs, expects exit 0 and gives stdout. */
  readonly ok: (...args: readonly string[]) => Promise<string>;
  readonly fails: (code: number, ...args: readonly string[]) => Promise<Ran>;
}

export type Step = readonly [title: string, run: (bench: Bench) => Promise<void>];

export const role = (cluster: string, name: string, replicas: number, more = ''): string => `---
apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: ${name}, namespace: ${cluster}, labels: { tier: ${name} } }
spec: { type: custom, replicas: ${String(replicas)}${more} }
`;

export const cluster = (name: string): string => `apiVersion: scalarium.dev/v1
kind: Cluster
metadata: { name: ${name} }
spec: { cloud: local }
`;

export const benchOf = ({ world, folder }: Shared, path: string, minor: number): Bench => {
  const own = join(folder, `1.${String(minor)}`);
  mkdirSync(own, { recursive: true });
  const kubectl = kubectlOf(path, join(world.data, 'kubeconfig'), own);
  const told = (args: readonly string[], { code, stdout, stderr }: Ran): string =>
    `kubectl ${args.join(' ')}: exit ${String(code)}\n${stdout}${stderr}`;
  return {
    kubectl,
    minor,
    name: `shop-${String(minor)}`,
    file: (name, text) => {
      const file = join(own, name);
      writeFileSync(file, text);
      return file;
    },
    ok: async (...args) => {
      const ran = await kubectl(...args);
      assert.is(ran.code, 0, told(args, ran));
      return ran.stdout;
    },
    fails: async (code, ...args) => {
      const ran = await kubectl(...args);
      assert.is(ran.code, code, told(args, ran));
      return ran;
    },
  };
};

export const replicasOf = async ({ ok, name }: Bench): Promise<string> =>
  ok('get', 'role', 'app', '-n', name, '-o', 'jsonpath={.spec.replicas}');
