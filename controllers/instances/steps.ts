/** The executors of a role's steps, one a row of Actions: a missing one does not compile. */
import * as E from 'fp-ts/lib/Either.js';
import { seconds } from '../../api-types/units.js';
import type { LaunchBatch } from '../../api-types/kinds/role.js';
import type { BatchOutcome, OpenCloud } from '../../cloud/cloud.js';
import { stalled, waiting, type Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import type { Fence, Ref, Write } from '../../store/objects/objects.js';
import type { Actions, Step } from './actions.js';
import { tellNotes } from './notes.js';
import type { Sources } from './observe.js';
import type { RoleView } from './view.js';

type Done = Promise<E.Either<Failure, void>>;

/** One run for one role. */
export interface Run {
  readonly sources: Sources;
  readonly log: Log;
  readonly fence: Fence;
  readonly view: RoleView;
  readonly open: OpenCloud | null;
  /** Names machines in the background, one round a role at a time. */
  readonly tagLater: (run: Run, machines: Actions['tag']['machines']) => void;
}

type Executors = { readonly [A in keyof Actions]: (run: Run, step: Actions[A]) => Done };

const DONE: E.Either<Failure, void> = E.right(undefined);

/** Writes under the fence and waits until the cache has it, so that the next plan sees this one's deeds. */
export const commit = async (
  { objects }: Sources,
  fence: Fence,
  writes: readonly Write[],
): Promise<E.Either<Failure, void>> => {
  const written = await objects.write(fence, writes)();
  if (E.isLeft(written)) return written;
  await objects.caughtUp(written.right);
  return DONE;
};

const instanceRef = ({ view }: Run, name: string): Ref<'Instance'> => ({
  kind: 'Instance',
  cluster: view.role.ref.cluster,
  name,
});

/** Calls cannot be fenced: none begins when the lease could end before it does. */
const guarded = (run: Run): E.Either<Failure, OpenCloud> => {
  if (run.open === null) return E.left(stalled('CloudNotReady', 'the cloud is not usable'));
  return run.fence.left() > run.sources.settings.callTimeout
    ? E.right(run.open)
    : E.left(waiting('LeaseShort', 'too little of the lease is left for a call', seconds(1)));
};

const callOne = async (run: Run, batch: LaunchBatch): Done => {
  const { memory, clock } = run.sources;
  const allowed = guarded(run);
  if (E.isLeft(allowed)) return allowed;
  const { cloud, machines } = allowed.right;
  memory.called(batch.id, clock.monotonic());
  const answer = await cloud.runInstances(run.view.request(batch))();
  const launched = E.isRight(answer) ? answer.right : [];
  machines.note(launched);
  const failure = E.isLeft(answer) ? answer.left : null;
  memory.answered(
    batch.id,
    launched.map(({ id }) => id),
    failure,
    clock.monotonic(),
  );
  if (failure !== null) run.log.warn('launch call failed', { batch: batch.id, failure });
  return DONE;
};

/** The first failure of many; all have run. */
const gathered = async (all: readonly Done[]): Done =>
  (await Promise.all(all)).find((result) => E.isLeft(result)) ?? DONE;

const CHUNK = 100;

const inChunks = (ids: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(ids.length / CHUNK) }, (_, index) =>
    ids.slice(index * CHUNK, (index + 1) * CHUNK),
  );

type Verb = 'terminate' | 'stop' | 'start' | 'reboot';

const complain = (run: Run, verb: Verb, { failed }: BatchOutcome): void => {
  for (const { id, failure } of failed) run.log.warn('the cloud refused', { verb, machine: id, failure });
};

const callVerb = (run: Run, verb: Verb, ids: readonly string[]): Done =>
  gathered(
    inChunks(ids).map(async (chunk) => {
      const allowed = guarded(run);
      if (E.isLeft(allowed)) return allowed;
      const outcome = await allowed.right.cloud[verb](chunk)();
      if (E.isLeft(outcome)) return outcome;
      complain(run, verb, outcome.right);
      allowed.right.machines.look(chunk);
      return DONE;
    }),
  );

const statusWrites = (run: Run, { role, slots }: Actions['record']): readonly Write[] => {
  const ofRole: readonly Write[] =
    role === null
      ? []
      : [{ write: 'status', ref: run.view.role.ref, patch: role.patch, unchangedSince: role.since }];
  const ofSlots = slots.map(({ name, patch, since }): Write => ({
    write: 'status',
    ref: instanceRef(run, name),
    patch,
    ...(since === undefined ? {} : { unchangedSince: since }),
  }));
  return [...ofRole, ...ofSlots];
};

const instanceOf = (run: Run, name: string): Write => {
  const { role } = run.view;
  const owner = { kind: 'Role', name: role.ref.name, uid: role.uid };
  return {
    write: 'create',
    ref: instanceRef(run, name),
    document: { labels: {}, annotations: {}, owner, spec: { role: role.ref.name } },
  };
};

const EXECUTORS: Executors = {
  record: (run, step) => commit(run.sources, run.fence, statusWrites(run, step)),
  create: (run, { names }) =>
    commit(
      run.sources,
      run.fence,
      names.map((name) => instanceOf(run, name)),
    ),
  remove: (run, { slots }) =>
    commit(
      run.sources,
      run.fence,
      slots.map(({ live }) => ({ write: 'delete', ref: live.ref, unchangedSince: live.specRevision })),
    ),
  forget: (run, { slots }) =>
    commit(
      run.sources,
      run.fence,
      slots.map(({ live }) => ({ write: 'forget', ref: live.ref, unchangedSince: live.recordRevision })),
    ),
  launch: (run, { batches }) => gathered(batches.map((batch) => callOne(run, batch))),
  terminate: (run, { ids }) => {
    const { memory, clock } = run.sources;
    for (const id of ids) memory.terminateCalled(id, clock.monotonic());
    return callVerb(run, 'terminate', ids);
  },
  stop: (run, { ids }) => callVerb(run, 'stop', ids),
  start: (run, { ids }) => callVerb(run, 'start', ids),
  reboot: (run, { ids }) => callVerb(run, 'reboot', ids),
  tag: (run, { machines }) => {
    run.tagLater(run, machines);
    return Promise.resolve(DONE);
  },
  look: (run, { ids }) => {
    run.open?.machines.look(ids);
    return Promise.resolve(DONE);
  },
  tell: async (run, { notes }) => {
    const { objects, clock } = run.sources;
    const told = await tellNotes(objects, notes, run.view.role.ref, clock.now())();
    if (E.isLeft(told)) run.log.warn('events were not told', { failure: told.left });
    return DONE;
  },
  forgetRole: (run, { recordRevision }) =>
    commit(run.sources, run.fence, [
      { write: 'forget', ref: run.view.role.ref, unchangedSince: recordRevision },
    ]),
};

const execute = (run: Run, step: Step): Done =>
  (EXECUTORS[step.action] as (run: Run, step: Step) => Done)(run, step);

const WRITES: ReadonlySet<Step['action']> = new Set(['record', 'create', 'remove', 'forget', 'forgetRole']);

/**
 * Records first, one after the other, then the calls, all at once. When the record could not be written no call is
 * made: what a call does must have been said before. Other failures are gathered; the first is told.
 */
export const carryOut = async (run: Run, steps: readonly Step[]): Done => {
  const failures: E.Either<Failure, void>[] = [];
  for (const step of steps.filter(({ action }) => WRITES.has(action))) {
    const result = await execute(run, step);
    if (E.isLeft(result) && step.action === 'record') return result;
    failures.push(result);
  }
  const calls = steps.filter(({ action }) => !WRITES.has(action)).map((step) => execute(run, step));
  const called = await gathered(calls);
  return failures.find((result) => E.isLeft(result)) ?? called;
};
