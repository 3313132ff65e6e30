/** An application as a service of its host: its folders, its environment, its unit. */
import type { RoleApplication } from '../applications.js';
import type { Answers, Notification, Resource, SecretText, ServiceResource } from '../resource.js';
import { environmentText } from './cluster-environment.js';
import { HEAD } from './role-recipe.js';
import { deployedAgain, undeployed, unlessUndeployed } from './undeployed.js';

/** How restarts of applications go. */
export interface Restart {
  readonly spreadSeconds: number;
  readonly answerSeconds: number;
}

/** A process that serves an application. */
export interface Process {
  readonly application: RoleApplication;
  readonly user: string;
  /** A command line, carried out in the application's folder. */
  readonly command: string;
  /** Below that folder: what must be there before it can start. */
  readonly needs: string;
  readonly environment: Readonly<Record<string, SecretText>>;
  /** It listens there itself; a low one takes a right of its own. */
  readonly port: number;
  readonly stopSeconds: number;
  /** Where it answers when it can do its work: its port, or the path of a socket. */
  readonly at: number | string;
  readonly restart: Restart;
}

/** Of the service, without `.service`. */
export const unitName = (application: string): string => `scalarium-app-${application}`;

/** Where the code of an application is. */
export const codeFolder = (application: string): string => `/srv/www/${application}/current`;

export const restartOf = (application: string): Notification => ({
  action: 'restart',
  resource: `service[${unitName(application)}]`,
});

const FOLDER = '/etc/scalarium/applications';

/** Where sockets of an application are: its user makes them. */
export const socketFolder = (application: string): string => `/srv/www/${application}/shared/sockets`;

/**
 * As Capistrano has them: releases, what they share, and which one is current (a link, made by who brings the code). Each
 * folder that is the user's is in one that is root's: in its own the user could put a link in the way of who sets rights.
 */
export const applicationFolders = (application: string, user: string): readonly Resource[] => {
  const folder = (below: string, owner: string): Resource => ({
    type: 'directory',
    path: `/srv/www/${application}${below}`,
    owner,
    group: owner,
  });
  return [
    ...['', '/shared'].map((below) => folder(below, 'root')),
    ...['/releases', '/shared/config', '/shared/log', '/shared/sockets'].map((below) => folder(below, user)),
  ];
};

/** The user that applications run as. */
export const applicationUser = (user: string): Resource => ({
  type: 'user',
  name: user,
  system: true,
  home: `/home/${user}`,
  shell: '/bin/bash',
});

/** Code may come long after the service was started, and from anybody: it is waited for. */
const startScript = ({ application, needs, command }: Process): string => {
  const code = codeFolder(application.name);
  return `#!/bin/sh
${HEAD}# Starts the application once its code is there.
until [ -e '${code}/${needs}' ]; do sleep 1; done
cd '${code}' || exit 1
exec ${command}
`;
};

const FIRST_FREE_PORT = 1024;

const unit = ({ application: { name }, user, port, stopSeconds }: Process): string => `${HEAD}[Unit]
Description=Application ${name}
After=network.target

[Service]
User=${user}
WorkingDirectory=/srv/www/${name}
EnvironmentFile=/etc/scalarium/environment
EnvironmentFile=${FOLDER}/${name}.env
ExecStart=/bin/sh ${FOLDER}/${name}.start
Restart=always
RestartSec=1
KillMode=mixed
TimeoutStopSec=${String(stopSeconds)}
LimitNOFILE=65536
${port < FIRST_FREE_PORT ? 'AmbientCapabilities=CAP_NET_BIND_SERVICE\n' : ''}
[Install]
WantedBy=multi-user.target
`;

const answersOf = ({ application, needs, at, restart }: Process): Answers => ({
  at,
  once: [`${codeFolder(application.name)}/${needs}`],
  seconds: restart.answerSeconds,
});

const service = (process: Process): ServiceResource => ({
  type: 'service',
  name: unitName(process.application.name),
  state: 'running',
  enabled: true,
  unit: unit(process),
  spreadSeconds: process.restart.spreadSeconds,
  answers: answersOf(process),
  on: 'machine',
});

const ONLY_ROOT = 0o600;

/** Everything but its code and its service, which is started anew when its environment or its command changes. */
const before = (process: Process): readonly Resource[] => {
  const { application, user, environment } = process;
  const notifies = [restartOf(application.name)];
  return [
    ...applicationFolders(application.name, user),
    {
      type: 'template',
      path: `${FOLDER}/${application.name}.env`,
      ...environmentText({ ...environment, ...application.environment }),
      mode: ONLY_ROOT,
      notifies,
    },
    {
      type: 'file',
      path: `${FOLDER}/${application.name}.start`,
      content: startScript(process),
      mode: 0o755,
      notifies,
    },
  ];
};

/** Everything but its code, as setup and configure want it. */
export const applicationService = (process: Process): readonly Resource[] => [
  ...before(process),
  unlessUndeployed(service(process)),
];

/** The same for deploy: it runs again though it was undeployed. */
export const deployedApplication = (process: Process): readonly Resource[] => [
  deployedAgain(service(process)),
  ...before(process),
  service(process),
];

/** Its service is started anew, as there may be new code. */
export const startNewCode = (application: string): Resource => ({
  type: 'execute',
  name: `start ${application} with the code that is there`,
  command: ['true'],
  on: 'machine',
  notifies: [restartOf(application)],
});

/** Its service ends, and stays so until the next deploy. */
export const undeployedApplication = (process: Process): readonly Resource[] => undeployed(service(process));

/** Its service ends along with its machine. */
export const stopApplication = (process: Process): Resource => ({
  ...service(process),
  state: 'stopped',
});
