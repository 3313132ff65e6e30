/** Builders of releases and Deployments with defaults; what is given wins. */
import type { DeploymentHost, DeploymentStatus } from '../../api-types/kinds/deployment.js';
import type { Release, ReleaseConfig } from '../../api-types/release.js';
import { EPOCH } from './objects.js';

export interface ReleaseOverrides extends Partial<Omit<Release, 'config'>> {
  readonly config?: Partial<ReleaseConfig>;
}

/** Of a Node.js application whose hosts are those of the role `app`. */
export const release = (number = 1, { config, ...more }: ReleaseOverrides = {}): Release => ({
  number,
  deployment: `deploy-${String(number)}`,
  revision: `revision-${String(number)}`,
  digest: `digest-${String(number)}`,
  roles: ['app'],
  createdAt: EPOCH,
  ...more,
  config: { type: 'nodejs', ...config },
});

/** A host of a Deployment: of the machine that the worlds of tests give it. */
export const deploymentHost = (name: string, more: Partial<DeploymentHost> = {}): DeploymentHost => ({
  machine: `i-${name}`,
  stage: 'waiting',
  since: EPOCH,
  ...more,
});

/** That goes on. */
export const rolling = (more: Partial<DeploymentStatus> = {}): DeploymentStatus => ({
  phase: 'Rolling',
  startedAt: EPOCH,
  release: release(2),
  ...more,
});
