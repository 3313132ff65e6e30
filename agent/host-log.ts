/** The host's log on disk: JSON lines in at most two files, so that it never fills the disk; read backwards and followed. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** In the folder of the log; what was before it is in `agent.log.1`. */
export const LOG_FILE = 'agent.log';

const FILE_BYTES = 1024 * 1024;
/** A line that is longer is cut: it is sent in one message. */
const LINE_CHARACTERS = 16 * 1024;

export interface HostLog {
  /** Adds a line; a disk that does not take it loses the line, never the agent. */
  write(line: string): void;
  /** The newest lines, oldest first; of one event only where one is named. */
  tail(count: number, event: string | null): readonly string[];
  /** Tells of each line that is written from now on, until the answer is called. */
  follow(event: string | null, heard: (line: string) => void): () => void;
}

interface Marked {
  readonly event?: unknown;
  readonly message?: unknown;
}

const markedIn = (line: string): Marked => {
  try {
    return JSON.parse(line) as Marked;
  } catch {
    return {};
  }
};

/** Lines of an event: those that name it, and all between its begin and its end, since events run one at a time. */
export const ofEvent = (event: string | null): ((line: string) => boolean) => {
  if (event === null) return () => true;
  let inside = false;
  return (line) => {
    const { event: named, message } = markedIn(line);
    if (named === event && message === 'event begins') inside = true;
    const taken = inside || named === event;
    if (named === event && message === 'event ends') inside = false;
    return taken;
  };
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const sizeOf = (file: string): number => {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
};

class DiskLog implements HostLog {
  private readonly followers = new Set<(line: string) => void>();
  private size: number;

  constructor(
    private readonly file: string,
    private readonly bytes: number,
  ) {
    this.size = sizeOf(file);
  }

  write(text: string): void {
    const line = text.trimEnd().slice(0, LINE_CHARACTERS);
    try {
      this.append(`${line}\n`);
    } catch {
      // there is nowhere left to say so
    }
    for (const heard of this.followers) heard(line);
  }

  tail(count: number, event: string | null): readonly string[] {
    if (count === 0) return [];
    const lines = `${textOf(this.older())}${textOf(this.file)}`.split('\n').filter((line) => line !== '');
    return lines.filter(ofEvent(event)).slice(-count);
  }

  follow(event: string | null, heard: (line: string) => void): () => void {
    const takes = ofEvent(event);
    // the event may have begun before
    if (event !== null) for (const line of this.tail(Infinity, null)) takes(line);
    const follower = (line: string): void => {
      if (takes(line)) heard(line);
    };
    this.followers.add(follower);
    return () => {
      this.followers.delete(follower);
    };
  }

  private older(): string {
    return `${this.file}.1`;
  }

  private append(line: string): void {
    const length = Buffer.byteLength(line);
    if (this.size > 0 && this.size + length > this.bytes) {
      renameSync(this.file, this.older());
      this.size = 0;
    }
    appendFileSync(this.file, line, { mode: 0o600 });
    this.size += length;
  }
}

/** The log in this folder, which is made; two files of `bytes` at most. */
export const openHostLog = (folder: string, bytes = FILE_BYTES): HostLog => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return new DiskLog(join(folder, LOG_FILE), bytes);
};

/** Where the log of a host is. */
export const hostLogFolder = (root: string): string => join(root, 'var/log/scalarium');
