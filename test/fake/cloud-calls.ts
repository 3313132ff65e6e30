/** The Cloud port over the fake world: every call passes its gate, its planned failure and the history. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { BatchOutcome, Capabilities, Cloud, LaunchRequest, Machine, Tags } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import { stalled, transient, type Failure } from '../../runtime/failure.js';
import type { Action, FaultQueue } from './cloud-faults.js';
import type { World, WorldMachine } from './cloud-world.js';

export interface FakeCall {
  readonly at: number;
  readonly action: Action;
  /** Machine ids the call named, or that it launched. */
  readonly ids: readonly string[];
  readonly request?: LaunchRequest;
  readonly failure: Failure | null;
}

/** What a test told the cloud to be like; `short` is for the next launch only. */
export interface Told {
  short: number | null;
  lag: number;
  omitted: ReadonlySet<string>;
  protectedIds: ReadonlySet<string>;
  readonly capacity: Map<string, number>;
}

export interface Setting {
  readonly world: World;
  readonly told: Told;
  readonly faults: FaultQueue;
  readonly clock: Clock;
  readonly history: FakeCall[];
  readonly capabilities: Capabilities;
  readonly terminatedShownFor: number;
}

interface Note<A> {
  readonly ids?: readonly string[];
  readonly request?: LaunchRequest;
  readonly idsOf?: (answer: A) => readonly string[];
}

type Launched = E.Either<Failure, readonly WorldMachine[]>;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const forgotten = ({ clock, terminatedShownFor }: Setting, machine: WorldMachine): boolean => {
  const last = machine.states.at(-1);
  return last?.value === 'terminated' && clock.monotonic() - last.at >= terminatedShownFor;
};

/** The machine as a description shows it now, with all that was told; empty when it is not shown. */
export const shown = (setting: Setting, machine: WorldMachine): readonly Machine[] => {
  if (setting.told.omitted.has(machine.id) || forgotten(setting, machine)) return [];
  const view = setting.world.view(machine, setting.told.lag);
  return view === null ? [] : [view];
};

const existing = (setting: Setting, ids: readonly string[]): readonly WorldMachine[] =>
  [...new Set(ids)].flatMap((id) => {
    const machine = setting.world.find(id);
    return machine === null || forgotten(setting, machine) ? [] : [machine];
  });

/** Launching, with tokens (zonal, as Amazon's are) and capacity. */
const launcher = ({ world, told, capabilities }: Setting): ((request: LaunchRequest) => Launched) => {
  const tokens = new Map<string, { request: LaunchRequest; machines: readonly WorldMachine[] }>();
  const fresh = (request: LaunchRequest): readonly WorldMachine[] => {
    const left = told.capacity.get(request.zone) ?? Infinity;
    const count = Math.min(request.count, left, told.short ?? Infinity);
    told.short = null;
    told.capacity.set(request.zone, left - count);
    return world.launch(request, count);
  };
  return (request) => {
    const key = `${request.token} ${request.zone}`;
    const before = capabilities.honoursClientTokens ? tokens.get(key) : undefined;
    if (before !== undefined)
      return same(before.request, request)
        ? E.right(before.machines)
        : E.left(stalled('TokenMismatch', `token ${request.token} was used with other parameters`));
    const machines = fresh(request);
    if (machines.length === 0) return E.left(transient('NoCapacity', `no capacity left in ${request.zone}`));
    tokens.set(key, { request, machines });
    return E.right(machines);
  };
};

const caller =
  ({ faults, history, clock }: Setting) =>
  <A>(action: Action, note: Note<A>, work: () => E.Either<Failure, A>): TaskEither<Failure, A> =>
  async () => {
    await faults.pass(action);
    const planned = faults.take(action);
    const answer = planned === null || planned.afterEffect ? work() : E.left(planned.failure);
    const result = planned === null ? answer : E.left(planned.failure);
    const ids = note.ids ?? (E.isRight(answer) ? (note.idsOf?.(answer.right) ?? []) : []);
    const failure = E.isLeft(result) ? result.left : null;
    history.push({ at: clock.monotonic(), action, ids, request: note.request, failure });
    return result;
  };

const acting =
  (setting: Setting, ids: readonly string[], act: (machine: WorldMachine) => void, doing: string) =>
  (): E.Either<Failure, BatchOutcome> => {
    const known = existing(setting, ids);
    const refused = known.filter((machine) => setting.told.protectedIds.has(machine.id));
    const done = known.filter((machine) => !setting.told.protectedIds.has(machine.id));
    done.forEach(act);
    const names = new Set(known.map((machine) => machine.id));
    return E.right({
      done: done.map((machine) => machine.id),
      failed: refused.map(({ id }) => ({
        id,
        failure: stalled('BadParameter', `${id} is protected from ${doing}`),
      })),
      unknown: [...new Set(ids)].filter((id) => !names.has(id)),
    });
  };

const has = (machine: Machine, tags: Tags): boolean =>
  Object.entries(tags).every(([key, value]) => machine.tags[key] === value);

type Reading = Pick<
  Cloud,
  'description' | 'describeTagged' | 'describeIds' | 'userData' | 'statuses' | 'capabilities' | 'calls'
>;

const reading = (setting: Setting): Reading => {
  const { world, history } = setting;
  const call = caller(setting);
  return {
    description: 'fake cloud',
    describeTagged: (tags) =>
      call('DescribeInstances', {}, () =>
        E.right(
          world.all.flatMap((machine) => shown(setting, machine)).filter((machine) => has(machine, tags)),
        ),
      ),
    describeIds: (ids) =>
      call('DescribeInstances', { ids }, () => {
        const machines = existing(setting, ids).flatMap((machine) => shown(setting, machine));
        const found = new Set(machines.map((machine) => machine.id));
        return E.right({ machines, unknown: [...new Set(ids)].filter((id) => !found.has(id)) });
      }),
    userData: (id) =>
      call('DescribeInstanceAttribute', { ids: [id] }, () => {
        const machine = world.find(id);
        if (machine === null) return E.left(transient('NotFoundYet', `${id} is not known`));
        return E.right(machine.request.userData === '' ? null : machine.request.userData);
      }),
    statuses: (ids) =>
      call('DescribeInstanceStatus', { ids }, () =>
        E.right(
          existing(setting, ids).map(({ id, statusChecks }) => ({
            id,
            system: statusChecks,
            instance: statusChecks,
          })),
        ),
      ),
    capabilities: () => call('Capabilities', {}, () => E.right(setting.capabilities)),
    calls: () =>
      history.reduce<Record<string, number>>((counts, { action }) => {
        counts[action] = (counts[action] ?? 0) + 1;
        return counts;
      }, {}),
  };
};

/** The Cloud port of a fake world. */
export const fakeCalls = (setting: Setting): Cloud => {
  const { world } = setting;
  const call = caller(setting);
  const launch = launcher(setting);
  const batch = (
    action: Action,
    ids: readonly string[],
    act: (machine: WorldMachine) => void,
  ): TaskEither<Failure, BatchOutcome> => call(action, { ids }, acting(setting, ids, act, action));
  const move =
    (from: readonly string[], to: 'running' | 'stopped' | 'terminated') =>
    (machine: WorldMachine): void => {
      const reason = to === 'running' ? undefined : 'Client.UserInitiatedShutdown';
      if (from.includes(world.state(machine) ?? '')) world.change(machine, to, reason);
    };
  return {
    ...reading(setting),
    runInstances: (request) =>
      call('RunInstances', { request, idsOf: (machines) => machines.map(({ id }) => id) }, () =>
        E.map((machines: readonly WorldMachine[]) =>
          machines.flatMap((machine) => world.view(machine) ?? []),
        )(launch(request)),
      ),
    start: (ids) => batch('StartInstances', ids, move(['stopped', 'stopping'], 'running')),
    stop: (ids) => batch('StopInstances', ids, move(['pending', 'running'], 'stopped')),
    reboot: (ids) => batch('RebootInstances', ids, () => undefined),
    terminate: (ids) =>
      batch('TerminateInstances', ids, move(['pending', 'running', 'stopping', 'stopped'], 'terminated')),
    tag: (machines) =>
      batch(
        'CreateTags',
        machines.map(({ id }) => id),
        (machine) => {
          for (const { id, tags } of machines) if (id === machine.id) world.addTags(machine, tags);
        },
      ),
  };
};
