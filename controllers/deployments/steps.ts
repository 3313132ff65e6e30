/** Carrying steps out: those that write become writes, in the order in which they have to be; the others are begun. */
import { CATCH_UP_BY, MADE_BY, type DeploymentStatus } from '../../api-types/kinds/deployment.js';
import type { LifecycleEventStatus } from '../../api-types/kinds/lifecycle-event.js';
import type { Millis } from '../../api-types/units.js';
import { timestamp } from '../../runtime/clock.js';
import { eventWrite } from '../../store/objects/events.js';
import type { Live, Objects, Write } from '../../store/objects/objects.js';
import type { Action, Step, StepOf } from './actions.js';
import type { Fetches } from './fetches.js';
import type { Measurements } from './metrics.js';

export interface Carrying {
  readonly key: string;
  readonly cluster: Live<'Cluster'>;
  readonly objects: Objects;
  readonly fetches: Fetches;
  readonly measurements: Measurements;
  /** Wall clock. */
  readonly now: Millis;
}

type Executors = { readonly [A in Action]: (on: Carrying, step: StepOf<A>) => readonly Write[] };

const eventStatus = (on: Carrying, step: StepOf<'order'>): LifecycleEventStatus => {
  const { snapshot } = on.cluster.status;
  if (snapshot === undefined) throw new Error(`cluster ${on.cluster.ref.name} has hosts and no snapshot`);
  return {
    event: step.order.step === 'undeploy' ? 'undeploy' : 'deploy',
    cause: step.cause,
    createdAt: timestamp(on.now),
    snapshot,
    targets: step.targets,
    timeoutSeconds: step.timeoutSeconds,
    deployment: step.order,
  };
};

const tellWrite = (on: Carrying, { deployment, type, reason, message }: StepOf<'tell'>): readonly Write[] => {
  const regarding = { kind: 'Deployment', cluster: on.cluster.ref.name, name: deployment } as const;
  const write = eventWrite(on.objects, { regarding, type, reason, message, source: 'deployments' }, on.now);
  return write === null ? [] : [write];
};

const EXECUTORS: Executors = {
  runs: (on, { instance, patch }) => [
    { write: 'status', ref: { kind: 'Instance', cluster: on.cluster.ref.name, name: instance }, patch },
  ],
  order: (on, step) => [
    {
      write: 'status',
      ref: { kind: 'LifecycleEvent', cluster: on.cluster.ref.name, name: step.name },
      patch: { ...eventStatus(on, step) },
      unchangedSince: 0,
    },
  ],
  deployment: (_on, { live, patch }) => [{ write: 'status', ref: live.ref, patch }],
  application: (_on, { live, patch }) => [{ write: 'status', ref: live.ref, patch }],
  role: (on, { name, patch }) => [
    { write: 'status', ref: { kind: 'Role', cluster: on.cluster.ref.name, name }, patch },
  ],
  tell: tellWrite,
  make: (on, { name, spec }) => [
    {
      write: 'create',
      ref: { kind: 'Deployment', cluster: on.cluster.ref.name, name },
      document: { annotations: { [MADE_BY]: CATCH_UP_BY }, spec },
    },
  ],
  forget: (_on, { live }) => [{ write: 'forget', ref: live.ref, unchangedSince: live.recordRevision }],
  fetch: (on, step) => {
    on.fetches.begin(on.key, step);
    return [];
  },
  drop: (on, { uid }) => {
    on.fetches.drop(uid);
    on.measurements.drop(uid);
    return [];
  },
  measure: (on, step) => {
    on.measurements.begin(on.key, step);
    return [];
  },
};

const writesOf = <A extends Action>(on: Carrying, step: StepOf<A>): readonly Write[] => {
  const action: A = step.action;
  return EXECUTORS[action](on, step);
};

/** What hosts run since is there before the Deployment says that something changed: load balancers are told by that. */
const FIRST: readonly Action[] = ['runs'];
/** What is only begun, or forgotten, once the records say so. */
const LAST: readonly Action[] = ['fetch', 'drop', 'measure'];

export interface Sorted {
  /** Many, and in as many transactions as they need. */
  readonly before: readonly Write[];
  /** In one transaction: who is told what, and that it was. */
  readonly together: readonly Write[];
  readonly after: readonly Step[];
}

/** More than these are written on their own, so that what belongs together stays in one transaction. */
const FEW = 40;

export const sorted = (on: Carrying, steps: readonly Step[]): Sorted => {
  const pick = (wanted: (action: Action) => boolean): readonly Write[] =>
    steps.filter(({ action }) => wanted(action)).flatMap((step) => writesOf(on, step));
  const first = pick((action) => FIRST.includes(action));
  const rest = pick((action) => !FIRST.includes(action) && !LAST.includes(action));
  const after = steps.filter(({ action }) => LAST.includes(action));
  return first.length > FEW
    ? { before: first, together: rest, after }
    : { before: [], together: [...first, ...rest], after };
};

/** After the records say so. */
export const beginSteps = (on: Carrying, steps: readonly Step[]): void => {
  for (const step of steps) writesOf(on, step);
};

/** Deployments that end by these steps, for the log. */
export const endings = (
  steps: readonly Step[],
): readonly { readonly name: string; readonly phase: string }[] =>
  steps.flatMap((step) => {
    if (step.action !== 'deployment') return [];
    const { phase, finishedAt } = step.patch as Partial<DeploymentStatus>;
    return finishedAt === undefined || phase === undefined ? [] : [{ name: step.live.ref.name, phase }];
  });
