/** Applications of no type, on hosts of any role: processes that they name. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { otherApplications, type RoleApplication } from '../applications.js';
import { settingsOf } from '../attributes.js';
import type { Notification, Resource } from '../resource.js';
import type { ApplicationPart } from './application-part.js';
import {
  applicationServices,
  applicationUser,
  restartsOf,
  servicePart,
  stopApplication,
} from './application-service.js';
import { spareOf, type Place, type Running, type Web } from './application-units.js';
import { lineOf } from './command-lines.js';
import { clusterEnvironment, clusterVariables } from './cluster-environment.js';
import { portsOf } from './ports.js';
import type { RoleRecipe } from './role-recipe.js';

interface Settings {
  readonly user: string;
  readonly stopSeconds: number;
  readonly restart: { readonly spreadSeconds: number; readonly answerSeconds: number };
}

const USUAL: Settings = {
  user: 'deploy',
  stopSeconds: 30,
  restart: { spreadSeconds: 10, answerSeconds: 30 },
};

/** As the role's own applications run, where it has such. */
const settingsFor = (snapshot: Snapshot, role: string): Settings => {
  switch (snapshot.roles[role]?.type) {
    case 'nodejs-app': {
      const { nodejs, restart } = settingsOf(snapshot, role, 'nodejs-app');
      return { user: nodejs.user, stopSeconds: nodejs.stopSeconds, restart };
    }
    case 'rails-app': {
      const { rails, restart } = settingsOf(snapshot, role, 'rails-app');
      return { user: rails.user, stopSeconds: rails.stopSeconds, restart };
    }
    case 'php-app': {
      const { php, restart } = settingsOf(snapshot, role, 'php-app');
      return { user: php.user, stopSeconds: php.stopSeconds, restart };
    }
    default:
      return USUAL;
  }
};

export const placeAt = (port: number): Place => ({ at: port, variables: { PORT: String(port) } });

const SILENT: Place = { at: null, variables: {} };

const webOf = (snapshot: Snapshot, role: string, { name, command }: RoleApplication): Web | null => {
  if (command === undefined) return null;
  const { a = null, b = null } = portsOf(snapshot, role).get(name) ?? {};
  return {
    command: () => [lineOf(command)],
    needs: '.',
    places: { a: a === null ? SILENT : placeAt(a), b: b === null ? null : placeAt(b) },
  };
};

/** How many `web` processes its server is to have is its own to make so. */
export const concurrency = ({ processes }: RoleApplication): Readonly<Record<string, string>> => {
  const count = processes['web']?.count;
  return count === undefined ? {} : { WEB_CONCURRENCY: String(count) };
};

const runningOf = (snapshot: Snapshot, role: string, application: RoleApplication): Running => ({
  application,
  ...settingsFor(snapshot, role),
  environment: concurrency(application),
  web: webOf(snapshot, role, application),
});

/** Those that run on the hosts of a role, beside its own. */
const otherRunning = (snapshot: Snapshot, role: string): readonly Running[] =>
  otherApplications(snapshot, role).map((one) => runningOf(snapshot, role, one));

/** What of them must be started anew when the cluster around them has changed. */
export const restartsOfOthers = (snapshot: Snapshot, role: string): readonly Notification[] =>
  otherRunning(snapshot, role).flatMap(restartsOf);

const around = (snapshot: Snapshot, role: string, all: readonly Running[]): readonly Resource[] => {
  const { user } = settingsFor(snapshot, role);
  const notifies = all.flatMap(restartsOf);
  return [applicationUser(user), ...clusterEnvironment(snapshot, role, { group: user, notifies })];
};

const converge = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const all = otherRunning(snapshot, role);
  return all.length === 0 ? [] : [...around(snapshot, role, all), ...all.flatMap(applicationServices)];
};

/** Beside the recipe of the role itself. */
export const otherApps: RoleRecipe = {
  converge,
  deploy: converge,
  shutdown: (snapshot, role) => otherRunning(snapshot, role).flatMap(stopApplication),
  spare: (snapshot, role) => otherRunning(snapshot, role).flatMap(spareOf),
  part: (snapshot, role, name): ApplicationPart | null => {
    const running = otherRunning(snapshot, role).find(({ application }) => application.name === name);
    if (running === undefined) return null;
    const before = around(snapshot, role, [running]);
    return servicePart(running, { environment: clusterVariables(snapshot, role), before });
  },
};
