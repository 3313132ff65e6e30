/** Shows how far a Deployment is, on standard error: redrawn in place on a terminal, else a line for each change. */
import type { CliContext, Terminal } from '../context.js';
import { plainLines } from './changes.js';
import type { Deployment } from './deployment.js';
import { picture } from './picture.js';

export interface Display {
  /** It is like this now. */
  see(deployment: Deployment): void;
  /** Something else to show, whole, without its end. */
  line(text: string): void;
  /** Somebody is asked something: nothing is drawn until `release`. */
  hold(): void;
  release(): void;
  /** The last picture stays. */
  close(): Promise<void>;
}

const REDRAW_MS = 200;

class Picture implements Display {
  private drawn = 0;
  private text = '';
  private held = false;
  private last: Deployment | null = null;
  private readonly over = new AbortController();
  private readonly ticking: Promise<void>;

  constructor(private readonly context: CliContext) {
    this.ticking = this.tick();
  }

  see(deployment: Deployment): void {
    // drawn at the next tick: a thousand hosts change more often than a person looks
    this.last = deployment;
  }

  line(text: string): void {
    if (this.held) return;
    const { columns } = this.room();
    // the picture comes again at the next tick: whoever writes much is not slowed down by it
    this.context.err(`${this.erased()}${text.slice(0, 8 * columns)}\n`);
  }

  hold(): void {
    this.context.err(this.erased());
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.draw();
  }

  async close(): Promise<void> {
    this.over.abort();
    await this.ticking;
    if (!this.held) this.draw();
  }

  private async tick(): Promise<void> {
    const { signal } = this.over;
    while (!signal.aborted) {
      if (!this.held) this.draw();
      await this.context.pause(REDRAW_MS, signal).catch(() => undefined);
    }
  }

  private room(): Terminal {
    return this.context.terminal() ?? { columns: 80, rows: 24 };
  }

  /** The cursor goes to where the picture began, and what is below it goes. */
  private erased(): string {
    const up = this.drawn === 0 ? '' : `\u001b[${String(this.drawn)}A`;
    this.drawn = 0;
    return up === '' ? '' : `${up}\r\u001b[J`;
  }

  private draw(): void {
    if (this.last === null) return;
    const lines = picture(this.last, this.context.now(), this.room());
    const text = `${lines.join('\n')}\n`;
    if (this.drawn > 0 && text === this.text) return;
    const erased = this.erased();
    this.drawn = lines.length;
    this.text = text;
    this.context.err(`${erased}${text}`);
  }
}

class Lines implements Display {
  private last: Deployment | null = null;

  constructor(private readonly context: CliContext) {}

  see(deployment: Deployment): void {
    for (const line of plainLines(this.last, deployment)) this.line(line);
    this.last = deployment;
  }

  line(text: string): void {
    this.context.err(`${text}\n`);
  }

  hold(): void {
    // lines disturb no question
  }

  release(): void {
    // they went on
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export const openDisplay = (context: CliContext): Display =>
  context.terminal() === null ? new Lines(context) : new Picture(context);
