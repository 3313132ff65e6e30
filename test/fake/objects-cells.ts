/** What the in-memory Objects (objects.ts) is made of: cells, a transaction on a copy of them, and how they are seen. */
import * as E from 'fp-ts/lib/Either.js';
import { kindEntry } from '../../api-types/kinds.js';
import { mergePatch } from '../../api-types/merge-patch.js';
import { type Problem, decodeStrict } from '../../api-types/problems.js';
import { type Failure, conflict } from '../../runtime/failure.js';
import { recordKey } from '../../store/keys.js';
import type { Live, Ref, SpecDocument, Write } from '../../store/objects/objects.js';
import type { Compare, Operation } from '../../store/store.js';

export interface SpecCell {
  readonly create: number;
  readonly mod: number;
  readonly version: number;
  readonly document: SpecDocument;
}

export interface RecordCell {
  readonly incarnation: number;
  readonly mod: number;
  readonly createdAt: string;
  readonly valid: SpecDocument & { readonly generation: number };
  readonly deletion: { readonly at: string; readonly revision: number } | null;
  readonly status: unknown;
}

export interface Cell {
  readonly ref: Ref;
  readonly spec: SpecCell | null;
  readonly record: RecordCell | null;
  /** Revision at which the spec key was last deleted. */
  readonly cut: number;
}

export interface RawCell {
  readonly value: string;
  readonly create: number;
  readonly mod: number;
  readonly version: number;
}

type Decoded = E.Either<readonly Problem[], unknown>;

const decoded = (of: Ref, document: SpecDocument): Decoded => {
  const entry = kindEntry(of.kind);
  if (entry.spec === null) return E.right(undefined);
  return E.map(entry.defaults)(decodeStrict(entry.spec, document.spec));
};

const frozenOf = (cell: Cell, alive: SpecCell | null): Live['frozen'] => {
  if (alive === null) return null;
  const result = decoded(cell.ref, alive.document);
  return E.isLeft(result) ? { revision: alive.mod, problems: result.left } : null;
};

export const liveOf = (cell: Cell): Live | null => {
  const { record, spec } = cell;
  if (record === null) return null;
  const alive = spec !== null && spec.create === record.incarnation ? spec : null;
  const recordOnly = kindEntry(cell.ref.kind).home === 'record';
  return {
    ref: cell.ref,
    uid: `${cell.ref.kind.toLowerCase()}-${cell.ref.name}-${String(record.incarnation)}`,
    incarnation: record.incarnation,
    generation: alive?.version ?? record.valid.generation,
    specGeneration: record.valid.generation,
    resourceVersion: Math.max(spec?.mod ?? 0, record.mod, cell.cut),
    createdAt: record.createdAt,
    labels: record.valid.labels ?? {},
    annotations: record.valid.annotations ?? {},
    owner: record.valid.owner ?? null,
    spec: record.valid.spec as never,
    status: record.status as never,
    deletion: record.deletion,
    succeeded: !recordOnly && spec !== null && alive === null,
    frozen: frozenOf(cell, alive),
    specRevision: spec?.mod ?? 0,
    recordRevision: record.mod,
  };
};

export class Aborted extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

const refuse = (message: string, reason?: string): never => {
  throw new Aborted(conflict(message, reason));
};

/** One transaction on a copy of the cells; kept only when nothing refused. */
export class Txn {
  constructor(
    readonly cells: Map<string, Cell>,
    readonly raws: Map<string, RawCell>,
    readonly revision: number,
    readonly now: string,
  ) {}

  cell(of: Ref): Cell {
    return this.cells.get(recordKey(of)) ?? { ref: of, spec: null, record: null, cut: 0 };
  }

  set(cell: Cell): void {
    this.cells.set(recordKey(cell.ref), cell);
  }

  /** What the keeper does: a record for a new spec, the last valid spec noted, a deletion stamped. */
  keep(cell: Cell): void {
    const { record, spec } = cell;
    if (spec === null) {
      if (record === null || record.deletion !== null) return this.set(cell);
      const deletion = { at: this.now, revision: this.revision };
      return this.set({ ...cell, record: { ...record, deletion, mod: this.revision } });
    }
    if (record !== null && record.incarnation !== spec.create) return this.set(cell);
    const result = decoded(cell.ref, spec.document);
    if (E.isLeft(result)) return this.set(cell);
    const valid = { ...spec.document, spec: result.right, generation: spec.version };
    const fresh = {
      incarnation: spec.create,
      createdAt: this.now,
      deletion: null,
      status: {},
      mod: this.revision,
    };
    this.set({ ...cell, record: { ...(record ?? fresh), valid, mod: this.revision } });
  }

  putSpec(of: Ref, document: SpecDocument): void {
    const cell = this.cell(of);
    const next = {
      create: cell.spec?.create ?? this.revision,
      mod: this.revision,
      version: (cell.spec?.version ?? 0) + 1,
      document,
    };
    this.keep({ ...cell, spec: next });
  }

  deleteSpec(of: Ref): void {
    this.keep({ ...this.cell(of), spec: null, cut: this.revision });
  }

  status(of: Ref, patch: unknown, since: number | undefined): boolean {
    const cell = this.cell(of);
    if (since !== undefined && since !== (cell.record?.mod ?? 0))
      refuse(`${of.kind} ${of.name} was written since`);
    if (cell.record === null && kindEntry(of.kind).home === 'spec')
      refuse(`${of.kind} ${of.name} is not there`);
    const before = cell.record?.status ?? {};
    const status = mergePatch(before, patch);
    if (cell.record !== null && JSON.stringify(status) === JSON.stringify(before)) return false;
    const fresh = {
      incarnation: this.revision,
      createdAt: this.now,
      valid: { spec: undefined, generation: 1 },
      deletion: null,
    };
    this.set({ ...cell, record: { ...(cell.record ?? fresh), status, mod: this.revision } });
    return true;
  }

  forget(of: Ref, since: number): void {
    const cell = this.cell(of);
    if (cell.record === null || cell.record.mod !== since)
      return void refuse(`the record of ${of.kind} ${of.name} was written since`);
    if (kindEntry(of.kind).home === 'spec' && cell.record.deletion === null)
      return void refuse(`${of.kind} ${of.name} is not being deleted`);
    this.keep({ ...cell, record: null });
  }

  rawWrite(compare: readonly Compare[], operation: Operation): void {
    for (const one of compare) if (!this.holds(one)) refuse(`${one.key} was written since`);
    if (operation.op === 'deletePrefix') {
      for (const key of [...this.raws.keys()]) if (key.startsWith(operation.prefix)) this.raws.delete(key);
    } else if (operation.op === 'delete') this.raws.delete(operation.key);
    else {
      const last = this.raws.get(operation.key);
      const next = {
        create: last?.create ?? this.revision,
        mod: this.revision,
        version: (last?.version ?? 0) + 1,
      };
      this.raws.set(operation.key, { value: operation.value, ...next });
    }
  }

  private holds(compare: Compare): boolean {
    const cell = this.raws.get(compare.key);
    if (compare.target === 'value') return cell?.value === compare.equals;
    return (cell?.[compare.target] ?? 0) === compare.equals;
  }

  /** Whether anything was written. */
  carryOut(write: Write): boolean {
    if (write.write === 'raw') {
      this.rawWrite(write.compare, write.operation);
      return true;
    }
    const cell = this.cell(write.ref);
    const name = `${write.ref.kind} ${write.ref.name}`;
    if (write.write === 'status') return this.status(write.ref, write.patch, write.unchangedSince);
    if (write.write === 'forget') this.forget(write.ref, write.unchangedSince);
    else if (write.write === 'create') {
      if (cell.spec !== null || cell.record !== null) refuse(`${name} is there already`, 'AlreadyExists');
      this.putSpec(write.ref, write.document);
    } else {
      if ((cell.spec?.mod ?? 0) !== write.unchangedSince) refuse(`${name} was written since`);
      if (write.write === 'replace') this.putSpec(write.ref, write.document);
      else this.deleteSpec(write.ref);
    }
    return true;
  }
}
