/**
 * Checks that are begun ahead of their turn, since they only read and cannot influence each other. A change may make
 * any of them untrue, so each change drops them all, and reading ahead begins anew with one, then two, then four: a
 * run that finds nothing to do reads widely, one that changes everything wastes nothing.
 */
import { check, isReadAhead, startsPrograms } from './resources/checks.js';
import type { Resource } from './resource.js';
import type { Scene, Verdict } from './scene.js';

/** At once; the system's own pool for files has four. */
const WIDEST = 16;

interface Begun {
  readonly verdict: Promise<Verdict>;
  /** Ends the programs that it has started. */
  readonly drop: () => void;
}

const nothing = (): void => undefined;

export class Ahead {
  private readonly begun = new Map<number, Begun>();
  private readonly running = new Set<Promise<unknown>>();
  private width = WIDEST;

  constructor(
    private readonly resources: readonly Resource[],
    private readonly scene: Scene,
  ) {}

  /** The verdict on the resource whose turn it is. */
  take(turn: number): Promise<Verdict> {
    const last = Math.min(this.resources.length, turn + this.width);
    for (let next = turn; next < last; next += 1) this.begin(next, next === turn);
    const taken = this.begun.get(turn);
    this.begun.delete(turn);
    this.width = Math.min(WIDEST, this.width * 2);
    return taken?.verdict ?? Promise.resolve(null);
  }

  /** Something was changed: what was read before may not be so any more. */
  changed(): void {
    for (const { drop } of this.begun.values()) drop();
    this.begun.clear();
    this.width = 1;
  }

  /** Resolves when nothing is being read any more. */
  async ended(): Promise<void> {
    this.changed();
    await Promise.allSettled(this.running);
  }

  private begin(index: number, isTurn: boolean): void {
    const resource = this.resources[index];
    if (resource === undefined || this.begun.has(index)) return;
    if (!isTurn && !isReadAhead(resource)) return;
    const begun = startsPrograms(resource) ? this.droppable(resource) : this.plain(resource);
    this.begun.set(index, begun);
    // one that is dropped fails unheard
    const end = begun.verdict.catch(() => null).finally(() => this.running.delete(end));
    this.running.add(end);
  }

  private plain(resource: Resource): Begun {
    return { verdict: check(resource, this.scene), drop: nothing };
  }

  /** Once it is taken nobody drops it, so that its change may go on with the same signal. */
  private droppable(resource: Resource): Begun {
    const dropped = new AbortController();
    const signal = AbortSignal.any([this.scene.signal, dropped.signal]);
    const drop = (): void => {
      dropped.abort();
    };
    return { verdict: check(resource, { ...this.scene, signal }), drop };
  }
}
