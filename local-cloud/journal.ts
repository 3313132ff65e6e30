/**
 * The state on disk: one file of JSON lines, each line one commit (a list of row changes), replayed at start. A line
 * is acted upon whole or not at all: a torn last line is a commit nobody was told of. Commits that come while the disk
 * is busy share the next write and fsync. When the file has grown well beyond what it says, it is written anew beside
 * and renamed over.
 */
import { existsSync, readFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { writePrivateSync } from '../runtime/private-file.js';

const COMPACT_AFTER_BYTES = 16 * 1024 * 1024;

export interface Journal {
  /** Queues a commit; it is durable once a `flushed()` that was asked for afterwards resolves. */
  append(commit: unknown): void;
  /** Resolves when everything appended so far is on disk; rejects when the disk refused. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

/** The commits of the file, oldest first; what follows the last whole line is dropped. */
export const readCommits = (path: string): readonly unknown[] => {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (cause) {
      throw new Error(`${path}, line ${String(index + 1)}: no JSON; the state is damaged`, { cause });
    }
  });
};

/** Replaces the file by these commits, atomically. */
const rewrite = (path: string, commits: readonly unknown[]): number => {
  const text = commits.map((commit) => `${JSON.stringify(commit)}\n`).join('');
  writePrivateSync(path, text);
  return Buffer.byteLength(text);
};

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/** Opens the journal for appending; `whole` gives the commits that say all of the present state. */
export const openJournal = async (path: string, whole: () => readonly unknown[]): Promise<Journal> => {
  let base = rewrite(path, whole());
  let size = base;
  let file: FileHandle = await open(path, 'a');
  let lines: string[] = [];
  let waiters: Waiter[] = [];
  let running: Promise<void> | null = null;

  const compact = async (): Promise<void> => {
    await file.close();
    base = rewrite(path, whole());
    size = base;
    file = await open(path, 'a');
  };
  const writeOnce = async (): Promise<void> => {
    const text = lines.join('');
    const told = waiters;
    lines = [];
    waiters = [];
    try {
      if (text !== '') {
        await file.appendFile(text);
        await file.datasync();
        size += Buffer.byteLength(text);
        if (size > base * 2 + COMPACT_AFTER_BYTES) await compact();
      }
      for (const waiter of told) waiter.resolve();
    } catch (cause) {
      for (const waiter of told) waiter.reject(cause);
      throw cause;
    }
  };
  const drain = async (): Promise<void> => {
    while (lines.length > 0 || waiters.length > 0) await writeOnce();
    running = null;
  };
  // A disk that failed once is not trusted again: `running` stays, rejected, and so does every later flush.
  const run = (): Promise<void> => {
    if (running === null) {
      running = drain();
      running.catch(() => undefined);
    }
    return running;
  };

  return {
    append: (commit) => {
      lines.push(`${JSON.stringify(commit)}\n`);
      void run().catch(() => undefined);
    },
    flushed: async () => {
      if (running === null) return;
      await new Promise<void>((resolve, reject) => {
        waiters.push({ resolve, reject });
        run().catch(reject);
      });
    },
    close: async () => {
      await run();
      await file.close();
    },
  };
};
