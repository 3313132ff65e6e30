/** Rails applications: nginx, and Puma (or Passenger) as a service for each. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { ownApplications, type RoleApplication } from '../applications.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import type { Resource } from '../resource.js';
import type { ApplicationPart } from './application-part.js';
import {
  applicationServices,
  applicationUser,
  deployedApplication,
  restartsOf,
  servicePart,
  socketFolder,
  startNewCode,
  stopApplication,
  undeployedApplication,
} from './application-service.js';
import { spareOf, type Place, type Running, type Web } from './application-units.js';
import { lineOf } from './command-lines.js';
import { clusterEnvironment, clusterVariables } from './cluster-environment.js';
import {
  NGINX,
  documentRoot,
  indented,
  nginxBefore,
  nginxSites,
  proxyTo,
  type NginxSettings,
  type Site,
} from './nginx.js';
import { concurrency, restartsOfOthers } from './other-app.js';
import { untilNothingNew, type RoleRecipe } from './role-recipe.js';

const SERVERS = ['puma', 'passenger'] as const;
type RailsServer = (typeof SERVERS)[number];

const serverOf = (snapshot: Snapshot, role: string): RailsServer => {
  const { server } = settingsOf(snapshot, role, 'rails-app').rails;
  const found = SERVERS.find((one) => one === server);
  if (found !== undefined) return found;
  throw new AttributeProblem(
    `attributes of the role ${role}: rails.server: expected ${SERVERS.join(' or ')}, got "${server}"`,
  );
};

const socketOf = ({ name, slot }: Pick<RoleApplication, 'name' | 'slot'>): string =>
  `${socketFolder(name)}/${slot === 'a' ? 'web' : 'web-b'}.sock`;

const commandOf = (snapshot: Snapshot, role: string, { processes }: RoleApplication, { at }: Place) => {
  const { environment, workers, threads } = settingsOf(snapshot, role, 'rails-app').rails;
  const count = processes['web']?.count ?? workers;
  const socket = String(at);
  if (serverOf(snapshot, role) === 'passenger')
    return `passenger start --engine builtin --environment ${environment} --socket-file ${socket} --max-pool-size ${String(Math.max(1, count * threads))} --log-file /dev/stdout`;
  // nginx is another user, and must be able to write to the socket
  return `bundle exec puma --environment ${environment} --workers ${String(count)} --threads 1:${String(Math.max(1, threads))} --bind 'unix://${socket}?umask=0111'`;
};

const webOf = (snapshot: Snapshot, role: string, application: RoleApplication): Web => {
  const { name, entry = 'config.ru', command, release } = application;
  const placeOf = (slot: RoleApplication['slot']): Place => {
    const socket = socketOf({ name, slot });
    return { at: socket, variables: { SOCKET: socket } };
  };
  return {
    command: (place) => [lineOf(command ?? commandOf(snapshot, role, application, place))],
    needs: entry,
    places: { a: placeOf('a'), b: release === undefined ? null : placeOf('b') },
  };
};

const allRunning = (snapshot: Snapshot, role: string): readonly Running[] => {
  const { rails, restart } = settingsOf(snapshot, role, 'rails-app');
  return ownApplications(snapshot, role).map((application): Running => ({
    application,
    user: rails.user,
    environment: {
      RAILS_ENV: rails.environment,
      RACK_ENV: rails.environment,
      RAILS_LOG_TO_STDOUT: '1',
      ...concurrency(application),
    },
    web: webOf(snapshot, role, application),
    stopSeconds: rails.stopSeconds,
    restart,
  }));
};

/** What is there as a file is nginx's to send, anything else the application's to answer. */
const siteOf =
  (nginx: NginxSettings) =>
  (application: RoleApplication): Site => ({
    application,
    lines: [
      `root ${documentRoot(application, 'public')};`,
      'location / {',
      '    try_files $uri @application;',
      '}',
      'location @application {',
      ...indented(proxyTo(socketOf(application), nginx)),
      '}',
    ],
  });

const PACKAGES = {
  debian: ['ruby', 'ruby-dev', 'ruby-bundler', 'build-essential'],
  redhat: ['ruby', 'ruby-devel', 'rubygem-bundler', 'gcc', 'make'],
} as const;

const packagesOf = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const { packages } = settingsOf(snapshot, role, 'rails-app').rails;
  const passenger = serverOf(snapshot, role) === 'passenger' ? ['passenger'] : [];
  return [
    { type: 'package', names: [...PACKAGES.debian, ...passenger], family: 'debian' },
    { type: 'package', names: [...PACKAGES.redhat, ...passenger], family: 'redhat' },
    ...(packages.length === 0 ? [] : [{ type: 'package', names: packages } as const]),
  ];
};

const around = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const { user } = settingsOf(snapshot, role, 'rails-app').rails;
  const notifies = [...allRunning(snapshot, role).flatMap(restartsOf), ...restartsOfOthers(snapshot, role)];
  return clusterEnvironment(snapshot, role, { group: user, notifies });
};

const user = (snapshot: Snapshot, role: string): Resource =>
  applicationUser(settingsOf(snapshot, role, 'rails-app').rails.user);

const sites = (snapshot: Snapshot, role: string): readonly Site[] =>
  ownApplications(snapshot, role).map(siteOf(settingsOf(snapshot, role, 'rails-app').nginx));

export const railsApp: RoleRecipe = {
  converge: (snapshot, role) => [
    ...packagesOf(snapshot, role),
    user(snapshot, role),
    ...around(snapshot, role),
    ...allRunning(snapshot, role).flatMap(applicationServices),
    ...nginxBefore(role, settingsOf(snapshot, role, 'rails-app').nginx, () => sites(snapshot, role)),
  ],
  deploy: (snapshot, role) => {
    const all = allRunning(snapshot, role);
    return [...around(snapshot, role), ...all.flatMap(deployedApplication), ...all.flatMap(startNewCode)];
  },
  undeploy: (snapshot, role) => allRunning(snapshot, role).flatMap(undeployedApplication),
  shutdown: (snapshot, role) => [
    ...untilNothingNew(snapshot, settingsOf(snapshot, role, 'rails-app').shutdown.drainSeconds),
    { ...NGINX, state: 'stopped' },
    ...allRunning(snapshot, role).flatMap(stopApplication),
  ],
  spare: (snapshot, role) => allRunning(snapshot, role).flatMap(spareOf),
  part: (snapshot, role, name): ApplicationPart | null => {
    const running = allRunning(snapshot, role).find(({ application }) => application.name === name);
    if (running === undefined) return null;
    const { nginx } = settingsOf(snapshot, role, 'rails-app');
    return servicePart(running, {
      environment: clusterVariables(snapshot, role),
      before: [user(snapshot, role), ...around(snapshot, role)],
      front: nginxSites(role, nginx, () => sites(snapshot, role)),
    });
  },
};
