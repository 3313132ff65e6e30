/** What the deployments controller sees of one application. */
import { DRAIN_SECONDS, drainSecondsOf } from '../../api-types/deployment-strategy.js';
import { isEnded, isOpen } from '../../api-types/kinds/deployment.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import type { AnswerTo } from './answers.js';
import { teardownEvent } from './teardown.js';
import type { View } from './view.js';

type Deployment = Live<'Deployment'>;

const deploymentsOf = (objects: Objects, cluster: string, name: string): readonly Deployment[] =>
  objects
    .list('Deployment', cluster)
    .filter(({ spec, specGeneration }) => specGeneration > 0 && spec.application === name)
    .sort((one, other) => one.incarnation - other.incarnation);

/** Of all Deployments that go on: a load balancer has one run at a time, whichever Deployment it is for. */
const longestDrain = (objects: Objects, cluster: string): number => {
  const open = objects.list('Deployment', cluster).filter(isOpen);
  const all = open.map(({ spec: { application, strategy }, status }) => {
    const own = objects.get({ kind: 'Application', cluster, name: application })?.spec.strategy;
    return drainSecondsOf(status.strategy ?? strategy, own);
  });
  return Math.max(DRAIN_SECONDS, ...all);
};

export type Seen = Omit<View, 'now' | 'answerTo' | 'fetchedFor' | 'measuredFor' | 'waitedFor'>;

/** Null: the cluster is gone. */
export const observe = (objects: Objects, cluster: string, name: string): Seen | null => {
  const live = objects.get({ kind: 'Cluster', cluster: null, name: cluster });
  if (live === null) return null;
  const instances = objects.list('Instance', cluster).filter(({ specGeneration }) => specGeneration > 0);
  const roles = objects.list('Role', cluster).filter(({ specGeneration }) => specGeneration > 0);
  return {
    cluster: live,
    name,
    application: objects.get({ kind: 'Application', cluster, name }),
    deployments: deploymentsOf(objects, cluster, name),
    instances: new Map(instances.map((one) => [one.ref.name, one])),
    roles: new Map(roles.map((one) => [one.ref.name, one])),
    isOpen: (deployment) => {
      const found = objects.get({ kind: 'Deployment', cluster, name: deployment });
      return found !== null && !isEnded(found.status);
    },
    drainSeconds: longestDrain(objects, cluster),
    eventOf: (event) => objects.get({ kind: 'LifecycleEvent', cluster, name: event }),
  };
};

/** Names of events that some host has not been heard about. */
export const awaitedIn = ({ deployments, application }: Seen): readonly string[] => {
  const open = deployments.filter(({ status }) => status.startedAt !== undefined && !isEnded(status));
  const told = open.flatMap(({ status }) =>
    Object.values(status.hosts ?? {}).flatMap(({ event }) => event ?? []),
  );
  const last = application?.deletion == null ? [] : [teardownEvent(application)];
  return [...new Set([...told, ...last])];
};

/** Something of it goes on, so that answers may come. */
export const isBusy = ({ deployments, application }: Pick<Seen, 'deployments' | 'application'>): boolean =>
  (application !== null && application.deletion !== null) ||
  deployments.some(({ status }) => !isEnded(status));

/** Of Deployments that have ended: their answers are not needed any more. */
export const endedEvents = ({ deployments }: Seen): readonly string[] =>
  deployments.filter(({ status }) => isEnded(status)).flatMap(({ status }) => status.events ?? []);

export const withAnswers = (
  seen: Seen,
  known: { readonly now: number; readonly answerTo: AnswerTo } & Pick<
    View,
    'fetchedFor' | 'measuredFor' | 'waitedFor'
  >,
): View => ({ ...seen, ...known });
