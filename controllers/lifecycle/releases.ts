/** What Applications and Deployments say of the hosts of a cluster. Pure. */
import { drainSecondsOf, type DeploymentStrategy } from '../../api-types/deployment-strategy.js';
import { isOpen, outOf } from '../../api-types/kinds/deployment.js';
import type { InstanceStatus } from '../../api-types/kinds/instance.js';
import type { Release } from '../../api-types/release.js';
import type { Snapshot, SnapshotApplication, SnapshotHost } from '../../api-types/snapshot.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import { runsOf } from '../host-releases.js';
import { isInForce } from './in-force.js';

/** Applications in force that were deployed at least once. */
export interface InForce {
  readonly name: string;
  readonly current: Release;
  /** Releases that hosts may still run, the one in force among them. */
  readonly known: readonly Release[];
  /** Load balancers ask hosts the same, whichever release they run while a Deployment goes on. */
  readonly askedAlike: boolean;
  /** The longest of Deployments of it that go on; none goes on: none. */
  readonly drainSeconds?: number;
}

export interface Releases {
  readonly applications: readonly InForce[];
  /** Deployments that have not ended; one that is being deleted among them, until its hosts are back in order. */
  readonly open: readonly Live<'Deployment'>[];
}

/** What a load balancer asks a host that runs it. */
const askedFor = ({ config: { type, health, domains = [] } }: Release): string =>
  JSON.stringify([type, health?.path, domains[0]]);

const drainOf = (
  open: readonly Live<'Deployment'>[],
  own: DeploymentStrategy | undefined,
): Pick<InForce, 'drainSeconds'> =>
  open.length === 0
    ? {}
    : {
        drainSeconds: Math.max(
          ...open.map(({ spec, status }) => drainSecondsOf(status.strategy ?? spec.strategy, own)),
        ),
      };

/** What is in force in a cluster, and what goes on in it, in one moment of the cache. */
export const releasesIn = (objects: Objects, cluster: string): Releases => {
  const open = objects.list('Deployment', cluster).filter(isOpen);
  const applications = objects
    .list('Application', cluster)
    .filter(isInForce)
    .flatMap(({ ref, spec: { strategy }, status: { current, releases = [] } }): readonly InForce[] => {
      if (current === undefined) return [];
      const its = open.filter(({ spec }) => spec.application === ref.name);
      const coming = its.flatMap(({ status }) => status.release ?? []);
      const askedAlike = coming.every((release) => askedFor(release) === askedFor(current));
      const known = [current, ...coming, ...releases];
      return [{ name: ref.name, current, known, askedAlike, ...drainOf(its, strategy) }];
    });
  return { applications, open };
};

const entryOf = ({
  name,
  current,
  askedAlike,
  drainSeconds,
}: InForce): readonly [string, SnapshotApplication] => [
  name,
  {
    release: current,
    ...(askedAlike ? {} : { askedAlike }),
    ...(drainSeconds === undefined ? {} : { drainSeconds }),
  },
];

/** Part of a snapshot; nothing where nothing was deployed yet. */
export const applicationsOf = ({ applications }: Releases): Pick<Snapshot, 'applications'> =>
  applications.length === 0 ? {} : { applications: Object.fromEntries(applications.map(entryOf)) };

/** How long a run of a load balancer may wait for what hosts that leave it have: before a reload, and after it. */
export const drainingOf = ({ applications }: Releases): number =>
  2 * Math.max(0, ...applications.map(({ drainSeconds = 0 }) => drainSeconds));

/** Roles whose hosts run an application. */
export const rolesWithApplications = ({ applications }: Releases): ReadonlySet<string> =>
  new Set(applications.flatMap(({ current }) => current.roles));

/** Where it listens, where that is not the port of the release in force: another release may have another one. */
const portOf = ({ name, current, known }: InForce, status: InstanceStatus): number | undefined => {
  const run = runsOf({ status }, name);
  if (run === undefined) return undefined;
  const release = known.find(({ number }) => number === run.release);
  const port = run.port ?? release?.config.port;
  return port === current.config.port ? undefined : port;
};

/** Part of a host in a snapshot; nothing where nothing is to be said. */
export const releasesOn = (
  releases: Releases,
  instance: string,
  status: InstanceStatus,
): Pick<SnapshotHost, 'out' | 'ports'> => {
  const out = outOf(releases.open, instance, status.machine?.id ?? '');
  const ports = releases.applications.flatMap((application) => {
    const port = portOf(application, status);
    return port === undefined ? [] : [[application.name, port] as const];
  });
  return {
    ...(out.length === 0 ? {} : { out }),
    ...(ports.length === 0 ? {} : { ports: Object.fromEntries(ports) }),
  };
};
