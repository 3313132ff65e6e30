/** Writes: units cut into transactions, compared with the fence, merged anew when somebody wrote in between. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Clock } from '../../runtime/clock.js';
import { conflict, type Failure } from '../../runtime/failure.js';
import { STRETCH, turn } from '../../runtime/turns.js';
import { recordKey, specKey } from '../keys.js';
import { MAX_TXN_OPERATIONS, type Compare, type Store } from '../store.js';
import { readRecord, readSpec } from './documents.js';
import type { Sides } from './join.js';
import type { Fence, Ref, Write } from './objects.js';
import { named, partOf, refOf, unitsOf, type Part, type Unit, type View } from './parts.js';

/** Room is left in a transaction (1 MiB and 384 KiB on both stores) for keys and compares. */
const MAX_CHUNK_BYTES = 1024 * 1024;
const ATTEMPTS = 8;

export interface WriterArguments {
  readonly store: Store;
  readonly sides: (ref: Ref) => Sides | null;
  readonly incarnation: (ref: Ref) => number | null;
  /** What the cache has reached: the answer when nothing had to be written. */
  readonly revision: () => number;
  readonly now: () => string;
  readonly clock: Clock;
}

type Written = E.Either<Failure, number | null>;

const bytesOf = ({ operations }: Part): number =>
  operations.reduce((sum, operation) => sum + (operation.op === 'put' ? operation.value.length : 0), 0);

/** A unit, and its part as it was worked out when its turn to be written came. */
interface Worked {
  readonly unit: Unit;
  readonly part: E.Either<Failure, Part>;
}

const NOTHING: Part = { compare: [], operations: [] };

/** Room in one transaction; `reserved` compares are the fence's. */
class Room {
  private compares: number;
  private operations = 0;
  private size = 0;

  constructor(reserved: number) {
    this.compares = reserved;
  }

  /** Whether the part fits beside those that have been taken; one that cannot be worked out takes no room. */
  takes({ part }: Worked): boolean {
    const { compare, operations } = E.isRight(part) ? part.right : NOTHING;
    this.compares += compare.length;
    this.operations += operations.length;
    this.size += bytesOf({ compare, operations });
    return (
      this.compares <= MAX_TXN_OPERATIONS &&
      this.operations <= MAX_TXN_OPERATIONS &&
      this.size <= MAX_CHUNK_BYTES
    );
  }
}

/**
 * Units by transaction, in order. A unit is worked out when the transaction before is written, not all before the first:
 * thousands would keep everybody waiting, and be old by the time they are written.
 */
async function* chunksOf(
  units: readonly Unit[],
  view: View,
  { reserved, clock }: { readonly reserved: number; readonly clock: Clock },
): AsyncGenerator<readonly Worked[]> {
  let chunk: Worked[] = [];
  let room = new Room(reserved);
  let begun = clock.monotonic();
  for (const unit of units) {
    const worked: Worked = { unit, part: partOf(unit, view) };
    if (!room.takes(worked) && chunk.length > 0) {
      yield chunk;
      [chunk, room, begun] = [[], new Room(reserved), clock.monotonic()];
      room.takes(worked);
    }
    chunk.push(worked);
    if (clock.monotonic() - begun < STRETCH) continue;
    await turn();
    begun = clock.monotonic();
  }
  if (chunk.length > 0) yield chunk;
}

const notOwner = (): Failure =>
  conflict(
    'the lease that this write was made under has ended: another control plane may own the cluster',
    'NotOwner',
  );

const readFresh = async (
  store: Store,
  ref: Ref,
  unread: Pick<Sides, 'cut' | 'seenAt'>,
): Promise<E.Either<Failure, Sides | null>> => {
  const spec = await store.get(specKey(ref))();
  if (E.isLeft(spec)) return spec;
  const record = await store.get(recordKey(ref))();
  if (E.isLeft(record)) return record;
  if (spec.right === null && record.right === null) return E.right(null);
  return E.right({
    ...unread,
    spec: spec.right === null ? null : readSpec(ref, spec.right),
    record: record.right === null ? null : readRecord(ref, record.right),
  });
};

/** A chunk on its way: what was read anew of its objects, since the cache lags behind the store. */
class Chunk {
  private readonly fresh = new Map<string, Sides | null>();
  private readonly units: readonly Unit[];
  private isFresh = false;
  readonly view: View;

  constructor(
    private readonly args: WriterArguments,
    private readonly fence: Fence | null,
    private readonly worked: readonly Worked[],
    incarnation: View['incarnation'],
  ) {
    this.units = worked.map(({ unit }) => unit);
    this.view = {
      sides: (ref) => this.fresh.get(recordKey(ref)) ?? (this.isFresh ? null : args.sides(ref)),
      incarnation,
      now: args.now,
    };
  }

  async write(): Promise<Written> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (this.fence !== null && this.fence.left() <= 0) return E.left(notOwner());
      const result = await this.attempt();
      if (result !== 'again') return result;
      const read = await this.read();
      if (read !== null) return E.left(read);
    }
    return E.left(conflict(`${this.names()} kept changing while it was written`));
  }

  private async attempt(): Promise<Written | 'again'> {
    const parts = this.parts();
    if (E.isLeft(parts)) {
      // what the cache says may be old news: judge by the store itself
      return parts.left._tag === 'Conflict' && !this.isFresh ? 'again' : parts;
    }
    const then = parts.right.flatMap(({ operations }) => operations);
    const compare = parts.right.flatMap((part) => part.compare);
    if (then.length === 0 && compare.length === 0) return E.right(null);
    const result = await this.args.store.txn({ compare: [...this.fenced(), ...compare], then })();
    if (E.isLeft(result)) return result;
    if (!result.right.succeeded) return 'again';
    return E.right(then.length === 0 ? null : result.right.revision);
  }

  private parts(): E.Either<Failure, readonly Part[]> {
    const parts: Part[] = [];
    for (const { unit, part: first } of this.worked) {
      const part = this.isFresh ? partOf(unit, this.view) : first;
      if (E.isLeft(part)) return part;
      parts.push(part.right);
    }
    return E.right(parts);
  }

  private fenced(): readonly Compare[] {
    return this.fence === null ? [] : [this.fence.compare];
  }

  /** A compare that we have no right to work out anew does not hold any more. */
  private async broken(compare: readonly Compare[], failure: Failure): Promise<Failure | null> {
    if (compare.length === 0) return null;
    const result = await this.args.store.txn({ compare, then: [] })();
    if (E.isLeft(result)) return result.left;
    return result.right.succeeded ? null : failure;
  }

  /** Reads what is compared; a fence that no longer holds ends the write. */
  private async read(): Promise<Failure | null> {
    const { store, sides, now } = this.args;
    const raw = this.units.flatMap(([write]) => (write.write === 'raw' ? write.compare : []));
    const broken =
      (await this.broken(this.fenced(), notOwner())) ??
      (await this.broken(raw, conflict('a key that was compared has changed')));
    if (broken !== null) return broken;
    for (const unit of this.units) {
      const ref = refOf(unit);
      if (ref === null) continue;
      const read = await readFresh(store, ref, sides(ref) ?? { cut: 0, seenAt: now() });
      if (E.isLeft(read)) return read.left;
      this.fresh.set(recordKey(ref), read.right);
    }
    this.isFresh = true;
    return null;
  }

  private names(): string {
    return this.units
      .map(refOf)
      .flatMap((ref) => (ref === null ? [] : [named(ref)]))
      .join(', ');
  }
}

/** Makes `Objects.write`. */
export const writer =
  (args: WriterArguments) =>
  (fence: Fence | null, writes: readonly Write[]): TaskEither<Failure, number> =>
  async () => {
    const units = unitsOf(writes);
    const seen = new Map(
      units.flatMap((unit) => {
        const ref = refOf(unit);
        return ref === null ? [] : [[recordKey(ref), args.incarnation(ref)] as const];
      }),
    );
    const incarnation = (ref: Ref): number | null => seen.get(recordKey(ref)) ?? null;
    const view: View = { sides: args.sides, incarnation, now: args.now };
    let last: number | null = null;
    const sizes = { reserved: fence === null ? 0 : 1, clock: args.clock };
    for await (const chunk of chunksOf(units, view, sizes)) {
      const written = await new Chunk(args, fence, chunk, incarnation).write();
      if (E.isLeft(written)) return written;
      last = written.right ?? last;
    }
    return E.right(last ?? args.revision());
  };
