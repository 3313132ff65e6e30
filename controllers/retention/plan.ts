/** What of a cluster's history is old enough to go. Pure. */
import { isCatchUp, isEnded } from '../../api-types/kinds/deployment.js';
import { parseTimestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';

export interface RetentionSettings {
  /** Core Events are kept this long after they were last seen. */
  readonly eventMillis: number;
  /** Life-cycle events, and Runs that have ended: this many, the newest, … */
  readonly lifecycleEvents: number;
  /** … and none older than this; */
  readonly lifecycleMillis: number;
  /** Deployments that have ended: this many of an application, the newest, … */
  readonly deployments: number;
  /** … and this many that nobody asked for; … */
  readonly catchUps: number;
  /** however many there are, none that is younger than this: hosts may still be at it. */
  readonly youngMillis: number;
}

const MINUTE = 60_000;

export const retentionSettings: RetentionSettings = {
  eventMillis: 60 * MINUTE,
  lifecycleEvents: 200,
  lifecycleMillis: 7 * 24 * 60 * MINUTE,
  deployments: 50,
  catchUps: 10,
  youngMillis: 15 * MINUTE,
};

export interface History {
  /** Null: the cluster is gone, with all its history. */
  readonly cluster: Live<'Cluster'> | null;
  readonly events: readonly Live<'Event'>[];
  readonly lifecycle: readonly Live<'LifecycleEvent'>[];
  readonly runs: readonly Live<'Run'>[];
  readonly deployments: readonly Live<'Deployment'>[];
  /** Wall clock, milliseconds. */
  readonly now: number;
}

export interface Pruning {
  readonly events: readonly Live<'Event'>[];
  readonly lifecycle: readonly Live<'LifecycleEvent'>[];
  readonly runs: readonly Live<'Run'>[];
  readonly deployments: readonly Live<'Deployment'>[];
  /** Digests of snapshots that nothing names any more. */
  readonly snapshots: readonly string[];
}

const oldLifecycle = (
  { cluster, lifecycle, runs, deployments, now }: History,
  settings: RetentionSettings,
): readonly Live<'LifecycleEvent'>[] => {
  if (cluster === null) return lifecycle;
  // a Run may take a day, and is told by its events what its hosts answered; a Deployment waits for people
  const open = new Set([
    ...runs.filter(({ status }) => status.finishedAt === undefined).map(({ uid }) => uid),
    ...deployments.filter(({ status }) => !isEnded(status)).map(({ uid }) => uid),
  ]);
  const known = new Set(runs.map(({ uid }) => uid));
  // who only looked and was forgotten is no history: periodic checks would push everything else out
  const isLook = ({ status }: Live<'LifecycleEvent'>): boolean =>
    status.dryRun === true && !known.has(status.run ?? '');
  const newestFirst = [...lifecycle].sort((a, b) => b.incarnation - a.incarnation);
  const looks = newestFirst.filter(isLook);
  const history = newestFirst.filter((event) => !isLook(event));
  const old = history.filter(
    ({ status }, place) =>
      place >= settings.lifecycleEvents || now - parseTimestamp(status.createdAt) > settings.lifecycleMillis,
  );
  return [...old, ...looks].filter(
    ({ status }) =>
      now - parseTimestamp(status.createdAt) >= settings.youngMillis &&
      !open.has(status.run ?? status.deployment?.uid ?? ''),
  );
};

/** One that has not ended is not history. */
const oldRuns = ({ cluster, runs, now }: History, settings: RetentionSettings): readonly Live<'Run'>[] => {
  if (cluster === null) return runs;
  const ended = runs.filter(({ status }) => status.finishedAt !== undefined);
  const newestFirst = [...ended].sort((a, b) => b.incarnation - a.incarnation);
  return newestFirst.filter(({ status }, place) => {
    const age = now - parseTimestamp(status.finishedAt ?? '');
    return place >= settings.lifecycleEvents || age > settings.lifecycleMillis;
  });
};

type Deployment = Live<'Deployment'>;

/** What is in force came by one of these: whoever was narrowed out of it is found by that. */
const decides = ({ spec, status }: Deployment): boolean =>
  status.phase === 'Succeeded' && ['deploy', 'rollback', 'undeploy'].includes(spec.command);

const oldOf = (newestFirst: readonly Deployment[], settings: RetentionSettings): readonly Deployment[] => {
  const ours = newestFirst.filter(({ ref, annotations }) => isCatchUp(ref.name, annotations));
  const others = newestFirst.filter((one) => !ours.includes(one));
  const last = others.find(decides);
  return [
    ...others.slice(settings.deployments).filter((one) => one !== last),
    ...ours.slice(settings.catchUps),
  ];
};

const oldDeployments = (
  { cluster, deployments }: History,
  settings: RetentionSettings,
): readonly Deployment[] => {
  if (cluster === null) return deployments;
  const ended = deployments.filter(({ status }) => isEnded(status));
  const found = new Map<string, Deployment[]>();
  for (const one of [...ended].sort((a, b) => b.incarnation - a.incarnation)) {
    const { application } = one.spec;
    const of = found.get(application);
    if (of === undefined) found.set(application, [one]);
    else of.push(one);
  }
  return [...found.values()].flatMap((of) => oldOf(of, settings));
};

const unreferenced = (history: History, pruned: readonly Live<'LifecycleEvent'>[]): readonly string[] => {
  const gone = new Set(pruned);
  const kept = history.lifecycle.filter((event) => !gone.has(event));
  const named = new Set(kept.map(({ status }) => status.snapshot.digest));
  const current = history.cluster?.status.snapshot?.digest;
  const digests = new Set(pruned.map(({ status }) => status.snapshot.digest));
  return [...digests].filter((digest) => !named.has(digest) && digest !== current);
};

/** What may go now. */
export const planRetention = (history: History, settings: RetentionSettings): Pruning => {
  const lifecycle = oldLifecycle(history, settings);
  return {
    events: history.events.filter(
      ({ status }) => history.now - parseTimestamp(status.lastSeen) > settings.eventMillis,
    ),
    lifecycle,
    runs: oldRuns(history, settings),
    deployments: oldDeployments(history, settings),
    snapshots: unreferenced(history, lifecycle),
  };
};
