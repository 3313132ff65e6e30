/** The journal on disk: one JSON text a line, appended and synced; rewritten whole at the start and when it has grown. */
import { open, type FileHandle } from 'node:fs/promises';
import { readIfThere, writePrivate } from '../runtime/private-file.js';
import { type Entry, type Journal, type JournalRecord, JournalState } from './journal.js';

/** Lines that may gather before the file is rewritten without what is forgotten. */
const REWRITE_AFTER = 500;

const lineOf = (record: JournalRecord): string => `${JSON.stringify(record)}\n`;

/** A line the crash cut short is no record: it was neither acknowledged nor acted upon. */
const readRecords = (text: string): readonly JournalRecord[] =>
  text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JournalRecord];
      } catch {
        return [];
      }
    });

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

class DiskJournal implements Journal {
  private waiting: Waiting[] = [];
  private writing: Promise<void> | null = null;
  private lines = 0;

  constructor(
    private readonly path: string,
    private readonly state: JournalState,
    private file: FileHandle,
  ) {}

  entries() {
    return this.state.entries();
  }

  get(event: string) {
    return this.state.get(event);
  }

  cursor() {
    return this.state.cursor();
  }

  append(record: JournalRecord): Promise<void> {
    this.state.apply(record);
    return new Promise((resolve, reject) => {
      this.waiting.push({ line: lineOf(record), resolve, reject });
      this.writing ??= this.drain();
    });
  }

  async close(): Promise<void> {
    await this.writing;
    await this.file.close();
  }

  /** What gathers during one sync goes into the next: many records, few syncs. */
  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.write(batch.map(({ line }) => line));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.lines = REWRITE_AFTER; // half a line may be there, which the next one must not be joined to
        for (const { reject } of batch) reject(error);
      }
    }
    this.writing = null;
  }

  private async write(lines: readonly string[]): Promise<void> {
    if (this.lines + lines.length > REWRITE_AFTER) {
      await this.rewrite();
      return;
    }
    await this.file.appendFile(lines.join(''));
    await this.file.datasync();
    this.lines += lines.length;
  }

  /** The state has every record of the batch already. */
  private async rewrite(): Promise<void> {
    await writePrivate(this.path, this.state.records().map(lineOf).join(''));
    const old = this.file;
    this.file = await open(this.path, 'a');
    this.lines = 0;
    await old.close();
  }
}

/** What the journal at `path` holds, for another process than the one that writes it. */
export const readDiskJournal = async (path: string): Promise<readonly Entry[]> => {
  const state = new JournalState();
  for (const record of readRecords((await readIfThere(path)) ?? '')) state.apply(record);
  return state.entries();
};

/** Opens the journal at `path` with what an earlier run left there. */
export const openDiskJournal = async (path: string): Promise<Journal> => {
  const state = new JournalState();
  for (const record of readRecords((await readIfThere(path)) ?? '')) state.apply(record);
  await writePrivate(path, state.records().map(lineOf).join(''));
  return new DiskJournal(path, state, await open(path, 'a'));
};
