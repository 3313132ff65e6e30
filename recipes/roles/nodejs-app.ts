/** Node.js application server: a service for each application. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { applicationsOf } from '../applications.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import type { Resource } from '../resource.js';
import {
  applicationService,
  applicationUser,
  deployedApplication,
  restartOf,
  startNewCode,
  stopApplication,
  undeployedApplication,
  type Process,
} from './application-service.js';
import { clusterEnvironment } from './cluster-environment.js';
import { untilNothingNew, type RoleRecipe } from './role-recipe.js';

const ENTRY = 'server.js';

/** Two that listen at one port: the second would never start. */
export const refuseSamePort = (role: string, all: readonly Process[]): void => {
  const taken = new Map<number, string>();
  for (const { application, port } of all) {
    const other = taken.get(port);
    if (other !== undefined)
      throw new AttributeProblem(
        `attributes of the role ${role}: applications.${application.name}.port: expected a port of its own, got ${String(port)}, which is that of ${other}`,
      );
    taken.set(port, application.name);
  }
};

const processesOf = (snapshot: Snapshot, role: string): readonly Process[] => {
  const { nodejs, restart } = settingsOf(snapshot, role, 'nodejs-app');
  const all = applicationsOf(snapshot, role).map((application): Process => {
    const port = application.port ?? nodejs.port;
    const entry = application.entry ?? ENTRY;
    return {
      application,
      user: nodejs.user,
      command: application.command ?? `${nodejs.program} '${entry}'`,
      needs: application.command === undefined ? entry : (application.entry ?? '.'),
      environment: { NODE_ENV: 'production', PORT: String(port) },
      port,
      stopSeconds: nodejs.stopSeconds,
      at: port,
      restart,
    };
  });
  refuseSamePort(role, all);
  return all;
};

/** None where the program is there already, however it came. */
const packageOf = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const { nodejs } = settingsOf(snapshot, role, 'nodejs-app');
  if (nodejs.package === '') return [];
  return [
    {
      type: 'package',
      names: [nodejs.package],
      onlyIf: ['test', '!', '-x', nodejs.program],
      on: 'machine',
    },
  ];
};

const applications = (
  snapshot: Snapshot,
  role: string,
  part: (process: Process) => readonly Resource[],
): readonly Resource[] => {
  const { nodejs } = settingsOf(snapshot, role, 'nodejs-app');
  const all = processesOf(snapshot, role);
  const notifies = all.map(({ application }) => restartOf(application.name));
  return [...clusterEnvironment(snapshot, role, { group: nodejs.user, notifies }), ...all.flatMap(part)];
};

export const nodejsApp: RoleRecipe = {
  converge: (snapshot, role) => [
    ...packageOf(snapshot, role),
    applicationUser(settingsOf(snapshot, role, 'nodejs-app').nodejs.user),
    ...applications(snapshot, role, applicationService),
  ],
  deploy: (snapshot, role) => [
    ...applications(snapshot, role, deployedApplication),
    ...applicationsOf(snapshot, role).map(({ name }) => startNewCode(name)),
  ],
  undeploy: (snapshot, role) => processesOf(snapshot, role).flatMap(undeployedApplication),
  shutdown: (snapshot, role) => [
    ...untilNothingNew(snapshot, settingsOf(snapshot, role, 'nodejs-app').shutdown.drainSeconds),
    ...processesOf(snapshot, role).map(stopApplication),
  ],
};
