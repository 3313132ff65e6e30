/** Carries events out for real: the recipes of the host's roles, built-in ones first, then people's own. */
import { applyResources, type Applied, type ResourceLog } from '../recipes/apply.js';
import { recipeFor } from '../recipes/catalog.js';
import { runCustom, together, type PackSource } from '../recipes/custom.js';
import type { Platform } from '../recipes/platform.js';
import type { SecretSource } from '../recipes/secrets.js';
import { withInForce } from '../recipes/deploy/in-force.js';
import { customFor } from './custom-for.js';
import { deployOne, deployThem } from './deployments.js';
import type { Executor, Work } from './executor.js';
import { openRememberedHost } from './remembered-host.js';

export interface RecipesDependencies {
  /** `/`, or the folder that stands for it. */
  readonly root: string;
  readonly log: ResourceLog;
  readonly platform: Platform;
  readonly secrets: SecretSource;
  readonly packs: PackSource;
  /** Gives the unpacked code of a release. */
  readonly artifacts: PackSource;
  /** Milliseconds since some moment. */
  readonly monotonic: () => number;
}

/** On a host that is new what its cluster has in force is brought to it, before anything else of the event. */
const isBrought = ({ event, dryRun, recipes }: Work): boolean =>
  event === 'deploy' && !dryRun && recipes === undefined;

/** Runs the built-in recipes, and after them those of the cluster's cookbooks; a Run of recipes only these. */
export const recipesExecutor = (on: RecipesDependencies): Executor => {
  const { root } = on;
  const host = openRememberedHost(root);
  const builtIn = ({ event, snapshot, instance, dryRun, signal }: Work): Promise<Applied> =>
    applyResources(recipeFor(event, snapshot, instance), { ...on, instance, signal, dryRun });
  const withRecipes = async (work: Work): Promise<Applied> => {
    const first = work.recipes === undefined ? await builtIn(work) : null;
    if (first !== null && first.failure !== null) return first;
    const recipes = work.recipes ?? customFor(work, work.snapshot);
    if (first !== null && recipes.length === 0) return first;
    const own = await runCustom({ ...on, ...work, recipes });
    return first === null ? own : together(first, own);
  };
  return {
    needsSnapshot: true,
    run: async (told) => {
      const work = { ...told, snapshot: await host.complete(told.snapshot, told.instance) };
      if (work.deployment !== undefined) return deployOne(on, work, work.deployment);
      const brought = isBrought(work) ? await deployThem(on, work) : null;
      if (brought !== null && brought.failure !== null) return brought;
      const applied = await withRecipes({ ...work, snapshot: await withInForce(root, work.snapshot) });
      return brought === null ? applied : { ...brought, ...together(brought, applied) };
    },
  };
};
