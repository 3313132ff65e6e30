/** The hosts of a Deployment. Pure. */
import { rolesOf } from '../../api-types/kinds/instance.js';
import type { DeploymentSpec } from '../../api-types/kinds/deployment.js';
import type { Live } from '../../store/objects/objects.js';
import type { Cause } from './course.js';
import { hasRole, isOnline, isSettled, naturally } from './hosts.js';

type Instance = Live<'Instance'>;

/** It is one of those that the Deployment is narrowed to; without any, all are. */
export const isNamedBy = ({ roles = [], instances = [] }: DeploymentSpec, live: Instance): boolean =>
  (roles.length === 0 && instances.length === 0) ||
  instances.includes(live.ref.name) ||
  rolesOf(live.spec).some((role) => roles.includes(role));

/** It is for some hosts of its application only. */
export const isNarrowed = ({ roles = [], instances = [] }: DeploymentSpec): boolean =>
  roles.length > 0 || instances.length > 0;

export const byName = (lives: readonly Instance[]): readonly Instance[] =>
  [...lives].sort((one, other) => naturally(one.ref.name, other.ref.name));

export interface Targets {
  /** In their order. */
  readonly hosts: readonly Instance[];
  /** Names of hosts that are named and are not online. */
  readonly offline: readonly string[];
  /** Why it cannot begin, and never will. */
  readonly refusal: Cause | null;
  /** Hosts that are being set up: it begins when they are. */
  readonly coming: readonly string[];
}

const listed = (names: readonly string[]): string =>
  names.length > 10
    ? `${names.slice(0, 10).join(', ')} and ${String(names.length - 10)} more`
    : names.join(', ');

const refusalOf = (
  spec: DeploymentSpec,
  known: ReadonlyMap<string, Instance>,
  online: readonly Instance[],
): Cause | null => {
  const unknown = (spec.instances ?? []).filter((name) => !known.has(name));
  if (unknown.length > 0)
    return {
      reason: 'HostNotFound',
      message: `there is no host ${listed(unknown)} in this cluster: nothing was done`,
    };
  if (online.length > 0) return null;
  const which = isNarrowed(spec) ? 'of the hosts it names that run the application' : 'of its hosts';
  return { reason: 'NoHostOnline', message: `none ${which} is online: nothing was done` };
};

/** `roles`: of the release, or of the application. */
export const targetsOf = (
  spec: DeploymentSpec,
  instances: ReadonlyMap<string, Instance>,
  roles: readonly string[],
): Targets => {
  const wanted = new Set(roles);
  const meant = byName(
    [...instances.values()].filter((live) => hasRole(live, wanted) && isNamedBy(spec, live)),
  );
  const online = meant.filter(isOnline);
  const hosts = online.filter(isSettled);
  return {
    hosts,
    offline: (spec.instances ?? []).filter((name) => {
      const live = instances.get(name);
      return live !== undefined && !isOnline(live);
    }),
    refusal: refusalOf(spec, instances, online),
    coming: hosts.length > 0 ? [] : online.map(({ ref }) => ref.name),
  };
};
