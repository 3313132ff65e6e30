/** So many at once; those who wait have their turn in the order in which they came. */
export class Slots {
  private readonly waiting = new Set<() => void>();

  constructor(private free: number) {}

  /** Null: the signal aborted before it was the work's turn. */
  async within<A>(signal: AbortSignal, work: () => Promise<A>): Promise<A | null> {
    if (!(await this.take(signal))) return null;
    try {
      return await work();
    } finally {
      this.give();
    }
  }

  private take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const turn = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      const leave = (): void => {
        this.waiting.delete(turn);
        resolve(false);
      };
      this.waiting.add(turn);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  private give(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.free += 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
