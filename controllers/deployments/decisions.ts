/** What people decided last about an application, and what is in force since, read from its Deployments. Pure. */
import type { ApplicationStatus } from '../../api-types/kinds/application.js';
import { isCatchUp } from '../../api-types/kinds/deployment.js';
import type { Release } from '../../api-types/release.js';
import type { Live } from '../../store/objects/objects.js';
import { releasesWith } from './releases.js';
import { isNarrowed } from './targets.js';

type Application = Live<'Application'>;
type Deployment = Live<'Deployment'>;

export type InForce = Pick<ApplicationStatus, 'current' | 'releases' | 'deployedAt' | 'decided'>;

const DECIDING: readonly string[] = ['deploy', 'rollback', 'undeploy'];

/** It changes what is in force, once it has ended well. */
export const isDeciding = ({ spec, ref, annotations }: Deployment): boolean =>
  DECIDING.includes(spec.command) && !isCatchUp(ref.name, annotations);

/** How a Deployment ended that succeeded. */
export interface Ended {
  readonly live: Deployment;
  readonly release: Release | undefined;
  readonly at: string | undefined;
}

const afterUndeploy = (before: InForce, { spec }: Deployment): InForce => {
  return isNarrowed(spec) ? before : { ...before, current: undefined, deployedAt: undefined };
};

/** What is in force once it has ended so. */
export const inForceAfter = (before: InForce, { live, release, at }: Ended): InForce => {
  if (!isDeciding(live)) return before;
  const decided = live.incarnation;
  if (live.spec.command === 'undeploy') return { ...afterUndeploy(before, live), decided };
  if (release === undefined) return before;
  const releases = releasesWith(before.releases ?? [], release);
  return { current: release, releases, decided, deployedAt: at };
};

/** Decisions that people made and that were carried out, oldest first. */
export const decisionsOf = (deployments: readonly Deployment[]): readonly Deployment[] =>
  deployments.filter((live) => live.status.phase === 'Succeeded' && isDeciding(live));

/** As its Deployments say: one that ended while the Application's record could not be written counts all the same. */
export const inForceNow = ({ status }: Application, deployments: readonly Deployment[]): InForce => {
  const { current, releases, deployedAt, decided } = status;
  const missed = decisionsOf(deployments).filter(({ incarnation }) => incarnation > (decided ?? 0));
  return missed.reduce<InForce>(
    (before, live) =>
      inForceAfter(before, { live, release: live.status.release, at: live.status.finishedAt }),
    { current, releases, deployedAt, decided },
  );
};

/** With what is in force now, whatever its record says. */
export const upToDate = (application: Application, deployments: readonly Deployment[]): Application => ({
  ...application,
  status: { ...application.status, ...inForceNow(application, deployments) },
});
