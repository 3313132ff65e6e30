/** What the in-memory Objects (objects.ts) is made of: cells, a transaction on a copy of them, and how they are seen. */
import * as E from 'fp-ts/lib/Either.js';
import { kindEntry } from '../../api-types/kinds.js';
import {
  type ManagedFieldsEntry,
  type OwnersNote,
  currentOwners,
  entriesOf,
  noteOf,
} from '../../api-types/managed-fields.js';
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
  /** The document of the last valid edit, as it was put. */
  readonly document: SpecDocument;
  readonly note: OwnersNote | null;
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

const meta = ({ valid }: RecordCell): Pick<Live, 'labels' | 'annotations' | 'owner'> => ({
  labels: valid.labels ?? {},
  annotations: valid.annotations ?? {},
  owner: valid.owner ?? null,
});

const aliveIn = ({ spec, record }: Cell): SpecCell | null =>
  spec !== null && spec.create === record?.incarnation ? spec : null;

const ownersKnown = ({ note, document }: RecordCell): Live['owners'] => ({
  note,
  noted: document,
  document,
});

export const liveOf = (cell: Cell): Live | null => {
  const { record, spec } = cell;
  if (record === null) return null;
  const alive = aliveIn(cell);
  const specRevision = spec?.mod ?? 0;
  const recordOnly = kindEntry(cell.ref.kind).home === 'record';
  return {
    ref: cell.ref,
    uid: `${cell.ref.kind.toLowerCase()}-${cell.ref.name}-${String(record.incarnation)}`,
    incarnation: record.incarnation,
    generation: alive?.version ?? record.valid.generation,
    specGeneration: record.valid.generation,
    resourceVersion: Math.max(specRevision, record.mod, cell.cut),
    createdAt: record.createdAt,
    ...meta(record),
    spec: record.valid.spec as never,
    status: record.status as never,
    deletion: record.deletion,
    succeeded: !recordOnly && spec !== null && alive === null,
    frozen: frozenOf(cell, alive),
    specRevision,
    recordRevision: record.mod,
    ...(recordOnly ? {} : { owners: ownersKnown(record) }),
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
    this.set({ ...cell, record: cell.spec === null ? this.stamped(cell) : this.noted(cell, cell.spec) });
  }

  private stamped({ ref: of, record }: Cell): RecordCell | null {
    if (kindEntry(of.kind).bare) return null;
    if (record === null || record.deletion !== null) return record;
    return { ...record, deletion: { at: this.now, revision: this.revision }, mod: this.revision };
  }

  private noted({ ref: of, record }: Cell, spec: SpecCell): RecordCell | null {
    if (record !== null && record.incarnation !== spec.create) return record;
    const result = decoded(of, spec.document);
    if (E.isLeft(result)) return record;
    const valid = { ...spec.document, spec: result.right, generation: spec.version };
    const base = record ?? this.fresh(spec.create);
    return { ...base, ...this.owned(of, base, spec.document), valid, mod: this.revision };
  }

  /** Changes past the API go to their owner, as the keeper has it. */
  private owned(of: Ref, { note, document: noted }: RecordCell, document: SpecDocument) {
    if (note === null) return { document, note };
    const owners = currentOwners({ note, noted, document }, kindEntry(of.kind).defaults, this.now);
    return { document, note: noteOf(document, entriesOf(owners)) };
  }

  private fresh(incarnation: number): RecordCell {
    const valid = { spec: undefined, generation: 1 };
    const none = { deletion: null, status: {}, document: { spec: {} }, note: null };
    return { incarnation, createdAt: this.now, mod: this.revision, valid, ...none };
  }

  putSpec(of: Ref, given: SpecDocument, owners?: readonly ManagedFieldsEntry[]): void {
    // as the store has it: a field that is undefined is no field
    const document = JSON.parse(JSON.stringify(given)) as SpecDocument;
    const cell = this.cell(of);
    const next = {
      create: cell.spec?.create ?? this.revision,
      mod: this.revision,
      version: (cell.spec?.version ?? 0) + 1,
      document,
    };
    this.keep({ ...cell, spec: next, record: this.withOwners(cell, document, owners) });
  }

  private withOwners(
    { spec, record }: Cell,
    document: SpecDocument,
    owners: readonly ManagedFieldsEntry[] | undefined,
  ): RecordCell | null {
    if (record === null || owners === undefined || spec?.create !== record.incarnation) return record;
    return { ...record, note: noteOf(document, owners) };
  }

  private ownersOnly({ ref: of, owners, unchangedSince }: Extract<Write, { write: 'owners' }>): void {
    const cell = this.cell(of);
    if ((cell.spec?.mod ?? 0) !== unchangedSince) refuse(`${of.kind} ${of.name} was written since`);
    if (cell.spec === null) return;
    const record = this.withOwners(cell, cell.spec.document, owners);
    this.set({ ...cell, record: record === null ? null : { ...record, mod: this.revision } });
  }

  deleteSpec(of: Ref): void {
    this.keep({ ...this.cell(of), spec: null, cut: this.revision });
  }

  status(of: Ref, patch: unknown, since: number | undefined): boolean {
    const cell = this.cell(of);
    const name = `${of.kind} ${of.name}`;
    if (since !== undefined && since !== (cell.record?.mod ?? 0)) refuse(`${name} was written since`);
    if (cell.record === null && kindEntry(of.kind).home === 'spec') refuse(`${name} is not there`);
    const record = cell.record ?? this.fresh(this.revision);
    const status = mergePatch(record.status, patch);
    if (cell.record !== null && JSON.stringify(status) === JSON.stringify(record.status)) return false;
    this.set({ ...cell, record: { ...record, status, mod: this.revision } });
    return true;
  }

  forget(of: Ref, since: number): void {
    const cell = this.cell(of);
    const name = `${of.kind} ${of.name}`;
    if (cell.record?.mod !== since) refuse(`the record of ${name} was written since`);
    if (kindEntry(of.kind).home === 'spec' && cell.record?.deletion === null)
      refuse(`${name} is not being deleted`);
    this.keep({ ...cell, record: null });
  }

  private rawWrite(compare: readonly Compare[], operation: Operation): void {
    for (const one of compare) if (!this.holds(one)) refuse(`${one.key} was written since`);
    if (operation.op === 'delete') this.raws.delete(operation.key);
    else if (operation.op === 'put') this.putRaw(operation.key, operation.value);
    else for (const key of [...this.raws.keys()]) if (key.startsWith(operation.prefix)) this.raws.delete(key);
  }

  private putRaw(key: string, value: string): void {
    const last = this.raws.get(key) ?? { create: this.revision, version: 0 };
    this.raws.set(key, { value, create: last.create, mod: this.revision, version: last.version + 1 });
  }

  private holds(compare: Compare): boolean {
    const record = this.cells.get(compare.key)?.record;
    if (record && compare.target === 'mod') return record.mod === compare.equals;
    const cell = this.raws.get(compare.key);
    if (compare.target === 'value') return cell?.value === compare.equals;
    return (cell?.[compare.target] ?? 0) === compare.equals;
  }

  /** Whether anything was written. */
  carryOut(write: Write): boolean {
    if (write.write === 'status') return this.status(write.ref, write.patch, write.unchangedSince);
    if (write.write === 'raw') this.rawWrite(write.compare, write.operation);
    else if (write.write === 'owners') this.ownersOnly(write);
    else if (write.write === 'forget') this.forget(write.ref, write.unchangedSince);
    else this.specWrite(write);
    return true;
  }

  private specWrite(write: Extract<Write, { write: 'create' | 'replace' | 'delete' }>): void {
    const { spec, record } = this.cell(write.ref);
    const name = `${write.ref.kind} ${write.ref.name}`;
    const there = spec !== null || record !== null;
    if (write.write === 'create' && there) refuse(`${name} is there already`, 'AlreadyExists');
    if (write.write !== 'create' && (spec?.mod ?? 0) !== write.unchangedSince)
      refuse(`${name} was written since`);
    if (write.write === 'delete') this.deleteSpec(write.ref);
    else this.putSpec(write.ref, write.document, write.write === 'replace' ? write.owners : undefined);
  }
}
