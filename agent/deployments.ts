/** What a host does for Deployments, with its own recipes and those of people around it. */
import type { DeployOrder } from '../api-types/deploy-order.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { mergeAttributes } from '../recipes/attributes.js';
import { applicationPart, recipeFor } from '../recipes/catalog.js';
import { runCustom } from '../recipes/custom.js';
import { carryOutOrder, deployAll, type Deployed } from '../recipes/deploy/deploy.js';
import { withInForce } from '../recipes/deploy/in-force.js';
import type { DeployOptions } from '../recipes/deploy/subject.js';
import { NOTHING } from '../recipes/runners/work.js';
import { customFor } from './custom-for.js';
import type { ExecutorResult, Work } from './executor.js';
import type { RecipesDependencies } from './recipes-executor.js';

/** Of the Deployment: they win over those of every role. */
const withAttributes = (snapshot: Snapshot, attributes: DeployOrder['attributes']): Snapshot => {
  if (attributes === undefined) return snapshot;
  const roles = Object.entries(snapshot.roles).map(([name, role]) => [
    name,
    { ...role, attributes: mergeAttributes(role.attributes, attributes) },
  ]);
  return { ...snapshot, roles: Object.fromEntries(roles) as Snapshot['roles'] };
};

const customOf =
  (on: RecipesDependencies, work: Work): DeployOptions['recipes'] =>
  async (seen, log) => {
    const snapshot = withAttributes(seen, work.deployment?.attributes);
    const recipes = customFor(work, snapshot);
    return recipes.length === 0 ? NOTHING : runCustom({ ...on, ...work, snapshot, recipes, log });
  };

const optionsOf = (on: RecipesDependencies, work: Work): DeployOptions => ({
  ...on,
  ...work,
  part: applicationPart,
  converge: (snapshot, instance) => recipeFor('configure', snapshot, instance),
  recipes: customOf(on, work),
});

/** The one application that the order is about, and nothing else. */
export const deployOne = async (
  on: RecipesDependencies,
  told: Work,
  order: DeployOrder,
): Promise<ExecutorResult> => {
  const { step } = order;
  const work = { ...told, snapshot: await withInForce(on.root, told.snapshot) };
  if (step === 'fetch') return { changed: [], failure: 'this agent fetches no sources', stage: 'fetch' };
  return carryOutOrder({ ...order, step }, optionsOf(on, work));
};

/** All applications that the cluster has for this host's roles; recipes of people run once, after them. */
export const deployThem = (on: RecipesDependencies, work: Work): Promise<Deployed> =>
  deployAll({ ...optionsOf(on, work), recipes: () => Promise.resolve(NOTHING) });
