/**
 * A directory of files that are named by their SHA-256: written whole, never changed, removed when nobody has named them
 * for a while. One process writes it, since its directory is locked.
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Subject, type Observable } from 'rxjs';
import type { Millis } from '../api-types/units.js';
import type { Clock } from './clock.js';
import { syncPath } from './private-file.js';

export interface ShelfFile {
  readonly bytes: number;
  stream(): Readable;
}

export interface Shelf {
  has(digest: string): Promise<boolean>;
  /** Null: there is none. */
  get(digest: string): Promise<ShelfFile | null>;
  /** Takes a file over that is in a folder of `work`. */
  put(file: string, digest: string): Promise<void>;
  /**
   * An address from which anybody who knows it gets the file, for a while and straight from where it is kept. Null: there
   * is none, or no such file.
   */
  link(digest: string): Promise<string | null>;
  /** Runs with a folder of its own, on the same file system, that is gone afterwards. */
  work<A>(run: (folder: string) => Promise<A>): Promise<A>;
  /** Where what lasts may be kept beside the files. */
  readonly folder: string;
  /** Removes what nobody has named for `after`; those in `named` are named now. */
  sweep(named: ReadonlySet<string>, after: Millis): Promise<readonly string[]>;
  /** Somebody has asked in vain for what this text is about. */
  lack(about: string): void;
  readonly lacking$: Observable<string>;
}

const NAME = /^[0-9a-f]{64}$/;

/** Whether it can be a file of a shelf. */
export const isShelfName = (text: string): boolean => NAME.test(text);

const WORK = 'work-';

const sizeOf = (place: string): Promise<number | null> =>
  stat(place).then(
    (found) => found.size,
    () => null,
  );

class Directory implements Shelf {
  private readonly lacking = new Subject<string>();
  readonly lacking$ = this.lacking.asObservable();

  constructor(
    readonly folder: string,
    private readonly clock: Clock,
  ) {}

  async has(digest: string): Promise<boolean> {
    return (await sizeOf(this.place(digest))) !== null;
  }

  async get(digest: string): Promise<ShelfFile | null> {
    const place = this.place(digest);
    const bytes = await sizeOf(place);
    return bytes === null ? null : { bytes, stream: () => createReadStream(place) };
  }

  async put(file: string, digest: string): Promise<void> {
    await syncPath(file);
    await this.touch(file);
    await rename(file, this.place(digest));
    await syncPath(this.folder);
  }

  link(): Promise<null> {
    return Promise.resolve(null);
  }

  async work<A>(run: (folder: string) => Promise<A>): Promise<A> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(this.folder, WORK));
    try {
      return await run(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async sweep(named: ReadonlySet<string>, after: Millis): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const name of await readdir(this.folder).catch(() => [])) {
      if (!isShelfName(name)) continue;
      if (named.has(name)) await this.touch(join(this.folder, name));
      else if (await this.isOld(name, after)) {
        await rm(join(this.folder, name), { force: true });
        removed.push(name);
      }
    }
    return removed;
  }

  lack(about: string): void {
    this.lacking.next(about);
  }

  /** What an earlier process left half-done. */
  async clean(): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => []))
      if (name.startsWith(WORK)) await rm(join(this.folder, name), { recursive: true, force: true });
  }

  private async isOld(name: string, after: Millis): Promise<boolean> {
    const { mtimeMs } = await stat(join(this.folder, name));
    return this.clock.now() - mtimeMs > after;
  }

  private touch(place: string): Promise<void> {
    const now = this.clock.now() / 1000;
    return utimes(place, now, now);
  }

  private place(digest: string): string {
    if (!isShelfName(digest)) throw new Error(`"${digest}" is no SHA-256`);
    return join(this.folder, digest);
  }
}

/** Made when it is first written to. */
export const openShelf = async (folder: string, clock: Clock): Promise<Shelf> => {
  const shelf = new Directory(folder, clock);
  await shelf.clean();
  return shelf;
};
