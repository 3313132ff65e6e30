/** An application as services of its host: its folders, its environment, its services. */
import type { Answers, Notification, Resource, SecretText, ServiceResource } from '../resource.js';
import type { ApplicationPart } from './application-part.js';
import {
  NOWHERE,
  codeFolder,
  environmentPath,
  nameOf,
  servicesOf,
  spareOf,
  startPath,
  startScript,
  toldOf,
  unitText,
  unitsOf,
  type Running,
  type Unit,
} from './application-units.js';
import { environmentText } from './cluster-environment.js';
import { deployedAgain, undeployed, unlessUndeployed } from './undeployed.js';

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

const restartsTo = (services: readonly string[]): readonly Notification[] =>
  services.map((name) => ({ action: 'restart', resource: `service[${name}]` }));

export const restartsOf = (running: Running): readonly Notification[] => restartsTo(servicesOf(running));

const answersOf = (
  { application, restart }: Running,
  { needs, place }: Unit,
): { readonly answers?: Answers } => {
  if (place.at === null) return {};
  const once = [`${codeFolder(application.name)}/${needs}`];
  return { answers: { at: place.at, once, seconds: restart.answerSeconds } };
};

/** Of a deploy, which says itself when which host restarts, and waits until it is well. */
const serviceAtOnce = (running: Running, unit: Unit): ServiceResource => ({
  type: 'service',
  name: nameOf(unit),
  state: 'running',
  enabled: true,
  unit: unitText(running, unit),
});

const service = (running: Running, unit: Unit): ServiceResource => ({
  ...serviceAtOnce(running, unit),
  spreadSeconds: running.restart.spreadSeconds,
  ...answersOf(running, unit),
});

const ONLY_ROOT = 0o600;

/** A service is started anew when its environment or its command changes. */
const filesOf = (running: Running, unit: Unit): readonly Resource[] => {
  const { application } = running;
  const notifies = restartsTo([nameOf(unit)]);
  return [
    {
      type: 'template',
      path: environmentPath(unit.name),
      ...environmentText({ ...toldOf(application), ...running.environment, ...application.environment }),
      mode: ONLY_ROOT,
      notifies,
    },
    {
      type: 'file',
      path: startPath(unit.name),
      content: startScript(running, unit),
      mode: 0o755,
      notifies,
    },
  ];
};

/** Everything but its code and its services. What the other slot has is another release's, and stays as that has it. */
const before = (running: Running): readonly Resource[] => [
  ...applicationFolders(running.application.name, running.user),
  ...unitsOf(running).flatMap((unit) => filesOf(running, unit)),
];

/** Everything but its code, as setup and configure want it. */
export const applicationServices = (running: Running): readonly Resource[] => [
  ...before(running),
  ...unitsOf(running).map((unit) => unlessUndeployed(service(running, unit))),
];

/** For deploy of one that attributes tell of, whose code is there by now: it runs again though it was undeployed. */
export const deployedApplication = (running: Running): readonly Resource[] => {
  if (running.application.release !== undefined) return applicationServices(running);
  const services = unitsOf(running).map((unit) => service(running, unit));
  return [...services.map(deployedAgain), ...before(running), ...services];
};

/** Its services are started anew, as there may be new code. One that was released is by its Deployments. */
export const startNewCode = (running: Running): readonly Resource[] => {
  const { name, release } = running.application;
  if (release !== undefined) return [];
  return [
    {
      type: 'execute',
      name: `start ${name} with the code that is there`,
      command: ['true'],
      on: 'machine',
      notifies: restartsOf(running),
    },
  ];
};

/** Services of one that attributes tell of end, and stay so until the next deploy. */
export const undeployedApplication = (running: Running): readonly Resource[] =>
  running.application.release === undefined
    ? unitsOf(running).flatMap((unit) => undeployed(service(running, unit)))
    : [];

const stopped = (running: Running, unit: Unit): ServiceResource => ({
  ...service(running, unit),
  state: 'stopped',
});

/** Its services end along with their machine, also one that an overlap has left. */
export const stopApplication = (running: Running): readonly Resource[] => [
  ...unitsOf(running).map((unit) => stopped(running, unit)),
  ...spareOf(running).map((name): ServiceResource => ({ type: 'service', name, state: 'stopped' })),
];

interface Around {
  /** Of the cluster, beside its own. */
  readonly environment: Readonly<Record<string, SecretText>>;
  /** Comes before what is its own. */
  readonly before: readonly Resource[];
  /** What hands requests on to it. */
  readonly front?: readonly Resource[];
}

/** What answers its requests, where that is no service of its own. */
interface Shared {
  readonly at: number;
  /** What has that take new code up. */
  readonly takeUp: readonly Notification[];
}

/** For a deploy of one that nginx, php-fpm or Tomcat serves: only its other processes are services. */
export const sharedPart = (workers: Running, around: Around, { at, takeUp }: Shared): ApplicationPart => {
  const part = servicePart(workers, around);
  return { ...part, takeUp: [...takeUp, ...part.takeUp], at };
};

/** For a deploy. */
export const servicePart = (running: Running, around: Around): ApplicationPart => {
  const { application, web } = running;
  const place = web?.places[application.slot] ?? NOWHERE;
  const services = unitsOf(running).map((unit) => serviceAtOnce(running, unit));
  const again = [...servicesOf(running), ...spareOf(running)].map((name) => deployedAgain({ name }));
  const quiet = [...around.before, ...before(running)].map((resource) => ({ ...resource, notifies: [] }));
  return {
    user: running.user,
    environment: {
      ...around.environment,
      ...running.environment,
      ...place.variables,
      ...application.environment,
    },
    files: [...quiet, ...again, ...(around.front ?? [])],
    services,
    others: spareOf(running).map((name) => ({ type: 'service', name, state: 'stopped', enabled: false })),
    takeUp: restartsOf(running),
    at: place.at,
    mayOverlap: (web?.places.b ?? null) !== null,
  };
};
