/**
 * Packs that hosts bring: piece by piece, since no request may take long; each on its way in a folder of its own, checked
 * when it is whole, and gone when nothing more of it comes.
 */
import { createHash, type Hash } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACK_BYTES } from '../../api-types/cookbooks.js';
import { isDigest } from '../../api-types/snapshot-digest.js';
import { minutes } from '../../api-types/units.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Shelf } from '../../runtime/shelf.js';
import type { Objects } from '../../store/objects/objects.js';
import { mayBringPacks } from './fetch-orders.js';
import type { CatchUp } from './freshness.js';
import type { Place } from './places.js';

/** Each may take half a GiB of the disk. */
const AT_ONCE = 4;
const IDLE = minutes(2);

export interface Piece {
  readonly digest: string;
  /** How large the whole is. */
  readonly bytes: number;
  /** Where in it the piece begins. */
  readonly at: number;
  readonly content: Buffer;
}

export interface PieceAnswer {
  /** 201: the pack is on the shelf. 202: go on behind what was received. 409: go on there. Others: refused. */
  readonly code: 201 | 202 | 400 | 403 | 409 | 413 | 429 | 500;
  readonly received: number;
  /** For people. */
  readonly message: string;
}

export type TakePiece = (place: Place, piece: Piece) => Promise<PieceAnswer>;

export interface UploadsDependencies {
  readonly objects: Objects;
  readonly artifacts: Shelf;
  readonly catchUp: CatchUp;
  readonly clock: Clock;
  readonly log: Log;
}

const answer = (code: PieceAnswer['code'], message: string, received = 0): PieceAnswer => ({
  code,
  received,
  message,
});

class Upload {
  received = 0;
  /** A piece is written, or the whole is put on the shelf. */
  busy = false;
  failure: PieceAnswer | null = null;
  private readonly hash: Hash = createHash('sha256');
  private readonly file: string;

  constructor(
    folder: string,
    /** Leaves the folder. */
    readonly leave: () => void,
  ) {
    this.file = join(folder, 'pack');
  }

  async append(content: Buffer): Promise<void> {
    await appendFile(this.file, content, { mode: 0o600 });
    this.hash.update(content);
    this.received += content.length;
  }

  /** False: it is not what its name says. */
  async finish(digest: string, artifacts: Shelf): Promise<boolean> {
    const isIt = this.hash.digest('hex') === digest;
    if (isIt) await artifacts.put(this.file, digest);
    return isIt;
  }
}

class Uploads {
  private readonly open = new Map<string, Upload>();
  private readonly timers = new Map<string, Timer>();

  constructor(private readonly on: UploadsDependencies) {}

  readonly take: TakePiece = async (place, piece) => {
    const { digest, bytes } = piece;
    if (!isDigest(digest)) return answer(400, `"${digest}" is no digest of a pack`);
    if (!(await this.mayBring(place)))
      return answer(403, `host ${place.cluster}/${place.instance} was not told to fetch anything now`);
    if (bytes > PACK_BYTES)
      return answer(
        413,
        `a pack has at most ${String(PACK_BYTES / 1024 ** 2)} MiB, this one ${String(bytes)} bytes`,
      );
    const key = `${place.machine}/${digest}`;
    const upload = this.open.get(key);
    if (upload !== undefined) return this.goOn(key, upload, piece);
    if (await this.on.artifacts.has(digest)) return answer(201, 'it is there', bytes);
    if (this.open.size >= AT_ONCE) return answer(429, 'many hosts bring packs now; try again');
    return this.goOn(key, await this.begin(key), piece);
  };

  /** A cache that lags behind must refuse nobody. */
  private async mayBring(place: Place): Promise<boolean> {
    const { objects, catchUp } = this.on;
    if (mayBringPacks(objects, place)) return true;
    return (await catchUp()) && mayBringPacks(objects, place);
  }

  private begin(key: string): Promise<Upload> {
    return new Promise((begun, failed) => {
      this.on.artifacts
        .work(
          (folder) =>
            new Promise<void>((leave) => {
              const upload = new Upload(folder, leave);
              this.open.get(key)?.leave();
              this.open.set(key, upload);
              begun(upload);
            }),
        )
        .catch(failed);
    });
  }

  private async goOn(
    key: string,
    upload: Upload,
    { digest, bytes, at, content }: Piece,
  ): Promise<PieceAnswer> {
    this.wait(key, upload);
    const { failure, received, busy } = upload;
    if (failure !== null) {
      this.end(key, upload);
      return failure;
    }
    if (busy) return answer(202, 'not yet', received);
    if (at !== received || at + content.length > bytes)
      return answer(409, 'another piece is wanted', received);
    upload.busy = true;
    try {
      await upload.append(content);
    } catch (error) {
      this.end(key, upload);
      this.on.log.error('a pack cannot be written', { digest, error: String(error) });
      return answer(500, `the control plane cannot keep it: ${String(error)}`);
    }
    if (upload.received === bytes) void this.finish(key, upload, digest);
    else upload.busy = false;
    return answer(202, 'go on', upload.received);
  }

  /** Putting it on the shelf may take longer than anybody waits for an answer. */
  private async finish(key: string, upload: Upload, digest: string): Promise<void> {
    try {
      if (await upload.finish(digest, this.on.artifacts)) this.end(key, upload);
      else upload.failure = answer(400, `what came is not the pack ${digest}`);
    } catch (error) {
      upload.failure = answer(500, error instanceof Error ? error.message : String(error));
    }
    if (upload.failure !== null)
      this.on.log.warn('a pack that a host brought is not kept', { digest, why: upload.failure.message });
  }

  private wait(key: string, upload: Upload): void {
    this.timers.get(key)?.cancel();
    const timer = this.on.clock.after(IDLE, () => {
      if (upload.busy && upload.failure === null) this.wait(key, upload);
      else this.end(key, upload);
    });
    this.timers.set(key, timer);
  }

  private end(key: string, upload: Upload): void {
    this.timers.get(key)?.cancel();
    this.timers.delete(key);
    if (this.open.get(key) === upload) this.open.delete(key);
    upload.leave();
  }

  /** What is on its way goes with the gateway. */
  close(): void {
    for (const [key, upload] of [...this.open]) this.end(key, upload);
  }
}

export const openUploads = (on: UploadsDependencies): { readonly take: TakePiece; close(): void } => {
  const uploads = new Uploads(on);
  return {
    take: uploads.take,
    close: () => {
      uploads.close();
    },
  };
};
