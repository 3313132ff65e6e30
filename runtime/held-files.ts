/** Files that many ask for at about the same time: read once, and held in memory for as long as somebody comes for them. */
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { seconds } from '../api-types/units.js';
import type { Clock, Timer } from './clock.js';
import type { ShelfFile } from './shelf.js';

/** What is larger is read by each who asks: memory is for all. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_BYTES_OF_ALL = 64 * 1024 * 1024;
const HELD_FOR = seconds(30);

interface Held {
  readonly bytes: number;
  readonly content: Promise<Buffer>;
  timer: Timer;
}

const CHUNK_BYTES = 64 * 1024;

/** As a file comes: whoever reads slowly is seen to take something now and then. */
function* chunksOf(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += CHUNK_BYTES) yield content.subarray(at, at + CHUNK_BYTES);
}

export class HeldFiles {
  private readonly held = new Map<string, Held>();

  constructor(private readonly clock: Clock) {}

  /** The same file; its content is one that was read already, or is being read. */
  async share(name: string, file: ShelfFile): Promise<ShelfFile> {
    const { bytes } = file;
    const known = this.held.get(name) ?? (this.hasRoomFor(bytes) ? this.hold(name, file) : null);
    if (known === null) return file;
    known.timer.cancel();
    known.timer = this.letGoLater(name);
    const content = await known.content;
    return { bytes, stream: () => Readable.from(chunksOf(content)) };
  }

  private hasRoomFor(bytes: number): boolean {
    const all = [...this.held.values()].reduce((sum, one) => sum + one.bytes, 0);
    return bytes <= MOST_BYTES && all + bytes <= MOST_BYTES_OF_ALL;
  }

  private hold(name: string, file: ShelfFile): Held {
    const held = { bytes: file.bytes, content: buffer(file.stream()), timer: this.letGoLater(name) };
    this.held.set(name, held);
    // one that could not be read is read again by the next who asks
    held.content.catch(() => {
      held.timer.cancel();
      this.held.delete(name);
    });
    return held;
  }

  private letGoLater(name: string): Timer {
    return this.clock.after(HELD_FOR, () => {
      this.held.delete(name);
    });
  }
}
