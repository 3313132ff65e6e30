/** Which roles an object is about: what a grant narrowed to roles is held against. Pure. */
import type { ApplicationSpec } from '../../api-types/kinds/application.js';
import type { DeploymentSpec } from '../../api-types/kinds/deployment.js';
import type { EventStatus } from '../../api-types/kinds/event.js';
import { rolesOf, type InstanceSpec } from '../../api-types/kinds/instance.js';
import type { RunSpec } from '../../api-types/kinds/run.js';
import type { Live, Ref } from '../../store/objects/objects.js';

/** As much of an object, stored or about to be, as says what it is about. */
export type Content = Pick<Live, 'ref' | 'spec' | 'status' | 'specGeneration'> & {
  readonly owner?: Live['owner'];
};

/** Looks an object up; null: there is none. */
export type Look = (ref: Ref) => Live | null;

/** The Role whose slot it is: an Instance that says it is another Role's counts among that one's hosts. */
const ownersOf = ({ owner }: Content): readonly string[] => (owner?.kind === 'Role' ? [owner.name] : []);

const rolesOfInstance = (cluster: string, name: string, look: Look): readonly string[] => {
  const live = look({ kind: 'Instance', cluster, name }) as Live<'Instance'> | null;
  return live === null || live.specGeneration === 0 ? [] : rolesOf(live.spec);
};

interface Targeted {
  readonly targets?: readonly unknown[];
}

const targetsOf = ({ spec, status }: Content): readonly string[] => {
  const targets =
    ((status as Targeted | undefined) ?? {}).targets ?? ((spec as Targeted | undefined) ?? {}).targets;
  return (targets ?? []).flatMap((target) => {
    if (typeof target === 'string') return [target];
    const { instance } = (target ?? {}) as { readonly instance?: unknown };
    return typeof instance === 'string' ? [instance] : [];
  });
};

/** All hosts of a cluster, where it names none. */
const ofRun = ({ spec }: Content, cluster: string, look: Look): readonly string[] => {
  const { roles = [], instances = [] } = spec as Partial<RunSpec>;
  return [...roles, ...instances.flatMap((name) => rolesOfInstance(cluster, name, look))];
};

/** Without roles of its own it may be run by any of the cluster: then only a grant for all of it will do. */
const ofApplication = ({ spec }: Content): readonly string[] =>
  (spec as Partial<ApplicationSpec>).roles ?? [];

/** Those that it is narrowed to, or its application's. */
const ofDeployment = ({ spec }: Content, cluster: string, look: Look): readonly string[] => {
  const { application, roles = [], instances = [] } = spec as DeploymentSpec;
  const narrowed = [...roles, ...instances.flatMap((name) => rolesOfInstance(cluster, name, look))];
  if (narrowed.length > 0) return narrowed;
  const live = look({ kind: 'Application', cluster, name: application });
  return live === null || live.specGeneration === 0 ? [] : ofApplication(live);
};

const ofEvent = (live: Content, cluster: string, look: Look): readonly string[] => {
  const { kind, name } = (live.status as EventStatus).regarding;
  if (kind === 'Role') return [name];
  return kind === 'Instance' ? rolesOfInstance(cluster, name, look) : [];
};

/** The roles that `live` is about; none: only grants for the whole cluster reach it. */
export const rolesConcerned = (live: Content, look: Look): readonly string[] => {
  const cluster = live.ref.cluster ?? '';
  switch (live.ref.kind) {
    case 'Role':
      return [live.ref.name];
    case 'Instance':
      return live.specGeneration === 0 ? [] : [...rolesOf(live.spec as InstanceSpec), ...ownersOf(live)];
    case 'Application':
      return live.specGeneration === 0 ? [] : ofApplication(live);
    case 'Deployment':
      return live.specGeneration === 0 ? [] : ofDeployment(live, cluster, look);
    case 'Run':
      return live.specGeneration === 0 ? [] : ofRun(live, cluster, look);
    case 'Event':
      return ofEvent(live, cluster, look);
    default:
      return targetsOf(live).flatMap((name) => rolesOfInstance(cluster, name, look));
  }
};
