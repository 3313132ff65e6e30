/**
 * Deployments of one application: one goes on at a time, the oldest first. A pure function of records, answers and the time,
 * to steps as data: a control plane that knows nothing but what is stored plans the same.
 */
import { ABORT, isEnded, MADE_BY } from '../../api-types/kinds/deployment.js';
import { timestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';
import type { Plan, Step } from './actions.js';
import { applicationStatus } from './application-status.js';
import { refusalFor } from './beginning.js';
import { catchUpOf } from './catch-up.js';
import { conditionsWith, courseConditions, when } from './conditions.js';
import { Course } from './course.js';
import { upToDate } from './decisions.js';
import { machineOf } from './hosts.js';
import { patchBetween } from './patches.js';
import { drive } from './phases.js';
import { supersederOf } from './stopping.js';
import { tearDown } from './teardown.js';
import type { View } from './view.js';
import { lockOf } from './words-of-people.js';

type Deployment = Live<'Deployment'>;

/** With a record that says how far it is. One that was deleted goes back first. */
const isOpen = ({ specGeneration, recordRevision, status }: Deployment): boolean =>
  specGeneration > 0 && recordRevision > 0 && !isEnded(status);

/** Deleted, and its hosts are in order. */
const isOver = ({ deletion, status, recordRevision }: Deployment): boolean =>
  deletion !== null && recordRevision > 0 && (isEnded(status) || status.startedAt === undefined);

const hasBegun = ({ status }: Deployment): boolean => status.startedAt !== undefined;

const byOf = ({ annotations }: Deployment): { readonly by?: string } => {
  const by = annotations[MADE_BY];
  return by === undefined ? {} : { by };
};

interface Ending {
  readonly phase: 'Failed' | 'Aborted';
  readonly reason: string;
  readonly message: string;
  /** The word of a person that is acted upon by that. */
  readonly answered?: string;
}

/** One that never began ends. */
const refused = (
  view: View,
  live: Deployment,
  { phase, reason, message, ...answered }: Ending,
): readonly Step[] => {
  const now = timestamp(view.now);
  const verdicts = {
    Ready: when(false, reason, message),
    Reconciling: when(false, reason, message),
    Stalled: when(true, reason, message),
    Complete: when(true, reason, message),
  };
  const at = { now, generation: live.specGeneration };
  const conditions = conditionsWith(live.status.conditions ?? {}, verdicts, at);
  const next = {
    ...live.status,
    ...byOf(live),
    ...answered,
    phase,
    finishedAt: now,
    application: undefined,
    observedGeneration: live.specGeneration,
  };
  const patch = patchBetween(live.status, { ...next, conditions });
  return [
    ...(patch === undefined ? [] : [{ action: 'deployment' as const, live, patch }]),
    { action: 'tell', deployment: live.ref.name, type: 'Warning', reason: `Deployment${phase}`, message },
  ];
};

/** It waits for its turn. */
const waiting = (view: View, live: Deployment, first: Deployment): readonly Step[] => {
  const message = `Deployment ${first.ref.name} goes on; this one follows`;
  const verdicts = {
    Ready: when(false, 'Waiting', message),
    Reconciling: when(true, 'Waiting', message),
    Stalled: when(false, 'Waiting', message),
    Complete: when(false, 'Waiting', message),
  };
  const at = { now: timestamp(view.now), generation: live.specGeneration };
  const conditions = conditionsWith(live.status.conditions ?? {}, verdicts, at);
  const observedGeneration = live.specGeneration;
  const next = { ...live.status, ...byOf(live), phase: 'Waiting' as const, observedGeneration, conditions };
  const patch = patchBetween(live.status, next);
  return patch === undefined ? [] : [{ action: 'deployment', live, patch }];
};

/** Why it may not begin; null: it may. */
const hindrance = (view: View, live: Deployment): Ending | null => {
  if (hasBegun(live)) return null;
  const { application } = view;
  if (application === null || application.specGeneration === 0 || application.deletion !== null)
    return {
      phase: 'Failed',
      reason: 'ApplicationNotFound',
      message: `there is no Application ${view.name} in this cluster`,
    };
  const said = live.annotations[ABORT];
  if (said !== undefined)
    return {
      phase: 'Aborted',
      reason: 'Aborted',
      message: 'somebody aborted it before its turn',
      answered: `abort ${said}`,
    };
  const superseder = supersederOf({ view, live });
  if (superseder !== null)
    return { phase: 'Aborted', reason: 'Superseded', message: `Deployment ${superseder} takes its place` };
  const lock = lockOf(application);
  if (lock !== null) return { phase: 'Failed', reason: 'Locked', message: `${view.name}: ${lock}` };
  // it does not wait for what it would end
  const refusal =
    live.spec.supersede === true ? refusalFor({ view, live, application, next: live.status }) : null;
  return refusal === null ? null : { phase: 'Failed', ...refusal };
};

/** What hosts say that they run, in their records. */
const runSteps = (course: Course): readonly Step[] =>
  [...course.runs].flatMap(([instance, said]) => {
    const live = course.view.instances.get(instance);
    if (live === undefined) return [];
    const { application } = course.live.spec;
    const before = live.status.applications ?? {};
    const { [application]: last, ...others } = before;
    const value = { ...said, machine: machineOf(live), deployment: course.live.ref.name, at: course.now };
    const after = said === null ? others : { ...before, [application]: value };
    if (said === null && last === undefined) return [];
    const patch = patchBetween({ applications: before }, { applications: after });
    return patch === undefined ? [] : [{ action: 'runs' as const, instance, patch }];
  });

const courseStatus = (course: Course) => ({
  ...course.next,
  ...byOf(course.live),
  observedGeneration: course.live.specGeneration,
  ...(course.hosts.size === 0 ? {} : { hosts: Object.fromEntries(course.hosts) }),
  conditions: courseConditions(course),
});

const courseSteps = (course: Course): readonly Step[] => {
  const patch = patchBetween(course.live.status, courseStatus(course));
  return [
    ...runSteps(course),
    ...course.orders.map((order): Step => ({ action: 'order', ...order })),
    ...(patch === undefined ? [] : [{ action: 'deployment' as const, live: course.live, patch }]),
    ...course.steps,
    ...course.tells.map((told): Step => ({ action: 'tell', ...told })),
  ];
};

const soonest = (waits: readonly { readonly after: number; readonly why: string }[]): Plan['wait'] =>
  waits.reduce<Plan['wait']>(
    (best, one) => (Number.isFinite(one.after) && (best === null || one.after < best.after) ? one : best),
    null,
  );

const applicationSteps = (view: View, course: Course | null): readonly Step[] => {
  const { application } = view;
  if (application === null || application.specGeneration === 0 || application.recordRevision === 0) return [];
  const after = applicationStatus(view, application, course);
  const patch = patchBetween(application.status, { ...after });
  return patch === undefined ? [] : [{ action: 'application', live: application, patch }];
};

/** Its Deployments have nothing to act upon any more. */
const ofDeleted = (view: View, open: readonly Deployment[]): Plan => {
  const ending: Ending = {
    phase: 'Aborted',
    reason: 'ApplicationDeleted',
    message: `Application ${view.name} was deleted`,
  };
  const steps = open.flatMap((live) => [
    ...refused(view, live, hindrance(view, live) ?? ending),
    { action: 'drop' as const, uid: live.uid },
  ]);
  const { application } = view;
  if (application === null || application.deletion === null || open.length > 0) return { steps, wait: null };
  return tearDown(view, application);
};

/**
 * What Roles were told by a Deployment that has ended, or that somebody deleted, whatever goes on now; `steps` may tell the
 * same Role something new.
 */
const leftRollouts = (view: View, steps: readonly Step[]): readonly Step[] => {
  const told = new Set(steps.flatMap((step) => (step.action === 'role' ? [step.name] : [])));
  return [...view.roles.values()].flatMap(({ ref, status }) =>
    status.rollout == null || view.isOpen(status.rollout.deployment) || told.has(ref.name)
      ? []
      : [{ action: 'role' as const, name: ref.name, patch: { rollout: null } }],
  );
};

/** Nothing goes on: hosts that missed something are brought up. */
const quiet = (view: View): Plan => {
  const { make, wait } = catchUpOf(view);
  const steps = [...(make === null ? [] : [make]), ...applicationSteps(view, null)];
  return { steps, wait: soonest([{ after: wait, why: 'hosts that are behind are tried again' }]) };
};

/** The steps of now for one application. */
export const planDeployments = (all: View): Plan => {
  const over = all.deployments.filter(isOver);
  const view = { ...all, deployments: all.deployments.filter((live) => !over.includes(live)) };
  const { steps, wait } = planOf(view);
  const forgotten = over.map((live): Step => ({ action: 'forget', live }));
  return { steps: [...forgotten, ...steps, ...leftRollouts(view, steps)], wait };
};

const planOf = (view: View): Plan => {
  const open = view.deployments.filter(isOpen);
  const { application } = view;
  if (application === null || application.deletion !== null) return ofDeleted(view, open);
  const hindered = open.map((live) => ({ live, why: hindrance(view, live) }));
  const ends = hindered.flatMap(({ live, why }) => (why === null ? [] : refused(view, live, why)));
  const left = hindered.flatMap(({ live, why }) => (why === null ? [live] : []));
  const first = left.find(hasBegun) ?? left[0];
  if (first === undefined) {
    const plan = ends.length > 0 ? { steps: applicationSteps(view, null), wait: null } : quiet(view);
    return { ...plan, steps: [...ends, ...plan.steps] };
  }
  const course = new Course(view, first, upToDate(application, view.deployments));
  drive(course);
  const others = left.filter((live) => live !== first);
  const steps = [
    ...ends,
    ...courseSteps(course),
    ...applicationSteps(view, course),
    ...others.flatMap((live) => waiting(view, live, first)),
  ];
  return { steps, wait: soonest(course.waits) };
};
