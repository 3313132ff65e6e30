/** Files on their way to hosts: few enough at once, from nobody too many, and none of them for ever. */
import { isIPv6 } from 'node:net';
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Millis, millis, seconds } from '../api-types/units.js';
import type { Clock } from '../runtime/clock.js';

export interface SendingBounds {
  /** Each takes a file handle and a buffer. */
  readonly atOnce: number;
  /** To one address: whoever reads slowly on purpose must not keep all others waiting. */
  readonly toOne: number;
  /** Without a byte taken: whoever it is does not want it. */
  readonly idle: Millis;
  /** Who takes less is cut off in the end. */
  readonly bytesPerSecond: number;
}

export const SENDING_BOUNDS: SendingBounds = {
  atOnce: 200,
  toOne: 50,
  idle: seconds(60),
  bytesPerSecond: 64 * 1024,
};

export interface Sent {
  readonly bytes: number;
  readonly stream: () => Readable;
}

const groupsOf = (text: string): readonly string[] => text.split(':').filter((group) => group !== '');

/** Who has an IPv6 address has the 64 bits of its network. */
const readerOf = ({ socket }: ServerResponse): string => {
  const address = socket?.remoteAddress ?? '';
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [before = [], after = []] = address.split('::').map(groupsOf);
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
};

export class Sending {
  private all = 0;
  private readonly byReader = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly bounds = SENDING_BOUNDS,
  ) {}

  /** False: too much is being sent already. */
  hasRoom(response: ServerResponse): boolean {
    const { atOnce, toOne } = this.bounds;
    return this.all < atOnce && (this.byReader.get(readerOf(response)) ?? 0) < toOne;
  }

  /** Sends the body whose head was written; null: to its end, else why not. */
  async send({ bytes, stream }: Sent, response: ServerResponse): Promise<string | null> {
    const { idle, bytesPerSecond } = this.bounds;
    const reader = readerOf(response);
    const cut = (): void => {
      response.destroy();
    };
    this.count(reader, 1);
    response.setTimeout(idle, cut);
    const late = this.clock.after(millis(idle + (bytes / bytesPerSecond) * 1000), cut);
    try {
      await pipeline(stream(), response);
      return null;
    } catch (error) {
      cut();
      return error instanceof Error ? error.message : String(error);
    } finally {
      late.cancel();
      this.count(reader, -1);
    }
  }

  private count(reader: string, change: 1 | -1): void {
    this.all += change;
    const now = (this.byReader.get(reader) ?? 0) + change;
    if (now === 0) this.byReader.delete(reader);
    else this.byReader.set(reader, now);
  }
}
