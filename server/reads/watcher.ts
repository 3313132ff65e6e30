/**
 * One watch: a position in the ring of recent changes. It writes only as fast as its client reads: one that falls
 * behind the ring is told 410 and dropped, one that reads nothing for a minute is dropped.
 */
import type { ServerResponse } from 'node:http';
import type { Status } from '../../api-types/status.js';
import { type Millis, minutes, seconds } from '../../api-types/units.js';
import type { Change, Live } from '../../store/objects/objects.js';
import type { Context } from '../context.js';
import { expired } from '../statuses.js';
import { type Choice, chosenAt, seenBy } from './asked.js';
import { type EventType, addedLine, bookmarkLine, changeLine, errorLine } from './lines.js';
import { RIGHTS_CHANGED } from './rights-changed.js';
import type { Shape } from './shapes.js';

const STUCK = minutes(1);
const BOOKMARKS = seconds(30);
/** Objects of a beginning are sent in pieces of about this many letters. */
const PIECE = 32 * 1024;

/** What a watch is for. */
export interface Wanted extends Choice {
  readonly shape: Shape;
  readonly path: string;
  /** Changes after this; null: first what there is, then what changes. */
  readonly after: number | null;
  /** Tells by a bookmark that what there is has been told. */
  readonly marksBeginning: boolean;
  readonly bookmarks: boolean;
  readonly timeout: Millis | null;
}

/** 410 for a revision that the ring does not reach back to. */
export const tooOld = (why: string): Status =>
  expired(`${why}: too old resource version; list again and watch from there`);

/** A watch that is being served. */
export class Watcher {
  private beginning: readonly Live[] = [];
  private told = 0;
  private position: number;
  private marks: string | null = null;
  private blockedSince: Millis | null = null;
  private first = true;
  private readonly endsAt: Millis;
  private bookmarkAt: Millis;

  constructor(
    private readonly context: Context,
    private readonly wanted: Wanted,
    private readonly response: ServerResponse,
  ) {
    const { ring, objects, clock } = context;
    const begun = clock.monotonic();
    const revision = wanted.after ?? objects.revision();
    if (wanted.after === null) this.beginning = chosenAt(context, wanted, revision);
    if (wanted.marksBeginning) this.marks = String(revision);
    this.position = ring.after(revision);
    this.endsAt = (begun + (wanted.timeout ?? Infinity)) as Millis;
    this.bookmarkAt = (begun + BOOKMARKS) as Millis;
    response.on('drain', () => {
      this.blockedSince = null;
      this.pump();
    });
  }

  /** Writes until the client's socket is full or there is nothing more. */
  pump(): void {
    if (this.over()) return;
    if (!this.wanted.caller.valid()) {
      this.fail(RIGHTS_CHANGED);
      return;
    }
    while (this.blockedSince === null && !this.over() && this.step());
  }

  /** Once a second: what is due. */
  tick(): void {
    const now = this.context.clock.monotonic();
    if (this.blockedSince !== null && now - this.blockedSince > STUCK) {
      this.context.log.warn('dropped a watch whose client reads nothing', { path: this.wanted.path });
      this.response.destroy();
    } else if (now >= this.endsAt) this.end();
    else if (!this.wanted.caller.valid()) this.pump();
    else if (now >= this.bookmarkAt && this.wanted.bookmarks) this.bookmark(now);
  }

  private over(): boolean {
    return this.response.writableEnded;
  }

  end(): void {
    this.response.end();
  }

  private bookmark(now: Millis): void {
    this.pump();
    // with something left to tell, the revision would claim too much
    const done = this.blockedSince === null && this.context.ring.at(this.position) === null;
    if (!done || this.response.writableEnded) return;
    this.bookmarkAt = (now + BOOKMARKS) as Millis;
    const resourceVersion = String(this.context.objects.revision());
    this.send(bookmarkLine(this.wanted.shape, { resourceVersion }, this.isFirst()));
  }

  /** True once, for the first line. */
  private isFirst(): boolean {
    const was = this.first;
    this.first = false;
    return was;
  }

  /** Goes on by one piece; false: there is nothing more. */
  private step(): boolean {
    const { ring } = this.context;
    if (this.told < this.beginning.length) this.send(this.nextOfBeginning());
    else if (this.marks !== null) this.markBeginning(this.marks);
    else if (this.position < ring.oldest()) this.fail(tooOld('this watch fell behind'));
    else {
      const change = ring.at(this.position);
      if (change === null) return false;
      this.position += 1;
      this.tell(change);
    }
    return true;
  }

  private nextOfBeginning(): string {
    const now = this.context.clock.now();
    let text = '';
    for (; text.length < PIECE && this.told < this.beginning.length; this.told += 1) {
      const live = this.beginning[this.told];
      if (live !== undefined) text += addedLine(this.wanted.shape, live, now, this.isFirst());
    }
    // what was told is not kept
    if (this.told === this.beginning.length) [this.beginning, this.told] = [[], 0];
    return text;
  }

  private markBeginning(resourceVersion: string): void {
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    this.marks = null;
    this.send(bookmarkLine(this.wanted.shape, { resourceVersion, annotations }, this.isFirst()));
  }

  private concerns(live: Live | null): boolean {
    const { route, selects } = this.wanted;
    if (live === null || live.ref.kind !== route.view.source) return false;
    if (route.cluster !== null && live.ref.cluster !== route.cluster) return false;
    if (route.name !== null && live.ref.name !== route.name) return false;
    return selects(live) && seenBy(this.context, this.wanted, live);
  }

  /** What a change is to this watch: an object of a new incarnation is another object. */
  private typesOf({ before, after }: Change): readonly EventType[] {
    const was = this.concerns(before);
    const is = this.concerns(after);
    if (!is) return was ? ['DELETED'] : [];
    if (!was) return ['ADDED'];
    return before?.uid === after?.uid ? ['MODIFIED'] : ['DELETED', 'ADDED'];
  }

  private tell(change: Change): void {
    for (const type of this.typesOf(change)) {
      const at = { now: this.context.clock.now(), first: this.isFirst() };
      this.send(changeLine(this.wanted.shape, change, type, at));
    }
  }

  private send(text: string | Buffer): void {
    if (this.response.write(text)) return;
    this.blockedSince ??= this.context.clock.monotonic();
  }

  private fail(status: Status): void {
    this.context.log.info('ended a watch', { path: this.wanted.path, why: status.message });
    this.response.write(errorLine(status));
    this.end();
  }
}
