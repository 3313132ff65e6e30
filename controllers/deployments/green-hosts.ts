/** Hosts of a blue-green Deployment: those of before, those that come beside them, and what Roles are told of both. Pure. */
import type { RoleRollout } from '../../api-types/kinds/role.js';
import type { Live } from '../../store/objects/objects.js';
import type { Course } from './course.js';
import { isGoing, machineOf } from './hosts.js';
import { byName } from './targets.js';

export const greens = ({ hosts }: Course): readonly string[] =>
  [...hosts].flatMap(([name, { green }]) => (green === true ? [name] : []));

/** Those of before. */
export const blues = ({ hosts }: Course): readonly string[] =>
  [...hosts].flatMap(([name, { green }]) => (green === true ? [] : [name]));

/** By Role: how many new hosts there are to be. A host of several counts for its own. */
export const surges = (course: Course): ReadonlyMap<string, number> => {
  const found = new Map<string, number>();
  for (const name of blues(course)) {
    const role = course.view.instances.get(name)?.spec.role;
    if (role !== undefined) found.set(role, (found.get(role) ?? 0) + 1);
  }
  return found;
};

const write = (course: Course, role: string, rollout: RoleRollout): void => {
  const before = course.view.roles.get(role)?.status.rollout;
  if (JSON.stringify(before) === JSON.stringify(rollout)) return;
  course.steps.push({ action: 'role', name: role, patch: { rollout } });
};

export const rolloutsOf = (course: Course): readonly Live<'Role'>[] =>
  [...course.view.roles.values()].filter(({ status }) => status.rollout?.deployment === course.live.ref.name);

/** Another one has the role's hosts come and go at the moment. */
export const busyRole = (course: Course): string | null => {
  const open = new Set(
    [...course.view.roles.values()].flatMap(({ ref, status }) => {
      const { rollout } = status;
      if (rollout == null || rollout.deployment === course.live.ref.name) return [];
      return course.view.isOpen(rollout.deployment) ? [ref.name] : [];
    }),
  );
  return [...surges(course).keys()].find((role) => open.has(role)) ?? null;
};

export const surge = (course: Course): void => {
  for (const [role, count] of surges(course))
    write(course, role, { deployment: course.live.ref.name, surge: count, retire: [] });
};

export const retire = (course: Course, names: readonly string[]): void => {
  const known = new Set(names);
  for (const role of rolloutsOf(course)) {
    const own = [...course.view.instances.values()].filter(
      ({ ref, spec }) => spec.role === role.ref.name && known.has(ref.name),
    );
    const going = byName(own).map(({ ref }) => ref.name);
    write(course, role.ref.name, { deployment: course.live.ref.name, surge: 0, retire: going });
  }
};

/** New hosts are out from the moment they are seen: nobody asks them before all do. */
export const adopt = (course: Course): void => {
  const roles = new Set(rolloutsOf(course).map(({ ref }) => ref.name));
  for (const live of byName([...course.view.instances.values()])) {
    const { name } = live.ref;
    if (course.hosts.has(name) || !roles.has(live.spec.role) || isGoing(live)) continue;
    course.add(name, {
      machine: machineOf(live),
      stage: 'waiting',
      green: true,
      out: true,
      change: course.change(),
    });
  }
};

/** One that got another machine begins anew. */
export const rebind = (course: Course): void => {
  for (const name of greens(course)) {
    const live = course.view.instances.get(name);
    const host = course.hosts.get(name);
    if (live === undefined || host === undefined || machineOf(live) === host.machine) continue;
    if (host.stage === 'failed') continue;
    course.move(name, 'waiting', { machine: machineOf(live), event: undefined, message: undefined });
  }
};

/** A host of before that was healed meanwhile, or came, has the old release: it stays out, and goes with the others. */
export const keepOldOut = (course: Course): void => {
  const roles = new Set(rolloutsOf(course).map(({ ref }) => ref.name));
  for (const live of byName([...course.view.instances.values()])) {
    const { name } = live.ref;
    const host = course.hosts.get(name);
    if (host?.green === true || !roles.has(live.spec.role) || isGoing(live)) continue;
    const machine = machineOf(live);
    if (host?.out === true && host.machine === machine) continue;
    course.add(name, { machine, stage: 'leaving', out: true, change: course.change() });
  }
};
