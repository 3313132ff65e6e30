/** The rows of Applications and Deployments in the table of kinds. */
import { column, ready } from './columns.js';
import { entry } from './kind-entry.js';
import { ApplicationSpec, ApplicationStatus, applicationDefaults } from './kinds/application.js';
import { DeploymentSpec, DeploymentStatus, deploymentDefaults } from './kinds/deployment.js';

export const APPLICATION = entry({
  kind: 'Application',
  plural: 'applications',
  shortNames: ['app', 'apps'],
  scope: 'Namespaced',
  home: 'spec',
  about:
    'Code that hosts of the cluster run: where it comes from, how it is built, served and watched. Hosts run it once a Deployment has brought it.',
  categories: ['all', 'scalarium'],
  bare: false,
  spec: ApplicationSpec,
  status: ApplicationStatus,
  defaults: applicationDefaults,
  columns: [
    column<ApplicationSpec, ApplicationStatus>('Type', 'spec.type', (spec) => spec.type),
    column<ApplicationSpec, ApplicationStatus>(
      'Release',
      'status.current',
      (_spec, status) => status.current?.number,
    ),
    column<ApplicationSpec, ApplicationStatus>('Revision', 'status.current', (_spec, status) =>
      status.current?.revision.slice(0, 12),
    ),
    column<ApplicationSpec, ApplicationStatus>(
      'Hosts',
      'status.hosts',
      (_spec, status) => `${String(status.currentHosts ?? 0)}/${String(status.hosts ?? 0)}`,
    ),
    ready,
    column<ApplicationSpec, ApplicationStatus>(
      'Deployed',
      'status.deployedAt',
      (_spec, status) => status.deployedAt,
      true,
    ),
    column<ApplicationSpec, ApplicationStatus>('Source', 'spec.source', (spec) => spec.source.url, true),
  ],
});

export const DEPLOYMENT = entry({
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['dep', 'deploy'],
  scope: 'Namespaced',
  home: 'spec',
  about:
    'One command for an Application (deploy, rollback, undeploy, restart, start, stop, migrate), carried out once over its hosts. Its spec is not changed after it was made.',
  categories: [],
  bare: false,
  fixed: true,
  spec: DeploymentSpec,
  status: DeploymentStatus,
  defaults: deploymentDefaults,
  columns: [
    column<DeploymentSpec, DeploymentStatus>('Application', 'spec.application', (spec) => spec.application),
    column<DeploymentSpec, DeploymentStatus>('Command', 'spec.command', (spec) => spec.command),
    column<DeploymentSpec, DeploymentStatus>(
      'Phase',
      'status.phase',
      (_spec, status) => status.phase ?? 'Pending',
    ),
    column<DeploymentSpec, DeploymentStatus>('Revision', 'status.release', (_spec, status) =>
      status.release?.revision.slice(0, 12),
    ),
    column<DeploymentSpec, DeploymentStatus>('Hosts', 'status.hosts', (_spec, { hosts = {} }) => {
      const all = Object.values(hosts);
      return `${String(all.filter(({ stage }) => stage === 'done').length)}/${String(all.length)}`;
    }),
    column<DeploymentSpec, DeploymentStatus>('By', 'status.by', (_spec, status) => status.by),
    column<DeploymentSpec, DeploymentStatus>(
      'Finished',
      'status.finishedAt',
      (_spec, status) => status.finishedAt,
      true,
    ),
  ],
});
