/** Hosts of a blue-green Deployment: those of before, those that come beside them, and what Roles are told of both. Pure. */
import type { HostStage } from '../../api-types/kinds/deployment.js';
import type { RoleRollout } from '../../api-types/kinds/role.js';
import type { Live } from '../../store/objects/objects.js';
import type { Course } from './course.js';
import { isGoing, machineOf } from './hosts.js';
import { byName } from './targets.js';

export const everyGreen = ({ hosts }: Course): readonly string[] =>
  [...hosts].flatMap(([name, { green }]) => (green === true ? [name] : []));

/** New hosts, but for those that are missed no more. */
export const greens = (course: Course): readonly string[] =>
  everyGreen(course).filter((name) => course.hosts.get(name)?.stage !== 'skipped');

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

/** What happens to these is told by themselves, or was. */
const FIXED: readonly HostStage[] = ['failed', 'migrating', 'reverting'];

const beginAnew = (course: Course, name: string, machine: string): void => {
  const host = course.hosts.get(name);
  const out = host?.out === true ? {} : { out: true, change: course.change() };
  course.move(name, 'waiting', { ...out, machine, event: undefined, message: undefined });
};

/** One that got another machine begins anew, and is out until it has the release; without its slot it is missed no more. */
export const rebind = (course: Course): void => {
  for (const name of everyGreen(course)) {
    const live = course.view.instances.get(name);
    const host = course.hosts.get(name);
    if (host === undefined || FIXED.includes(host.stage)) continue;
    if (live === undefined || live.deletion !== null) {
      if (host.stage !== 'skipped') course.skip(name, 'its slot went', { event: undefined, machine: '' });
    } else if (machineOf(live) !== host.machine || (host.stage === 'skipped' && host.machine === ''))
      beginAnew(course, name, machineOf(live));
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
