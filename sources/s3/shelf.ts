/**
 * A shelf in a bucket. What a control plane reads of it is kept in a directory of its own, so that it reads each file
 * once, however many hosts want it; and hosts that can reach the bucket are given an address there.
 */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Observable } from 'rxjs';
import { PACK_BYTES } from '../../api-types/cookbooks.js';
import { minutes, type Millis } from '../../api-types/units.js';
import { saved } from '../../recipes/download.js';
import type { Clock } from '../../runtime/clock.js';
import { writePrivate } from '../../runtime/private-file.js';
import { isShelfName, openShelf, type Shelf, type ShelfFile } from '../../runtime/shelf.js';
import { Bucket, type BucketSettings } from './bucket.js';

/** How long an address holds: to begin with, not to end. */
const LINK_SECONDS = 900;
/** A storm of hosts does not ask the bucket for each of them whether it has the file. */
const SEEN_FOR = minutes(1);
const UNNAMED = 'unnamed.json';

type Since = Readonly<Record<string, number>>;

const read = async (file: string): Promise<Since> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Since;
  } catch {
    return {}; // it is only counted anew
  }
};

class BucketShelf implements Shelf {
  readonly folder: string;
  readonly lacking$: Observable<string>;
  /** Files on their way from the bucket. */
  private readonly coming = new Map<string, Promise<boolean>>();
  /** When the bucket was last known to have it, by the monotonic clock. */
  private readonly seen = new Map<string, Millis>();

  constructor(
    private readonly bucket: Bucket,
    private readonly kept: Shelf,
    private readonly clock: Clock,
  ) {
    this.folder = kept.folder;
    this.lacking$ = kept.lacking$;
  }

  /** That the bucket does not answer says nothing of what is in it. */
  async has(digest: string): Promise<boolean> {
    if (!isShelfName(digest)) return false;
    if (this.wasSeen(digest)) return true;
    const here = await this.kept.get(digest);
    const there = await this.bucket.has(digest).catch((error: unknown) => {
      if (here === null) throw error;
      return true;
    });
    if (there) this.note(digest);
    // somebody has removed it: it goes where others look for it
    else if (here !== null) await this.upload(join(this.folder, digest), digest);
    return there || here !== null;
  }

  async get(digest: string): Promise<ShelfFile | null> {
    if (!isShelfName(digest)) return null;
    const here = await this.kept.get(digest);
    if (here !== null) return here;
    return (await this.bring(digest)) ? this.kept.get(digest) : null;
  }

  async link(digest: string): Promise<string | null> {
    return (await this.has(digest)) ? this.bucket.link(digest, LINK_SECONDS) : null;
  }

  async put(file: string, digest: string): Promise<void> {
    if (!(await this.bucket.has(digest))) await this.upload(file, digest);
    await this.kept.put(file, digest);
    this.note(digest);
  }

  work<A>(run: (folder: string) => Promise<A>): Promise<A> {
    return this.kept.work(run);
  }

  /** A bucket does not tell when a file was named last, so this is counted here, over restarts. */
  async sweep(named: ReadonlySet<string>, after: Millis): Promise<readonly string[]> {
    await this.kept.sweep(named, after);
    const before = await read(join(this.folder, UNNAMED));
    const now = this.clock.now();
    const unnamed = (await this.bucket.names()).filter((name) => isShelfName(name) && !named.has(name));
    const since = Object.fromEntries(unnamed.map((name) => [name, before[name] ?? now]));
    const removed = unnamed.filter((name) => now - (since[name] ?? now) > after);
    for (const name of removed) await this.remove(name);
    const left = Object.entries(since).filter(([name]) => !removed.includes(name));
    if (left.length + Object.keys(before).length > 0) await this.remember(Object.fromEntries(left));
    return removed;
  }

  lack(about: string): void {
    this.kept.lack(about);
  }

  private async remember(since: Since): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writePrivate(join(this.folder, UNNAMED), JSON.stringify(since));
  }

  private async remove(name: string): Promise<void> {
    this.seen.delete(name);
    await this.bucket.remove(name);
  }

  private note(digest: string): void {
    this.seen.set(digest, this.clock.monotonic());
  }

  private wasSeen(digest: string): boolean {
    const at = this.seen.get(digest);
    if (at !== undefined && this.clock.monotonic() - at < SEEN_FOR) return true;
    this.seen.delete(digest);
    return false;
  }

  private async upload(file: string, digest: string): Promise<void> {
    await this.bucket.put(digest, { file, digest, bytes: (await stat(file)).size });
    this.note(digest);
  }

  /** Once, whoever waits for it. */
  private bring(digest: string): Promise<boolean> {
    const coming = this.coming.get(digest) ?? this.download(digest);
    this.coming.set(digest, coming);
    return coming.finally(() => this.coming.delete(digest));
  }

  private download(digest: string): Promise<boolean> {
    return this.kept.work(async (folder) => {
      const file = join(folder, 'file');
      const there = await this.bucket.get(digest, async (body) => {
        if ((await saved(file, body, { mostBytes: PACK_BYTES })) !== digest)
          throw new Error(`the artifact store ${this.bucket.shown} holds something else than ${digest}`);
      });
      if (there) await this.kept.put(file, digest);
      return there;
    });
  }
}

/** `folder`: where what was read is kept. Asks the bucket nothing yet. */
export const openBucketShelf = async (
  settings: BucketSettings,
  folder: string,
  clock: Clock,
): Promise<Shelf> => new BucketShelf(new Bucket(settings, clock), await openShelf(folder, clock), clock);
