/**
 * Watches: JSON lines `{type, object}`. A watcher holds a position in the ring of recent changes, and writes only as
 * fast as its client reads: one that falls behind the ring is told 410 and dropped, one that reads nothing for a
 * minute is dropped.
 */
import type { ServerResponse } from 'node:http';
import * as E from 'fp-ts/lib/Either.js';
import type { Subscription } from 'rxjs';
import type { Status } from '../api-types/status.js';
import { type Millis, minutes, seconds } from '../api-types/units.js';
import type { Timer } from '../runtime/clock.js';
import type { Change, Live } from '../store/objects/objects.js';
import type { Caller } from './access/access.js';
import type { Context } from './context.js';
import type { Asked } from './door.js';
import { freshEnough, revisionAsked, selected } from './reads.js';
import type { ResourceRoute } from './routes.js';
import { type Selector, selectorOf } from './selectors.js';
import { badRequest, expired } from './statuses.js';

const STUCK = minutes(1);
const BOOKMARKS = seconds(30);

interface Wanted {
  readonly route: ResourceRoute;
  /** The caller may see it, as things are now. */
  readonly sees: (live: Live) => boolean;
  readonly caller: Caller;
  readonly selects: Selector;
  readonly revision: number;
  readonly bookmarks: boolean;
  readonly timeout: Millis | null;
}

const line = (type: string, object: string): string => `{"type":"${type}","object":${object}}\n`;

const concerns = ({ route, selects, sees }: Wanted, live: Live | null): live is Live => {
  if (live === null || live.ref.kind !== route.view.source || !sees(live)) return false;
  if (route.cluster !== null && live.ref.cluster !== route.cluster) return false;
  return (route.name === null || live.ref.name === route.name) && selects(live);
};

/** The last state of an object that is gone, dated by the revision at which it went. */
const farewell = ({ view }: ResourceRoute, live: Live, revision: number): string => {
  const object = view.object(live);
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  return line('DELETED', JSON.stringify({ ...object, metadata }));
};

/** The lines a change means to a watcher: an object of a new incarnation is another object. */
const linesOf = (wanted: Wanted, { before, after, revision }: Change): string => {
  const { route } = wanted;
  const { text } = route.view;
  const was = concerns(wanted, before) ? before : null;
  const is = concerns(wanted, after) ? after : null;
  if (is === null) return was === null ? '' : farewell(route, was, revision);
  if (was === null) return line('ADDED', text(is));
  if (was.uid === is.uid) return line('MODIFIED', text(is));
  return farewell(route, was, revision) + line('ADDED', text(is));
};

class Watcher {
  private backlog: readonly Live[] = [];
  private backlogAt = 0;
  private position = 0;
  private blocked = false;
  private readonly timers = new Set<Timer>();
  private stuck: Timer | null = null;
  private readonly subscription: Subscription;

  constructor(
    private readonly context: Context,
    private readonly wanted: Wanted,
    private readonly response: ServerResponse,
  ) {
    const { ring } = context;
    if (wanted.revision === 0) this.backlog = selected(context, wanted.route, wanted.selects, wanted.caller);
    this.position = ring.after(wanted.revision === 0 ? context.objects.revision() : wanted.revision);
    this.subscription = ring.more$.subscribe(() => {
      this.pump();
    });
    response.on('drain', this.drained);
    response.on('close', this.close);
    context.closing.addEventListener('abort', this.end, { once: true });
    if (wanted.timeout !== null) this.timers.add(context.clock.after(wanted.timeout, this.end));
    if (wanted.bookmarks) this.bookmarkLater();
    this.pump();
  }

  private readonly close = (): void => {
    this.subscription.unsubscribe();
    this.context.closing.removeEventListener('abort', this.end);
    for (const timer of this.timers) timer.cancel();
    this.stuck?.cancel();
  };

  private readonly end = (): void => {
    this.close();
    this.response.end();
  };

  private readonly drained = (): void => {
    this.blocked = false;
    this.stuck?.cancel();
    this.pump();
  };

  private bookmarkLater(): void {
    const timer = this.context.clock.after(BOOKMARKS, () => {
      this.timers.delete(timer);
      if (!this.blocked) this.bookmark();
      this.bookmarkLater();
    });
    this.timers.add(timer);
  }

  private bookmark(): void {
    const metadata = { resourceVersion: String(this.context.ring.head()) };
    const { groupVersion, kind } = this.wanted.route.view;
    const object = { apiVersion: groupVersion, kind, metadata };
    this.send(line('BOOKMARK', JSON.stringify(object)));
  }

  /** Writes until the client's socket is full or there is nothing more. */
  private pump(): void {
    if (!this.wanted.caller.valid()) {
      this.end();
      return;
    }
    while (!this.blocked && !this.response.writableEnded) {
      if (this.position < this.context.ring.oldest()) {
        this.fellBehind();
        return;
      }
      const next = this.next();
      if (next === null) return;
      if (next !== '') this.send(next);
    }
  }

  private next(): string | null {
    const live = this.backlog[this.backlogAt];
    if (live !== undefined) {
      this.backlogAt += 1;
      return line('ADDED', this.wanted.route.view.text(live));
    }
    this.backlog = [];
    const change = this.context.ring.at(this.position);
    if (change === null) return null;
    this.position += 1;
    return linesOf(this.wanted, change);
  }

  private send(text: string): void {
    if (this.response.write(text)) return;
    this.blocked = true;
    this.stuck = this.context.clock.after(STUCK, () => {
      this.context.log.warn('dropped a watch whose client reads nothing');
      this.response.destroy();
    });
  }

  private fellBehind(): void {
    this.context.log.warn('dropped a watch that fell behind');
    this.response.write(line('ERROR', JSON.stringify(tooOld('this watch fell behind'))));
    this.end();
  }
}

const tooOld = (why: string): Status =>
  expired(`${why}: too old resource version; list again and watch from there`);

const timeoutAsked = (query: URLSearchParams): E.Either<Status, Millis | null> => {
  const text = query.get('timeoutSeconds');
  if (text === null) return E.right(null);
  if (/^\d{1,6}$/.test(text)) return E.right(seconds(Number(text)));
  return E.left(badRequest(`timeoutSeconds: expected a whole number, got "${text.slice(0, 80)}"`));
};

const wantedOf = (
  { access }: Context,
  route: ResourceRoute,
  { query }: Asked,
  caller: Caller,
): E.Either<Status, Wanted> => {
  const revision = revisionAsked(query);
  if (E.isLeft(revision)) return revision;
  const selects = selectorOf(query);
  if (E.isLeft(selects)) return selects;
  const timeout = timeoutAsked(query);
  if (E.isLeft(timeout)) return timeout;
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  return E.right({
    route,
    caller,
    sees: (live) => access.sees(caller, live),
    selects: selects.right,
    revision: revision.right,
    bookmarks,
    timeout: timeout.right,
  });
};

/** Begins a watch on the response; a Status when it can not begin. */
export const watchObjects = async (
  context: Context,
  route: ResourceRoute,
  asked: Asked,
  caller: Caller,
): Promise<Status | null> => {
  const { response } = asked;
  const wanted = wantedOf(context, route, asked, caller);
  if (E.isLeft(wanted)) return wanted.left;
  const behind = await freshEnough(context, wanted.right.revision);
  if (behind !== null) return behind;
  if (response.destroyed || context.closing.aborted) return null;
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' });
  response.flushHeaders();
  const { revision } = wanted.right;
  if (revision !== 0 && revision < context.ring.floor()) {
    response.end(line('ERROR', JSON.stringify(tooOld(`resourceVersion ${String(revision)}`))));
    return null;
  }
  new Watcher(context, wanted.right, response);
  return null;
};
