/** Carries events out for real: the recipe of the host's roles, applied to its file system. */
import { applyResources, type ResourceLog } from '../recipes/apply.js';
import { recipeFor } from '../recipes/catalog.js';
import type { Platform } from '../recipes/platform.js';
import type { SecretSource } from '../recipes/secrets.js';
import type { Executor } from './executor.js';

export interface RecipesDependencies {
  /** `/`, or the folder that stands for it. */
  readonly root: string;
  readonly log: ResourceLog;
  readonly platform: Platform;
  readonly secrets: SecretSource;
}

/** Runs the built-in recipes. */
export const recipesExecutor = ({ root, ...more }: RecipesDependencies): Executor => ({
  needsSnapshot: true,
  run: ({ event, snapshot, instance, dryRun, signal }) =>
    applyResources(recipeFor(event, snapshot, instance), { root, signal, dryRun, ...more }),
});
