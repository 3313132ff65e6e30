/** Rails applications: nginx, and Puma (or Passenger) as a service for each. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { applicationsOf, type RoleApplication } from '../applications.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import type { Resource } from '../resource.js';
import {
  applicationService,
  applicationUser,
  deployedApplication,
  restartOf,
  socketFolder,
  startNewCode,
  stopApplication,
  undeployedApplication,
  type Process,
} from './application-service.js';
import { clusterEnvironment } from './cluster-environment.js';
import {
  NGINX,
  documentRoot,
  indented,
  nginxBefore,
  proxyTo,
  type NginxSettings,
  type Site,
} from './nginx.js';
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

const socketOf = ({ name }: RoleApplication): string => `${socketFolder(name)}/web.sock`;

const commandOf = (snapshot: Snapshot, role: string, application: RoleApplication): string => {
  const { environment, workers, threads } = settingsOf(snapshot, role, 'rails-app').rails;
  const socket = socketOf(application);
  if (serverOf(snapshot, role) === 'passenger')
    return `passenger start --engine builtin --environment ${environment} --socket-file ${socket} --max-pool-size ${String(Math.max(1, workers * threads))} --log-file /dev/stdout`;
  // nginx is another user, and must be able to write to the socket
  return `bundle exec puma --environment ${environment} --workers ${String(workers)} --threads 1:${String(Math.max(1, threads))} --bind 'unix://${socket}?umask=0111'`;
};

const FREE_PORT = 1024;

const processesOf = (snapshot: Snapshot, role: string): readonly Process[] => {
  const { rails, restart } = settingsOf(snapshot, role, 'rails-app');
  return applicationsOf(snapshot, role).map((application) => ({
    application,
    user: rails.user,
    command: application.command ?? commandOf(snapshot, role, application),
    needs: application.entry ?? 'config.ru',
    environment: {
      RAILS_ENV: rails.environment,
      RACK_ENV: rails.environment,
      RAILS_LOG_TO_STDOUT: '1',
      SOCKET: socketOf(application),
    },
    port: FREE_PORT,
    stopSeconds: rails.stopSeconds,
    at: socketOf(application),
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

const applications = (
  snapshot: Snapshot,
  role: string,
  part: (process: Process) => readonly Resource[],
): readonly Resource[] => {
  const { rails } = settingsOf(snapshot, role, 'rails-app');
  const all = processesOf(snapshot, role);
  const notifies = all.map(({ application }) => restartOf(application.name));
  return [...clusterEnvironment(snapshot, role, { group: rails.user, notifies }), ...all.flatMap(part)];
};

const stop = (snapshot: Snapshot, role: string): readonly Resource[] =>
  processesOf(snapshot, role).map(stopApplication);

export const railsApp: RoleRecipe = {
  converge: (snapshot, role) => {
    const { nginx, rails } = settingsOf(snapshot, role, 'rails-app');
    return [
      ...packagesOf(snapshot, role),
      applicationUser(rails.user),
      ...applications(snapshot, role, applicationService),
      ...nginxBefore(role, nginx, () => applicationsOf(snapshot, role).map(siteOf(nginx))),
    ];
  },
  deploy: (snapshot, role) => [
    ...applications(snapshot, role, deployedApplication),
    ...applicationsOf(snapshot, role).map(({ name }) => startNewCode(name)),
  ],
  undeploy: (snapshot, role) => processesOf(snapshot, role).flatMap(undeployedApplication),
  shutdown: (snapshot, role) => [
    ...untilNothingNew(snapshot, settingsOf(snapshot, role, 'rails-app').shutdown.drainSeconds),
    { ...NGINX, state: 'stopped' },
    ...stop(snapshot, role),
  ],
};
