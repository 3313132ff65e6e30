/** A host with packs of recipes, for tests of the runners. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Snapshot } from '../../../../api-types/snapshot.js';
import { runCustom, type CustomWork } from '../../../../recipes/custom.js';
import type { Applied } from '../../../../recipes/apply.js';
import { findRecipe } from '../../../../recipes/runners/find.js';
import type { Runner, RunScene, SecretValues } from '../../../../recipes/runners/work.js';
import { openSecrets } from '../../../../recipes/secrets.js';
import { systemClock } from '../../../../runtime/clock.js';
import { identify } from '../../../../runtime/process-identity.js';
import { millis } from '../../../../api-types/units.js';
import { PATIENCE_MS } from '../../../build/patience.js';
import { suite, type Suite } from '../../../suite.js';
import { optionsFor } from '../options.js';
import { snapshotOf } from '../world.js';

export interface Stage {
  /** Everything of one test. */
  top: string;
  /** Stands for the host. */
  root: string;
  /** What was said in the log. */
  lines: string[];
  /** Aborts the run. */
  abort: AbortController;
}

export const DIGEST = 'a'.repeat(64);

/** A suite whose tests have a fresh host and a fresh pack each. */
export const onHost = (name: string): Suite<Stage> => {
  const test = suite<Stage>(name, { top: '', root: '', lines: [], abort: new AbortController() });
  test.beforeEach(async (stage) => {
    stage.top = await mkdtemp(join(tmpdir(), 'scalarium-custom-'));
    stage.root = join(stage.top, 'host');
    stage.lines = [];
    stage.abort = new AbortController();
    await mkdir(join(stage.top, 'pack'), { recursive: true });
  });
  test.afterEach(async ({ top }) => {
    await rm(top, { recursive: true, force: true });
  });
  return test;
};

/** Puts files into the pack; those that begin with `#!` are executable. */
export const pack = async ({ top }: Stage, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, content] of Object.entries(files)) {
    const place = join(top, 'pack', path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, content);
    if (content.startsWith('#!')) await chmod(place, 0o755);
  }
};

export const snapshot = (more: Partial<Snapshot> = {}): Snapshot =>
  snapshotOf({ cookbooks: [{ name: 'own', revision: 'abc', digest: DIGEST }], ...more });

/** A run on `app-1` at its setup. */
export const workOn = (
  stage: Stage,
  recipes: readonly string[],
  more: Partial<CustomWork> = {},
): CustomWork => {
  const say = (_message: string, keys: Readonly<Record<string, unknown>> = {}): void => {
    const { line } = keys;
    stage.lines.push(typeof line === 'string' ? line : JSON.stringify(keys));
  };
  const { platform } = optionsFor(stage.root);
  return {
    recipes,
    event: 'setup',
    snapshot: snapshot(),
    instance: 'app-1',
    root: stage.root,
    signal: stage.abort.signal,
    log: { info: say, warn: say },
    platform,
    secrets: (name) => Promise.reject(new Error(`there is no secret ${name}`)),
    packs: () => Promise.resolve(join(stage.top, 'pack')),
    dryRun: false,
    ...more,
  };
};

export const run = (
  stage: Stage,
  recipes: readonly string[],
  more: Partial<CustomWork> = {},
): Promise<Applied> => runCustom(workOn(stage, recipes, more));

/** One runner by itself, where a host that is a folder would leave it out. */
export const runAlone = async (
  runner: Runner,
  work: CustomWork,
  values: SecretValues = {},
): Promise<Applied> => {
  const folder = join(work.root, 'var/lib/scalarium/custom-run');
  const state = dirname(folder);
  await mkdir(folder, { recursive: true });
  const secrets = openSecrets((name) => Promise.resolve(values[name] ?? {}));
  for (const [secret, keys] of Object.entries(values))
    for (const key of Object.keys(keys)) await secrets.text({ secret, key });
  const unpacked = await Promise.all(
    (work.snapshot.cookbooks ?? []).map(async (one) => ({
      pack: one,
      folder: await work.packs(one.digest, work.signal),
    })),
  );
  const packs = unpacked.map((one) => one.folder);
  const recipes = await Promise.all(work.recipes.map((name) => findRecipe(name, unpacked)));
  const scene: RunScene = { work, folder, state, packs, values, secrets };
  return runner(recipes, scene);
};

export const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const end = systemClock.monotonic() + PATIENCE_MS;
  while (!(await holds())) {
    if (systemClock.monotonic() > end) throw new Error(`waited in vain: ${what}`);
    await systemClock.sleep(millis(15));
  }
};

/** A zombie has ended; nobody may be there to bury it. */
export const lives = (pid: number): boolean => identify(pid) !== null;
