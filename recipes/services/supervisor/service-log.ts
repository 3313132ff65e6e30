/** What a service writes, kept within bounds: one file, the one before it, and the last lines for people. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../../output.js';

/** Of each of the two files. */
const FILE_BYTES = 1024 * 1024;
const LAST_LINES = 10;
const LINE_CHARACTERS = 500;

export interface ServiceLog {
  write(chunk: Buffer): void;
  /** The last lines since `begin`, for people. */
  last(): string;
  /** From here on a new run speaks. */
  begin(): void;
}

class BoundedLog implements ServiceLog {
  private descriptor: number | null = null;
  private size = 0;
  private tail = '';

  constructor(private readonly file: string) {}

  write(chunk: Buffer): void {
    this.tail = (this.tail + chunk.toString('utf8')).slice(-LAST_LINES * LINE_CHARACTERS);
    try {
      // of a chunk that is too long by itself the end is kept
      this.append(chunk.subarray(-FILE_BYTES));
    } catch {
      // a full disk must not end the service that made it full
    }
  }

  last(): string {
    const lines = this.tail.trimEnd().split('\n').slice(-LAST_LINES);
    return lines.map((line) => printable(line).slice(0, LINE_CHARACTERS)).join('\n');
  }

  begin(): void {
    this.tail = '';
  }

  private append(chunk: Buffer): void {
    if (this.descriptor !== null && this.size + chunk.length > FILE_BYTES) {
      closeSync(this.descriptor);
      this.descriptor = null;
      this.size = 0;
      renameSync(this.file, `${this.file}.1`);
    }
    if (this.descriptor === null) {
      this.descriptor = openSync(this.file, 'a', 0o640);
      this.size = fstatSync(this.descriptor).size;
    }
    this.size += writeSync(this.descriptor, chunk);
  }
}

const fileOf = (folder: string, name: string): string => join(folder, `${name.replaceAll('/', '-')}.log`);

export const serviceLog = (folder: string, name: string): ServiceLog => {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return new BoundedLog(fileOf(folder, name));
};
