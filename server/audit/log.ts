/**
 * The audit log on disk: one JSON object a line, in the order in which they were written, in private files that follow
 * one another. Nobody waits for it: lines are kept in memory until the disk has taken them, and what it does not take
 * is tried again, counted and logged.
 */
import { mkdir, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Metric } from '../metrics.js';
import type { Audit, AuditEntry, AuditQuery } from './audit.js';
import { auditFile, auditFiles } from './files.js';
import { searchAudit } from './search.js';

export interface AuditLogOptions {
  /** Made when it is not there. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A file is followed by the next before it grows beyond this; 100 MiB unless told. */
  readonly fileBytes?: number;
  /** How many files are kept; 10 unless told. */
  readonly files?: number;
}

export interface AuditLog extends Audit {
  metrics(): readonly Metric[];
  /** Resolves once every line is on disk, or the disk has refused it. */
  close(): Promise<void>;
}

/** Lines that wait for the disk; more are lost, and counted. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
const BATCH_BYTES = 1024 * 1024;
const RETRY_AFTER = seconds(1);

/** Anybody can be refused as often as they like: lines of that kind that may come at once, and per second after that. */
const REFUSALS_AT_ONCE = 500;
const REFUSALS_A_SECOND = 5;

interface Current {
  readonly handle: FileHandle;
  readonly path: string;
  readonly number: number;
  readonly inode: number;
  size: number;
}

const isThere = async ({ path, inode }: Current): Promise<boolean> => {
  try {
    return (await stat(path)).ino === inode;
  } catch {
    return false;
  }
};

/** What a crash left half written ends here, so that the next line is one. */
const endLine = async (handle: FileHandle, size: number): Promise<number> => {
  if (size === 0) return 0;
  const last = Buffer.alloc(1);
  const reader = await handle.read(last, 0, 1, size - 1);
  if (reader.bytesRead === 1 && last[0] === 0x0a) return size;
  await handle.writeFile('\n');
  return size + 1;
};

const openFile = async (directory: string, number: number): Promise<Current> => {
  const path = auditFile(directory, number);
  const handle = await open(path, 'a+', 0o600);
  try {
    const { ino, size } = await handle.stat();
    return { handle, path, number, inode: ino, size: await endLine(handle, size) };
  } catch (error) {
    await handle.close();
    throw error;
  }
};

class FileAudit implements AuditLog {
  private waiting: string[] = [];
  private waitingBytes = 0;
  private current: Current | null = null;
  private draining: Promise<void> | null = null;
  private failing = false;
  private readonly closing = new AbortController();
  private readonly counts = { written: 0, failures: 0, lost: 0, left: 0 };
  private refusals = REFUSALS_AT_ONCE;
  private refusedAt = 0;
  private readonly log: Log;

  constructor(private readonly options: AuditLogOptions) {
    this.log = options.log.with({ component: 'audit' });
  }

  write(entry: AuditEntry): void {
    if (entry.code === 401 && !this.hasRoomForRefusal()) {
      this.counts.left += 1;
      return;
    }
    const line = `${JSON.stringify(entry)}\n`;
    const bytes = Buffer.byteLength(line);
    if (this.closing.signal.aborted || this.waitingBytes + bytes > MOST_WAITING_BYTES) {
      this.counts.lost += 1;
      return;
    }
    this.waiting.push(line);
    this.waitingBytes += bytes;
    void this.drained();
  }

  async read(query: AuditQuery): Promise<readonly AuditEntry[]> {
    if (!this.failing) await this.drained();
    return searchAudit(this.options.directory, query);
  }

  metrics(): readonly Metric[] {
    const { written, failures, lost, left } = this.counts;
    return [
      { name: 'scalarium_audit_lines_total', value: written },
      { name: 'scalarium_audit_write_failures_total', value: failures },
      { name: 'scalarium_audit_lines_lost_total', value: lost },
      { name: 'scalarium_audit_refusals_left_out_total', value: left },
      { name: 'scalarium_audit_lines_waiting', value: this.waiting.length },
    ];
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.drained();
    if (this.waiting.length > 0) {
      this.counts.lost += this.waiting.length;
      this.log.error('lines of the audit log are lost', { lines: this.waiting.length });
    }
    try {
      await this.current?.handle.sync();
    } catch (error) {
      this.failed(error);
    }
    await this.leave();
  }

  /** A flood of requests without a token must not push out what the log is kept for. */
  private hasRoomForRefusal(): boolean {
    const now = this.options.clock.monotonic();
    const regained = ((now - this.refusedAt) / 1000) * REFUSALS_A_SECOND;
    this.refusals = Math.min(REFUSALS_AT_ONCE, this.refusals + regained);
    this.refusedAt = now;
    if (this.refusals < 1) return false;
    this.refusals -= 1;
    return true;
  }

  /** Resolves when nothing waits any more, or (while closing) when the disk has refused once more. */
  private drained(): Promise<void> {
    this.draining ??= this.drain();
    return this.draining;
  }

  private async drain(): Promise<void> {
    // lines that come in the same turn share a write
    await Promise.resolve();
    await this.writeWaiting();
    // in the turn that found nothing waiting: a line that comes later begins anew
    this.draining = null;
  }

  private async writeWaiting(): Promise<void> {
    while (this.waiting.length > 0) {
      const count = this.nextBatch();
      const text = this.waiting.slice(0, count).join('');
      if (await this.append(text)) {
        this.waiting = this.waiting.slice(count);
        this.waitingBytes -= Buffer.byteLength(text);
        this.counts.written += count;
      } else {
        if (this.closing.signal.aborted) return;
        await this.options.clock.sleep(RETRY_AFTER, this.closing.signal);
      }
    }
  }

  /** How many of the waiting lines are written at once. */
  private nextBatch(): number {
    let size = 0;
    const past = this.waiting.findIndex((line) => (size += line.length) > BATCH_BYTES);
    return past < 0 ? this.waiting.length : Math.max(1, past);
  }

  private async append(text: string): Promise<boolean> {
    const bytes = Buffer.byteLength(text);
    try {
      const current = await this.roomFor(bytes);
      await current.handle.writeFile(text);
      current.size += bytes;
      this.failing = false;
      return true;
    } catch (error) {
      this.failed(error);
      await this.undo();
      return false;
    }
  }

  private failed(error: unknown): void {
    this.counts.failures += 1;
    if (this.failing) return;
    this.failing = true;
    const { directory } = this.options;
    this.log.error('the audit log cannot be written; lines are kept and tried again', { directory, error });
  }

  /** What was written of a batch that failed goes: it is written whole later. */
  private async undo(): Promise<void> {
    try {
      await this.current?.handle.truncate(this.current.size);
    } catch {
      // the next file begins with a whole line all the same
    }
    await this.leave();
  }

  private async leave(): Promise<void> {
    const { current } = this;
    this.current = null;
    try {
      await current?.handle.close();
    } catch (error) {
      this.failed(error);
    }
  }

  /** The file that takes so many bytes: the present one, one in place of one that was removed, or the next. */
  private async roomFor(bytes: number): Promise<Current> {
    const { directory, fileBytes = 100 * 1024 * 1024 } = this.options;
    if (this.current !== null && !(await isThere(this.current))) await this.leave();
    if (this.current === null) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const last = (await auditFiles(directory)).at(-1) ?? 1;
      this.current = await openFile(directory, last);
    }
    const { number, size } = this.current;
    if (size === 0 || size + bytes <= fileBytes) return this.current;
    await this.leave();
    this.current = await openFile(directory, number + 1);
    await this.forgetOld();
    return this.current;
  }

  private async forgetOld(): Promise<void> {
    const { directory, files = 10 } = this.options;
    const numbers = await auditFiles(directory);
    for (const number of numbers.slice(0, -files)) await rm(auditFile(directory, number), { force: true });
  }
}

/** Opens the log; what keeps it from being written is told by its metrics and in the log, never thrown. */
export const openAuditLog = (options: AuditLogOptions): AuditLog => new FileAudit(options);
