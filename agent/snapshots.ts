/** Snapshots the agent holds: by digest, brought forward by diffs, fetched only when the base is missing. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventOrder } from '../api-types/agent-protocol.js';
import { mergePatch } from '../api-types/merge-patch.js';
import { isDigest, snapshotDigest } from '../api-types/snapshot-digest.js';
import { readIfThere, writeWhole } from './disk.js';

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

class Cache implements Snapshots {
  private readonly held = new Map<string, unknown>();
  private readonly fetching = new Map<string, Promise<unknown>>();

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
    const files = (await readdir(this.folder)).filter(isDigest);
    const aged = await Promise.all(files.map(async (name) => ({ name, at: await this.writtenAt(name) })));
    for (const { name } of aged.sort((a, b) => a.at - b.at)) {
      const snapshot = parsed(await readIfThere(join(this.folder, name)));
      if (snapshotDigest(snapshot) === name) this.held.set(name, snapshot);
    }
  }

  private async writtenAt(name: string): Promise<number> {
    return (await stat(join(this.folder ?? '', name))).mtimeMs;
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
    const gone = [...this.held.keys()].slice(0, -KEPT);
    for (const old of gone) this.held.delete(old);
    if (this.folder === null) return;
    await writeWhole(join(this.folder, digest), JSON.stringify(snapshot));
    for (const old of gone) await rm(join(this.folder, old), { force: true });
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
