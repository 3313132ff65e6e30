/** Runs people's own recipes: finds them in the cluster's packs, and hands them to their runners in order. */
import { rolesOf } from '../api-types/kinds/instance.js';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../api-types/thrown.js';
import type { Applied, ResourceDiff } from './apply.js';
import { boundedDiffs } from './diffs.js';
import { isFolder } from './platform.js';
import { ansible } from './runners/ansible.js';
import { chef } from './runners/chef.js';
import { findRecipe, type UnpackedPack } from './runners/find.js';
import { script } from './runners/script.js';
import {
  NOTHING,
  type CustomWork,
  type FoundRecipe,
  type Runner,
  type RunnerName,
  type RunScene,
  type SecretValues,
} from './runners/work.js';
import { openSecrets } from './secrets.js';

export type { CustomWork, PackSource } from './runners/work.js';

const RUNNERS: Readonly<Record<RunnerName, Runner>> = { chef, ansible, script };

/** These configure the machine that they run on, and know no other root. */
const NEEDS_A_MACHINE: Readonly<Record<RunnerName, string | null>> = {
  chef: 'Chef',
  ansible: 'Ansible',
  script: null,
};

const unpackedPacks = async ({ snapshot, packs, signal }: CustomWork): Promise<readonly UnpackedPack[]> => {
  const unpacked: UnpackedPack[] = [];
  for (const pack of snapshot.cookbooks ?? []) {
    const folder = await packs(pack.digest, signal).catch((error: unknown) => {
      throw new Error(`the cookbooks of source ${pack.name}: ${messageOf(error)}`, { cause: error });
    });
    unpacked.push({ pack, folder });
  }
  return unpacked;
};

/** All that the host's roles name, asked for once. */
const secretValues = async ({ snapshot, instance, secrets, signal }: CustomWork): Promise<SecretValues> => {
  const host = snapshot.hosts[instance];
  const roles = host === undefined ? [] : rolesOf(host);
  const names = new Set(roles.flatMap((role) => snapshot.roles[role]?.secrets ?? []));
  const values = [...names].map(async (name) => {
    const found = await secrets(name, signal).catch((error: unknown) => {
      throw new Error(`the secret ${name} cannot be had: ${messageOf(error)}`, { cause: error });
    });
    return [name, found] as const;
  });
  return Object.fromEntries(await Promise.all(values));
};

/** Knows every value, whether a recipe looks at it or not. */
const maskOf = async (values: SecretValues): Promise<RunScene['secrets']> => {
  const secrets = openSecrets((name) => Promise.resolve(values[name] ?? {}));
  for (const [secret, keys] of Object.entries(values))
    for (const key of Object.keys(keys)) await secrets.text({ secret, key });
  return secrets;
};

/** Adjacent recipes of Chef are one run of it: it takes seconds to start. */
const grouped = (recipes: readonly FoundRecipe[]): readonly (readonly FoundRecipe[])[] => {
  const groups: FoundRecipe[][] = [];
  for (const recipe of recipes) {
    const last = groups.at(-1);
    if (recipe.runner === 'chef' && last?.[0]?.runner === 'chef') last.push(recipe);
    else groups.push([recipe]);
  }
  return groups;
};

const runGroup = async (recipes: readonly FoundRecipe[], scene: RunScene): Promise<Applied> => {
  const { runner } = recipes[0] as FoundRecipe;
  const names = recipes.map(({ name }) => name).join(', ');
  const tool = NEEDS_A_MACHINE[runner];
  if (tool !== null && isFolder(scene.work.root)) {
    const note = `recipe ${names}: left out: ${tool} would change the machine that this host is a folder of`;
    return { ...NOTHING, notes: [note] };
  }
  scene.work.log.info('recipes begin', { recipes: names, runner });
  try {
    return await RUNNERS[runner](recipes, scene);
  } catch (error) {
    return { changed: [], failure: `recipe ${names}: ${scene.secrets.mask(messageOf(error))}` };
  }
};

const bothDiffs = (first: Applied, second: Applied): readonly ResourceDiff[] | undefined =>
  first.diffs === undefined && second.diffs === undefined
    ? undefined
    : boundedDiffs([...(first.diffs ?? []), ...(second.diffs ?? [])]);

/** What two runs after each other came to. */
export const together = (first: Applied, second: Applied): Applied => {
  const failures = [first.failure, second.failure].filter((text) => text !== null);
  const warnings = [first.warning, second.warning].filter((text) => text !== undefined);
  const notes = [...(first.notes ?? []), ...(second.notes ?? [])];
  const diffs = bothDiffs(first, second);
  return {
    changed: [...first.changed, ...second.changed],
    failure: failures.length === 0 ? null : failures.join('\n'),
    ...(warnings.length === 0 ? {} : { warning: warnings.join('\n') }),
    ...(notes.length === 0 ? {} : { notes: [...new Set(notes)] }),
    ...(diffs === undefined ? {} : { diffs }),
    ...(first.reboot === true || second.reboot === true ? { reboot: true } : {}),
  };
};

const inTurn = async (recipes: readonly FoundRecipe[], scene: RunScene): Promise<Applied> => {
  let applied: Applied = scene.work.dryRun ? { ...NOTHING, diffs: [] } : NOTHING;
  for (const group of grouped(recipes)) {
    if (scene.work.signal.aborted)
      return together(applied, {
        changed: [],
        failure: `recipe ${group[0]?.name ?? ''}: the run was aborted before it`,
      });
    applied = together(applied, await runGroup(group, scene));
    if (applied.failure !== null) return applied;
  }
  return applied;
};

const failed = (failure: string, { log }: CustomWork): Applied => {
  log.warn('recipes failed', { failure });
  return { changed: [], failure };
};

/** One run at a time uses it; what a crash left goes before the next. */
const withFolder = async (
  { root }: CustomWork,
  run: (folder: string, state: string) => Promise<Applied>,
): Promise<Applied> => {
  const state = join(root, 'var/lib/scalarium');
  const folder = join(state, 'custom-run');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return await run(folder, state);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const prepared = async (work: CustomWork): Promise<Applied> => {
  const packs = await unpackedPacks(work);
  const recipes: FoundRecipe[] = [];
  for (const name of work.recipes) recipes.push(await findRecipe(name, packs));
  const values = await secretValues(work);
  const secrets = await maskOf(values);
  const folders = packs.map(({ folder }) => folder);
  return withFolder(work, (folder, state) =>
    inTurn(recipes, { work, folder, state, packs: folders, values, secrets }),
  );
};

/**
 * Runs recipes in order, to the first that fails; all must be found before the first runs. Never rejects: what cannot be
 * prepared is a failure, too.
 */
export const runCustom = async (work: CustomWork): Promise<Applied> => {
  if (work.recipes.length === 0) return NOTHING;
  try {
    const applied = await prepared(work);
    if (applied.failure !== null) work.log.warn('recipes failed', { failure: applied.failure });
    return applied;
  } catch (error) {
    return failed(messageOf(error), work);
  }
};
