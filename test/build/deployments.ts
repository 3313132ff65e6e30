/** Deployments as a controller would write them, for commands that follow them. */
import type { DeploymentHost, HostStage } from '../../api-types/kinds/deployment.js';
import type { Release } from '../../api-types/release.js';
import { eventually } from '../conformance/objects-world.js';
import { type FakeObjects, ref } from '../fake/objects.js';

export const AT = '2026-01-02T03:04:05Z';

export const SOURCE = { type: 'git', url: 'https://git.example/web.git' } as const;

export const release = (number: number, revision = String(number).repeat(40).slice(0, 40)): Release => ({
  number,
  deployment: `web-${String(number)}`,
  revision,
  digest: 'd'.repeat(64),
  roles: ['app'],
  config: { type: 'nodejs' },
  createdAt: AT,
});

/** An Application `web` of role `app`. */
export const application = (objects: FakeObjects, status: object = {}, annotations = {}): void => {
  objects.has(
    ref('Application', 'shop', 'web'),
    { annotations, spec: { type: 'nodejs', source: SOURCE, roles: ['app'] } },
    status,
  );
};

export const deployHost = (stage: HostStage, more: Partial<DeploymentHost> = {}): DeploymentHost => ({
  machine: 'i-1',
  stage,
  since: AT,
  ...more,
});

/** The one Deployment that was made by a command, once there is one; `not`: those that were there. */
export const deploymentMade = (objects: FakeObjects, ...not: readonly string[]): Promise<string> =>
  eventually('a Deployment is made', () =>
    objects
      .list('Deployment', 'shop')
      .map(({ ref: { name } }) => name)
      .find((name) => !not.includes(name)),
  );

export const tells = async (
  objects: FakeObjects,
  name: string,
  patch: Readonly<Record<string, unknown>>,
): Promise<void> => {
  await objects.write(null, [{ write: 'status', ref: ref('Deployment', 'shop', name), patch }])();
};

export const condition = (type: string, message: string, status = 'True'): object => ({
  [type]: { type, status, reason: 'Told', message, lastTransitionTime: AT },
});
