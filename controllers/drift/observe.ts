/** What the drift controller sees of one cluster. */
import { isCurrent } from '../../api-types/kinds/instance.js';
import { phaseOf } from '../../api-types/kinds/phase.js';
import type { Live, Objects } from '../../store/objects/objects.js';

/** On the Runs of this controller: which group of hosts they look at. */
export const DRIFT_LABEL = 'scalarium.dev/drift-check';

export interface Observed {
  readonly cluster: Live<'Cluster'>;
  readonly instances: readonly Live<'Instance'>[];
  /** Runs that this controller made and has not read yet. */
  readonly checks: readonly Live<'Run'>[];
  /** Runs of people that have ended and that did something. */
  readonly done: readonly Live<'Run'>[];
  /** Milliseconds; 0: never. */
  readonly interval: number;
}

const isThere = ({ deletion, specRevision }: Live): boolean => deletion === null && specRevision > 0;

const isCheck = ({ labels }: Live<'Run'>): boolean => labels[DRIFT_LABEL] !== undefined;

/** Null: there is no such cluster, or it is on its way out. */
export const observe = (objects: Objects, name: string): Observed | null => {
  const cluster = objects.get({ kind: 'Cluster', cluster: null, name });
  if (cluster === null || !isThere(cluster)) return null;
  const runs = objects.list('Run', name).filter(isThere);
  return {
    cluster,
    instances: objects.list('Instance', name),
    checks: runs.filter(isCheck),
    done: runs.filter(
      (run) => !isCheck(run) && run.spec.dryRun !== true && run.status.finishedAt !== undefined,
    ),
    interval: (cluster.spec.driftCheckIntervalMinutes ?? 0) * 60_000,
  };
};

/** It can be asked. */
export const isOnline = ({ status, deletion }: Live<'Instance'>): boolean =>
  phaseOf(status, deletion !== null) === 'online' && status.configure?.machine === status.machine?.id;

/** Each host was told the newest there is: what differs now was changed by other hands. */
export const isSettled = ({ cluster }: Observed): boolean =>
  cluster.status.conditions?.['Configured']?.status === 'True';

const endOf = ({ status }: Live<'Instance'>, progress: 'setup' | 'configure'): string => {
  const of = status[progress];
  return of?.state === 'succeeded' && isCurrent(status, of) ? of.at : '';
};

/** When recipes last ran well on the host, RFC 3339; empty: never. */
export const lastRunOf = ({ done }: Observed, instance: Live<'Instance'>): string =>
  [
    endOf(instance, 'setup'),
    endOf(instance, 'configure'),
    ...done.map(({ status }) =>
      status.hosts?.[instance.ref.name] === 'succeeded' ? (status.finishedAt ?? '') : '',
    ),
  ].reduce((last, at) => (at > last ? at : last), '');
