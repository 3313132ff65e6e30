/**
 * What a run owes: the restarts, reloads and commands that its changes ask for, on disk before the change is made. A run
 * that is cut short leaves them to the next one, which would find nothing changed and not know of them.
 */
import { readFile, rm } from 'node:fs/promises';
import { writeWhole } from './files.js';
import type { Wish } from './notifications.js';
import { ifThere, makeParents, placeOf } from './place.js';

const FILE = '/var/lib/scalarium/owed.json';

const ACTIONS: readonly string[] = ['restart', 'reload', 'run'];

const isWish = (value: unknown): value is Wish => {
  const { action, resource, from } = (value ?? {}) as Partial<Record<keyof Wish, unknown>>;
  return ACTIONS.includes(String(action)) && typeof resource === 'string' && typeof from === 'string';
};

/** A file that is no list of wishes is as good as none: nobody writes it but us. */
const parsed = (text: string): readonly Wish[] => {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? found.filter(isWish) : [];
  } catch {
    return [];
  }
};

const keyOf = ({ action, resource }: Wish): string => `${action} ${resource}`;

export class Owed {
  private readonly promised: Map<string, Wish>;
  private readonly left = new Map<string, Wish>();

  private constructor(
    private readonly place: string,
    /** What earlier runs left. */
    readonly inherited: readonly Wish[],
  ) {
    this.promised = new Map(inherited.map((wish) => [keyOf(wish), wish]));
  }

  /** `root`: of the host. */
  static async open(root: string): Promise<Owed> {
    const place = await placeOf(root, FILE);
    const text = await ifThere(() => readFile(place, 'utf8'));
    return new Owed(place, text === null ? [] : parsed(text));
  }

  /** Resolves when they are on disk. */
  async promise(wishes: readonly Wish[]): Promise<void> {
    const fresh = wishes.filter((wish) => !this.promised.has(keyOf(wish)));
    if (fresh.length === 0) return;
    await this.write([...this.promised.values(), ...fresh]);
    for (const wish of fresh) this.promised.set(keyOf(wish), wish);
  }

  /** They are not granted in this run, as far as they were promised. */
  leave(wishes: readonly Wish[]): void {
    for (const wish of wishes) if (this.promised.has(keyOf(wish))) this.left.set(keyOf(wish), wish);
  }

  /** It was granted after all. */
  served(wish: Wish): void {
    this.left.delete(keyOf(wish));
  }

  /** The run has ended by itself, and only what was left is owed. */
  async settle(): Promise<void> {
    if (this.promised.size === 0) return;
    if (this.left.size === 0) await rm(this.place, { force: true });
    else await this.write([...this.left.values()]);
  }

  private async write(wishes: readonly Wish[]): Promise<void> {
    await makeParents(this.place);
    await writeWhole(this.place, `${JSON.stringify(wishes)}\n`, { mode: 0o600 });
  }
}
