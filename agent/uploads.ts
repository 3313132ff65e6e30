/** Brings a pack to the control plane, piece by piece: a connection that breaks costs one of them. */
import { open, type FileHandle } from 'node:fs/promises';
import { PIECE_BYTES } from '../api-types/agent-protocol.js';
import { millis, minutes, seconds, type Millis } from '../api-types/units.js';
import { type BackOff, delayAfter } from './back-off.js';
import { Refusal, sendPiece, type Asking, type PieceTaken } from './requests.js';

/** Rejects, for people, when it is refused or nobody takes it; `digest` is the SHA-256 of the file. */
export type Upload = (file: string, digest: string, signal: AbortSignal) => Promise<void>;

/** Without one piece that was taken. */
const PATIENCE = minutes(3);
const AGAIN: BackOff = { first: seconds(1), longest: seconds(10) };
/** All of it is received, and is put where it is kept. */
const LOOK_EVERY = millis(200);
const LONGEST_PUT = minutes(15);

/** No gateway will say anything else. */
const isFinal = (error: unknown): boolean =>
  error instanceof Refusal && [400, 401, 403, 413].includes(error.status);

interface Bringing {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly digest: string;
  readonly signal: AbortSignal;
}

class Bringer {
  private at = 0;
  private failures = 0;
  private since: Millis;

  constructor(
    private readonly on: Asking,
    private readonly what: Bringing,
  ) {
    this.since = on.clock.monotonic();
  }

  async run(): Promise<void> {
    while (!(await this.step())) this.what.signal.throwIfAborted();
  }

  /** True: it is there. */
  private async step(): Promise<boolean> {
    try {
      const { there, received } = await this.send();
      if (received !== this.at) this.since = this.on.clock.monotonic();
      const waits = received === this.at;
      this.at = received;
      if (!there && waits) await this.wait();
      return there;
    } catch (error) {
      await this.failed(error);
      return false;
    }
  }

  private async send(): Promise<PieceTaken> {
    const { handle, bytes, digest, signal } = this.what;
    const content = Buffer.alloc(Math.min(PIECE_BYTES, bytes - this.at));
    const { bytesRead } = await handle.read(content, 0, content.length, this.at);
    const piece = { digest, bytes, at: this.at, content: content.subarray(0, bytesRead), signal };
    return sendPiece(this.on.route(this.failures), this.on.credential(), piece);
  }

  private async wait(): Promise<void> {
    const { clock } = this.on;
    if (clock.monotonic() - this.since > LONGEST_PUT)
      throw new Error('the control plane does not put the pack where packs are kept');
    await clock.sleep(LOOK_EVERY, this.what.signal);
  }

  private async failed(error: unknown): Promise<void> {
    const { clock, chance, log } = this.on;
    const { signal, digest } = this.what;
    const late = clock.monotonic() - this.since > PATIENCE;
    if (isFinal(error) || signal.aborted || late) throw error;
    log.warn('a pack cannot be brought yet', { digest, error: String(error) });
    await clock.sleep(delayAfter(this.failures, AGAIN, chance), signal);
    this.failures += 1;
  }
}

export const uploadsOver =
  (on: Asking): Upload =>
  async (file, digest, runSignal) => {
    const handle = await open(file, 'r');
    try {
      const { size: bytes } = await handle.stat();
      const signal = AbortSignal.any([on.signal, runSignal]);
      await new Bringer(on, { handle, bytes, digest, signal }).run();
    } finally {
      await handle.close();
    }
  };
