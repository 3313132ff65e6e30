/** What a host's roles make of its life-cycle events: computed once a role, asked for each host. Pure. */
import { rolesOf, type InstanceSpec } from '../../api-types/kinds/instance.js';
import type { RoleSpec, RoleType } from '../../api-types/kinds/role.js';
import type { Lifecycle } from '../../api-types/lifecycle.js';
import type { Observed } from './observe.js';
import { rolesWithApplications } from './releases.js';

/** Types whose hosts run applications: there is something to deploy on each of them. */
const WITH_APPLICATIONS: ReadonlySet<RoleType> = new Set<RoleType>([
  'nodejs-app',
  'rails-app',
  'php-app',
  'java-app',
  'static-web',
]);

const recipesFor = ({ recipes }: RoleSpec, event: Lifecycle): readonly string[] => recipes?.[event] ?? [];

const hasDeploy = (spec: RoleSpec): boolean =>
  WITH_APPLICATIONS.has(spec.type) || recipesFor(spec, 'deploy').length > 0;

const hasRecipes = ({ recipes }: RoleSpec): boolean =>
  Object.values(recipes ?? {}).some((of) => of.length > 0);

/** Names of the sources of cookbooks that were not resolved yet. */
const unresolved = ({ cluster }: Observed): readonly string[] => {
  const resolved = new Set((cluster.status.cookbooks ?? []).map(({ name }) => name));
  return (cluster.spec.cookbooks ?? []).map(({ name }) => name).filter((name) => !resolved.has(name));
};

interface RoleFacts {
  readonly deploys: boolean;
  readonly recipes: boolean;
  readonly dependsOn: readonly string[];
}

/** A host's part of its roles' facts. */
export interface HostFacts {
  /** Some role of it has something for deploy. */
  readonly hasDeploy: boolean;
  /** Roles that it waits for: of all its roles, and never itself. */
  readonly waitsFor: readonly string[];
  /** Sources of cookbooks that its recipes need and that were not resolved yet. */
  readonly lacks: readonly string[];
}

const NONE: readonly string[] = [];

/** `open`: whether a role holds nobody up. */
export const factsOf = (
  observed: Observed,
  open: (role: string) => boolean,
): ((spec: InstanceSpec) => HostFacts) => {
  const lacking = unresolved(observed);
  const deployedTo = rolesWithApplications(observed.releases);
  const facts = new Map<string, RoleFacts>();
  for (const [name, { spec }] of observed.roles)
    facts.set(name, {
      deploys: hasDeploy(spec) || deployedTo.has(name),
      recipes: lacking.length > 0 && hasRecipes(spec),
      dependsOn: (spec.dependsOn ?? []).filter((needed) => !open(needed)),
    });
  return (spec) => {
    const names = rolesOf(spec);
    const of = names.flatMap((name) => facts.get(name) ?? []);
    const waits = of.flatMap(({ dependsOn }) => dependsOn).filter((needed) => !names.includes(needed));
    return {
      hasDeploy: of.some(({ deploys }) => deploys),
      waitsFor: waits.length === 0 ? NONE : [...new Set(waits)],
      lacks: of.some(({ recipes }) => recipes) ? lacking : NONE,
    };
  };
};
