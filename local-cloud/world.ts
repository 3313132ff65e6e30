/**
 * The state of the local cloud in memory, backed by the journal. Rows are never changed in place: a copy of a table's
 * map is a snapshot. `commit` is at once visible in memory and durable after the next `flushed()`, which every answer
 * waits for, so that nobody is told of what a crash could take back.
 */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { Subject, type Observable } from 'rxjs';
import { openJournal, readCommits } from './journal.js';
import { TABLES, type Change, type Row, type Table } from './model.js';

export type Tables = { readonly [T in Table]: ReadonlyMap<string, Row<T>> };

export interface World extends Tables {
  /** All of these changes or, after a crash, none. */
  commit(changes: readonly Change[]): void;
  /** What was committed, after the fact. */
  readonly committed$: Observable<readonly Change[]>;
  flushed(): Promise<void>;
  close(): Promise<void>;
}

const Line = t.array(t.tuple([t.keyof(TABLES), t.string, t.unknown]));

const decodedRow = (table: Table, key: string, row: unknown): Change => {
  if (row === null) return [table, key, null] as Change;
  const decoded = TABLES[table].decode(row);
  if (E.isLeft(decoded))
    throw new Error(`The state of the local cloud has a ${table} row ${key} that is none of this version's`);
  return [table, key, decoded.right] as Change;
};

const decodedCommit = (commit: unknown): readonly Change[] => {
  const line = Line.decode(commit);
  if (E.isLeft(line)) throw new Error('The state of the local cloud has a line that is no commit');
  return line.right.map(([table, key, row]) => decodedRow(table, key, row));
};

type Mutable = { readonly [T in Table]: Map<string, Row<T>> };

const emptyTables = (): Mutable => ({
  machines: new Map(),
  reservations: new Map(),
  tokens: new Map(),
  keyPairs: new Map(),
  groups: new Map(),
  fixedTags: new Map(),
});

const applyChange = (tables: Mutable, [table, key, row]: Change): void => {
  const rows = tables[table] as Map<string, unknown>;
  if (row === null) rows.delete(key);
  else rows.set(key, row);
};

const wholeState = (tables: Mutable): readonly unknown[] =>
  Object.entries(tables).flatMap(([table, rows]) => [...rows].map(([key, row]) => [[table, key, row]]));

/** Reads the state at `path` (none: an empty one) and keeps it there. */
export const openWorld = async (path: string): Promise<World> => {
  const tables = emptyTables();
  for (const commit of readCommits(path))
    for (const change of decodedCommit(commit)) applyChange(tables, change);
  const journal = await openJournal(path, () => wholeState(tables));
  const committed = new Subject<readonly Change[]>();
  return {
    ...tables,
    commit: (changes) => {
      if (changes.length === 0) return;
      for (const change of changes) applyChange(tables, change);
      journal.append(changes);
      committed.next(changes);
    },
    committed$: committed.asObservable(),
    flushed: () => journal.flushed(),
    close: async () => {
      committed.complete();
      await journal.close();
    },
  };
};
