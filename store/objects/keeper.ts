/**
 * The keeper of records: gives every new incarnation a record, judges every edit, stamps every deletion. It works as
 * the owner of what is cluster-wide; its own queue has one key, and a run takes everything that changed since the last,
 * up to 49 objects a transaction.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { EMPTY, defer, filter, from, map, merge, mergeMap, of, tap } from 'rxjs';
import type { Chance } from '../../runtime/chance.js';
import { timestamp, type Clock } from '../../runtime/clock.js';
import { settled, type Controller, type Outcome } from '../../runtime/controller.js';
import { conflict, type Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { startLoop, type Loop } from '../../runtime/loop.js';
import type { Sealer } from '../../runtime/sealing.js';
import { recordKey, specKey } from '../keys.js';
import { GLOBAL, type Ownership } from '../ownership.js';
import { MAX_TXN_OPERATIONS, type Compare, type Operation, type Store } from '../store.js';
import { MAX_RECORD_BYTES, specText } from './documents.js';
import { recordEvent, type NewEvent } from './events.js';
import { keeping, type Keeping } from './keep.js';
import type { Fence, Ref } from './objects.js';
import type { OpenedObjects } from './open.js';
import { sealedInPlace } from './secrets.js';

export interface KeeperArguments {
  readonly objects: OpenedObjects;
  readonly store: Store;
  readonly ownership: Ownership;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
}

const KEY = 'records';
/** Two compares an object and the fence's. */
const OBJECTS_A_TRANSACTION = Math.floor((MAX_TXN_OPERATIONS - 1) / 2);

/** One object's record, worked out. */
interface Step {
  readonly ref: Ref;
  readonly compare: readonly Compare[];
  readonly operation: Operation;
  readonly bytes: number;
  readonly tell: Told | null;
}

type Told = Pick<NewEvent, 'reason' | 'message'>;

const IN_PLAIN: Told = {
  reason: 'SealedInPlace',
  message:
    'its values were put into the store in plain and have been sealed; the store keeps the plain ones in its history until that is compacted (some minutes), and may in its files for longer: change them if others can read those',
};

const LOGGED: Readonly<Record<string, string>> = {
  Frozen: 'a spec does not decode: its object is frozen',
  SealedInPlace: 'a Secret was put in plain: sealed in place',
};

const toldOf = (kept: Keeping): Told | null => {
  if (kept.keep === 'seal') return IN_PLAIN;
  return kept.keep === 'forget' || kept.tell === null ? null : { reason: 'Frozen', message: kept.tell };
};

const chunksOf = (steps: readonly Step[]): readonly (readonly Step[])[] => {
  const chunks: Step[][] = [];
  let size = 0;
  for (const step of steps) {
    const last = chunks.at(-1);
    size += step.bytes;
    if (last === undefined || last.length >= OBJECTS_A_TRANSACTION || size > MAX_RECORD_BYTES) {
      chunks.push([step]);
      size = step.bytes;
    } else last.push(step);
  }
  return chunks;
};

class Keeper {
  /** Objects that changed since they were last looked at, by record key. */
  private readonly dirty = new Map<string, Ref>();
  private readonly log: Log;

  constructor(private readonly args: KeeperArguments) {
    this.log = args.log.with({ component: 'keeper' });
  }

  /** Wakes the one key, having noted what changed. */
  readonly wake$ = defer(() =>
    merge(
      of(null).pipe(
        tap(() => {
          this.markAll();
        }),
      ),
      this.args.ownership.changes$.pipe(
        filter((cluster) => cluster === GLOBAL),
        tap(() => {
          this.markAll();
        }),
      ),
      this.args.objects.changes$.pipe(
        mergeMap((changes) => {
          const refs = changes.map(({ ref }) => ref).filter(({ kind }) => kind !== 'Event');
          for (const ref of refs) this.dirty.set(recordKey(ref), ref);
          return refs.length === 0 ? EMPTY : from([null]);
        }),
      ),
    ).pipe(map(() => KEY)),
  );

  private markAll(): void {
    for (const ref of this.args.objects.refs()) this.dirty.set(recordKey(ref), ref);
  }

  run(): TaskEither<Failure, Outcome> {
    return async () => {
      const fence = this.args.ownership.of(GLOBAL);
      if (fence === null) return E.right(settled);
      const kept = await this.keepAll(fence);
      return E.isLeft(kept) ? kept : E.right(settled);
    };
  }

  private async keepAll(fence: Fence): Promise<E.Either<Failure, void>> {
    const refs = [...this.dirty.values()];
    this.dirty.clear();
    const steps = refs.flatMap((ref) => this.step(ref) ?? []);
    let reached = 0;
    let failure: Failure | null = null;
    for (const chunk of chunksOf(steps)) {
      const written = await this.writeChunk(fence, chunk);
      if (E.isRight(written)) reached = Math.max(reached, written.right);
      else {
        failure = written.left;
        for (const { ref } of chunk) this.dirty.set(recordKey(ref), ref);
      }
    }
    // the next run must see what this one wrote
    await this.args.objects.caughtUp(reached);
    return failure === null ? E.right(undefined) : E.left(failure);
  }

  private step(ref: Ref): Step | null {
    const { objects, clock } = this.args;
    const sides = objects.sides(ref);
    if (sides === null) return null;
    const kept = keeping(ref, sides, { now: timestamp(clock.now()), revision: objects.revision() });
    if (kept === null) return null;
    const operation = this.operation(ref, kept);
    return {
      ref,
      compare: [
        { key: recordKey(ref), target: 'mod', equals: sides.record?.mod ?? 0 },
        { key: specKey(ref), target: 'mod', equals: sides.spec?.mod ?? 0 },
      ],
      operation,
      bytes: operation.op === 'put' ? Buffer.byteLength(operation.value) : 0,
      tell: toldOf(kept),
    };
  }

  private operation(ref: Ref, kept: Keeping): Operation {
    switch (kept.keep) {
      case 'write':
        return { op: 'put', key: recordKey(ref), value: JSON.stringify(kept.document) };
      case 'seal': {
        const document = sealedInPlace(ref, kept.document, kept.lastValid, this.args.sealer);
        return { op: 'put', key: specKey(ref), value: specText(document) };
      }
      case 'forget':
        return { op: 'delete', key: recordKey(ref) };
    }
  }

  /** One object that changed under our hands, or is too large, must not hold up the others of its chunk: those go one by one. */
  private async writeChunk(fence: Fence, steps: readonly Step[]): Promise<E.Either<Failure, number>> {
    const together = await this.write(fence, steps);
    if (E.isRight(together) || together.left._tag === 'Transient' || steps.length === 1) return together;
    let last: E.Either<Failure, number> = together;
    let failure: E.Either<Failure, number> | null = null;
    for (const step of steps) {
      last = await this.write(fence, [step]);
      if (E.isLeft(last)) failure = last;
    }
    return failure ?? last;
  }

  private async write(fence: Fence, steps: readonly Step[]): Promise<E.Either<Failure, number>> {
    if (fence.left() <= 0) return E.left(conflict('the lease has ended', 'NotOwner'));
    const result = await this.args.store.txn({
      compare: [fence.compare, ...steps.flatMap(({ compare }) => compare)],
      then: steps.map(({ operation }) => operation),
    })();
    if (E.isLeft(result)) return result;
    if (!result.right.succeeded) return E.left(conflict('an object changed while its record was written'));
    await this.tellAll(steps);
    return E.right(result.right.revision);
  }

  private async tellAll(steps: readonly Step[]): Promise<void> {
    const { objects, clock } = this.args;
    for (const { ref, tell } of steps) {
      if (tell === null) continue;
      this.log.warn(LOGGED[tell.reason] ?? tell.reason, { ...ref, detail: tell.message });
      const event = { regarding: ref, type: 'Warning', ...tell, source: 'keeper' } as const;
      const told = await recordEvent(objects, event, clock.now())();
      if (E.isLeft(told)) this.log.warn('could not tell an event', { cause: told.left });
    }
  }
}

const keeperController = (args: KeeperArguments): Controller => {
  const keeper = new Keeper(args);
  return { name: 'keeper', wake$: keeper.wake$, concurrency: 1, reconcile: () => keeper.run() };
};

/** The keeper in a loop of its own. */
export const startKeeper = (args: KeeperArguments & { readonly chance: Chance }): Loop => {
  const { clock, chance, log } = args;
  return startLoop({ controller: keeperController(args), clock, chance, log });
};
