/** Carries events out for real: the recipes of the host's roles, built-in ones first, then people's own. */
import { rolesOf } from '../api-types/kinds/instance.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { applyResources, type Applied, type ResourceLog } from '../recipes/apply.js';
import { recipeFor } from '../recipes/catalog.js';
import { runCustom, together, type PackSource } from '../recipes/custom.js';
import type { Platform } from '../recipes/platform.js';
import type { SecretSource } from '../recipes/secrets.js';
import type { Executor, Work } from './executor.js';
import { openRememberedHost } from './remembered-host.js';

export interface RecipesDependencies {
  /** `/`, or the folder that stands for it. */
  readonly root: string;
  readonly log: ResourceLog;
  readonly platform: Platform;
  readonly secrets: SecretSource;
  readonly packs: PackSource;
}

/** The main role's first; what two roles have alike runs once. */
const customFor = ({ event, instance }: Work, snapshot: Snapshot): readonly string[] => {
  const host = snapshot.hosts[instance];
  const roles = host === undefined ? [] : rolesOf(host);
  return [...new Set(roles.flatMap((role) => snapshot.roles[role]?.recipes?.[event] ?? []))];
};

/** Runs the built-in recipes, and after them those of the cluster's cookbooks; a Run of recipes only these. */
export const recipesExecutor = (on: RecipesDependencies): Executor => {
  const { root } = on;
  const host = openRememberedHost(root);
  const builtIn = ({ event, snapshot, instance, dryRun, signal }: Work): Promise<Applied> =>
    applyResources(recipeFor(event, snapshot, instance), { ...on, instance, signal, dryRun });
  return {
    needsSnapshot: true,
    run: async (work) => {
      const snapshot = await host.complete(work.snapshot, work.instance);
      const first = work.recipes === undefined ? await builtIn({ ...work, snapshot }) : null;
      if (first !== null && first.failure !== null) return first;
      const recipes = work.recipes ?? customFor(work, snapshot);
      if (first !== null && recipes.length === 0) return first;
      const own = await runCustom({ ...on, ...work, snapshot, recipes });
      return first === null ? own : together(first, own);
    },
  };
};
