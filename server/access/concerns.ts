/** Which roles an object is about: what a grant narrowed to roles is held against. Pure. */
import type { ApplicationSpec } from '../../api-types/kinds/application.js';
import type { DeploymentSpec } from '../../api-types/kinds/deployment.js';
import type { EventStatus } from '../../api-types/kinds/event.js';
import { rolesOf, type InstanceSpec } from '../../api-types/kinds/instance.js';
import type { RunSpec } from '../../api-types/kinds/run.js';
import type { KindName } from '../../api-types/kinds.js';
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

/** What changes a release, and not only what some hosts do with it: hosts that come later are given it, wherever they are. */
const RELEASING: readonly DeploymentSpec['command'][] = ['deploy', 'rollback', 'undeploy', 'migrate'];

const rolesOfApplication = (cluster: string, name: string, look: Look): readonly string[] => {
  const live = look({ kind: 'Application', cluster, name });
  return live === null || live.specGeneration === 0 ? [] : ofApplication(live);
};

/** Its application's; of what is done to processes only, those that it is narrowed to. None: all of the cluster. */
const ofDeployment = ({ spec }: Content, cluster: string, look: Look): readonly string[] => {
  const { application, command, roles = [], instances = [] } = spec as DeploymentSpec;
  const narrowed = [...roles, ...instances.flatMap((name) => rolesOfInstance(cluster, name, look))];
  if (narrowed.length > 0 && !RELEASING.includes(command)) return narrowed;
  const all = rolesOfApplication(cluster, application, look);
  return all.length === 0 ? [] : [...all, ...narrowed];
};

const ofEvent = (live: Content, cluster: string, look: Look): readonly string[] => {
  const { kind, name } = (live.status as EventStatus).regarding;
  if (kind === 'Role') return [name];
  return kind === 'Instance' ? rolesOfInstance(cluster, name, look) : [];
};

const ofTargets = (live: Content, cluster: string, look: Look): readonly string[] =>
  targetsOf(live).flatMap((name) => rolesOfInstance(cluster, name, look));

type Concern = (live: Content, cluster: string, look: Look) => readonly string[];

/** What only a spec says, nobody knows of an object without one. */
const bySpec =
  (concern: Concern): Concern =>
  (live, cluster, look) =>
    live.specGeneration === 0 ? [] : concern(live, cluster, look);

const CONCERNS: Readonly<Partial<Record<KindName, Concern>>> = {
  Role: ({ ref }) => [ref.name],
  Instance: bySpec((live) => [...rolesOf(live.spec as InstanceSpec), ...ownersOf(live)]),
  Application: bySpec(ofApplication),
  Deployment: bySpec(ofDeployment),
  Run: bySpec(ofRun),
  Event: ofEvent,
};

/** The roles that `live` is about; none: only grants for the whole cluster reach it. */
export const rolesConcerned = (live: Content, look: Look): readonly string[] =>
  (CONCERNS[live.ref.kind] ?? ofTargets)(live, live.ref.cluster ?? '', look);
