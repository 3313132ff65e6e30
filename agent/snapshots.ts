/** Snapshots the agent holds: by digest, brought forward by diffs, fetched only when the base is missing. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventOrder } from '../api-types/agent-protocol.js';
import { mergePatch } from '../api-types/merge-patch.js';
import { isDigest, snapshotDigest } from '../api-types/snapshot-digest.js';
import { readIfThere, writePrivate } from '../runtime/private-file.js';

/** Gives the snapshot from a gateway. */
export type Fetch = (digest: string) => Promise<unknown>;

export interface Snapshots {
  /** The digest of the newest one held, or empty. */
  newest(): string;
  /** Takes in what an event brings: its diff makes the event's snapshot from a base that is held. */
  offer(order: Pick<EventOrder, 'snapshot' | 'diff'>): Promise<void>;
  /** The snapshot itself; fetched when it is not held. Rejects when it cannot be had or is not what its name says. */
  get(digest: string, fetch: Fetch): Promise<unknown>;
}

/** Events refer to the newest or the one before; more would be waste. */
const KEPT = 3;

const parsed = (text: string | null): unknown => {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
};

/** `12-<digest>`: files are numbered as they come, since times of one tick are equal. */
const isFile = (name: string): boolean => /^\d+-[0-9a-f]{64}$/.test(name);
const numberOf = (name: string): number => Number(name.split('-')[0]);
const digestIn = (name: string): string => name.split('-')[1] ?? '';
const byNumber = (a: string, b: string): number => numberOf(a) - numberOf(b);

class Cache implements Snapshots {
  private readonly held = new Map<string, unknown>();
  private readonly fetching = new Map<string, Promise<unknown>>();

  private files = 0;

  /** `folder` null: in memory only. */
  constructor(private readonly folder: string | null) {}

  newest(): string {
    return [...this.held.keys()].at(-1) ?? '';
  }

  async offer({ snapshot, diff }: Pick<EventOrder, 'snapshot' | 'diff'>): Promise<void> {
    if (diff === undefined || this.held.has(snapshot.digest)) return;
    const base = this.held.get(diff.base);
    if (base === undefined) return;
    const next = mergePatch(base, diff.patch);
    // a diff that does not add up is dropped: the whole is fetched when the event runs
    if (snapshotDigest(next) === snapshot.digest) await this.keep(snapshot.digest, next);
  }

  get(digest: string, fetch: Fetch): Promise<unknown> {
    if (this.held.has(digest)) return Promise.resolve(this.held.get(digest));
    const asked = this.fetching.get(digest) ?? this.fetchWhole(digest, fetch);
    this.fetching.set(digest, asked);
    return asked;
  }

  /** Brings back what an earlier run kept, oldest first. */
  async load(): Promise<void> {
    if (this.folder === null) return;
    await mkdir(this.folder, { recursive: true });
    for (const name of (await readdir(this.folder)).filter(isFile).sort(byNumber)) {
      const snapshot = parsed(await readIfThere(join(this.folder, name)));
      const digest = snapshotDigest(snapshot);
      this.files = numberOf(name);
      if (name.endsWith(digest)) this.held.set(digest, snapshot);
    }
  }

  private async fetchWhole(digest: string, fetch: Fetch): Promise<unknown> {
    try {
      const snapshot = await fetch(digest);
      if (snapshotDigest(snapshot) !== digest)
        throw new Error(`the gateway sent another snapshot than ${digest}`);
      await this.keep(digest, snapshot);
      return snapshot;
    } finally {
      this.fetching.delete(digest);
    }
  }

  private async keep(digest: string, snapshot: unknown): Promise<void> {
    if (!isDigest(digest)) throw new Error(`"${digest}" is no digest of a snapshot`);
    this.held.set(digest, snapshot);
    const kept = [...this.held.keys()].slice(-KEPT);
    for (const old of this.held.keys()) if (!kept.includes(old)) this.held.delete(old);
    if (this.folder === null) return;
    this.files += 1;
    await writePrivate(join(this.folder, `${String(this.files)}-${digest}`), JSON.stringify(snapshot));
    await this.sweep(this.folder, kept);
  }

  private async sweep(folder: string, kept: readonly string[]): Promise<void> {
    const gone = (await readdir(folder)).filter((name) => isFile(name) && !kept.includes(digestIn(name)));
    for (const name of gone) await rm(join(folder, name), { force: true });
  }
}

/** Kept as files in `folder`. */
export const openDiskSnapshots = async (folder: string): Promise<Snapshots> => {
  const cache = new Cache(folder);
  await cache.load();
  return cache;
};

/** Kept in memory; hollow agents of one process and cluster share one. */
export const openMemorySnapshots = (): Snapshots => new Cache(null);
