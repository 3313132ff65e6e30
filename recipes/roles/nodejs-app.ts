/** Node.js application server: services for each application. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { ownApplications, type RoleApplication } from '../applications.js';
import { settingsOf } from '../attributes.js';
import type { Resource } from '../resource.js';
import type { ApplicationPart } from './application-part.js';
import {
  applicationServices,
  applicationUser,
  deployedApplication,
  restartsOf,
  servicePart,
  startNewCode,
  stopApplication,
  undeployedApplication,
} from './application-service.js';
import { quoted, spareOf, type Running, type Web } from './application-units.js';
import { lineOf } from './command-lines.js';
import { clusterEnvironment, clusterVariables } from './cluster-environment.js';
import { concurrency, placeAt, restartsOfOthers } from './other-app.js';
import { portsOf } from './ports.js';
import { untilNothingNew, type RoleRecipe } from './role-recipe.js';

const ENTRY = 'server.js';

/** On a host whose program is elsewhere, as one that is a folder of some machine, what is found by its name is taken. */
const runEntry = (program: string, entry: string): readonly string[] => [
  `program=${quoted(program)}`,
  '[ -x "$program" ] || program=node',
  `exec "$program" ${quoted(entry)}`,
];

const webOf = (snapshot: Snapshot, role: string, application: RoleApplication): Web => {
  const { nodejs } = settingsOf(snapshot, role, 'nodejs-app');
  const { command, entry, name } = application;
  const { a = null, b = null } = portsOf(snapshot, role).get(name) ?? {};
  const lines = command === undefined ? runEntry(nodejs.program, entry ?? ENTRY) : [lineOf(command)];
  return {
    command: () => lines,
    needs: entry ?? (command === undefined ? ENTRY : '.'),
    places: { a: placeAt(a ?? nodejs.port), b: b === null ? null : placeAt(b) },
  };
};

const allRunning = (snapshot: Snapshot, role: string): readonly Running[] => {
  const { nodejs, restart } = settingsOf(snapshot, role, 'nodejs-app');
  return ownApplications(snapshot, role).map((application): Running => ({
    application,
    user: nodejs.user,
    environment: { NODE_ENV: 'production', ...concurrency(application) },
    web: webOf(snapshot, role, application),
    stopSeconds: nodejs.stopSeconds,
    restart,
  }));
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

const around = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const { user } = settingsOf(snapshot, role, 'nodejs-app').nodejs;
  const notifies = [...allRunning(snapshot, role).flatMap(restartsOf), ...restartsOfOthers(snapshot, role)];
  return clusterEnvironment(snapshot, role, { group: user, notifies });
};

const user = (snapshot: Snapshot, role: string): Resource =>
  applicationUser(settingsOf(snapshot, role, 'nodejs-app').nodejs.user);

export const nodejsApp: RoleRecipe = {
  converge: (snapshot, role) => [
    ...packageOf(snapshot, role),
    user(snapshot, role),
    ...around(snapshot, role),
    ...allRunning(snapshot, role).flatMap(applicationServices),
  ],
  deploy: (snapshot, role) => {
    const all = allRunning(snapshot, role);
    return [...around(snapshot, role), ...all.flatMap(deployedApplication), ...all.flatMap(startNewCode)];
  },
  undeploy: (snapshot, role) => allRunning(snapshot, role).flatMap(undeployedApplication),
  shutdown: (snapshot, role) => [
    ...untilNothingNew(snapshot, settingsOf(snapshot, role, 'nodejs-app').shutdown.drainSeconds),
    ...allRunning(snapshot, role).flatMap(stopApplication),
  ],
  spare: (snapshot, role) => allRunning(snapshot, role).flatMap(spareOf),
  part: (snapshot, role, name): ApplicationPart | null => {
    const running = allRunning(snapshot, role).find(({ application }) => application.name === name);
    if (running === undefined) return null;
    return servicePart(running, {
      environment: clusterVariables(snapshot, role),
      before: [user(snapshot, role), ...around(snapshot, role)],
    });
  },
};
