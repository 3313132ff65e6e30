/**
 * A watch that goes on: it resumes where it was after a lost connection, and when the server has forgotten that
 * place (410) it lists again and tells the difference. Each change is told once.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { IncomingMessage } from 'node:http';
import type { KindName } from '../api-types/kinds.js';
import type { ObjectMeta } from '../api-types/metadata.js';
import type { Status } from '../api-types/status.js';
import type { Opener } from './http.js';
import { type ListOptions, fieldsOf } from './lists.js';
import { collectionPath, queryOf } from './paths.js';

export interface WatchEvent<O> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: O;
}

export interface WatchOptions extends ListOptions {
  /** From this revision on; none: the objects as they are come first, as ADDED. */
  readonly resourceVersion?: string;
  /** With a resourceVersion: the objects as they were then, so that none that goes is missed. */
  readonly known?: readonly Watched[];
  readonly signal?: AbortSignal;
}

interface Watched {
  readonly metadata: ObjectMeta;
}

interface Source<O> {
  readonly kind: KindName;
  readonly how: WatchOptions;
  readonly list: TaskEither<
    Status,
    { readonly metadata: { readonly resourceVersion: string }; readonly items: readonly O[] }
  >;
  readonly open: Opener;
  readonly pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

interface Line<O> {
  readonly type: WatchEvent<O>['type'] | 'BOOKMARK' | 'ERROR';
  readonly object: O;
}

/** The Status of what a watch threw, or null when it was something else. */
export const statusOfError = (error: unknown): Status | null => {
  const cause = error instanceof Error ? (error.cause as Partial<Status> | undefined) : undefined;
  return cause?.kind === 'Status' ? (cause as Status) : null;
};

const thrown = (status: Status): Error => new Error(status.message, { cause: status });

/** Waiting helps: the server is away, restarting or busy. */
const passing = ({ code }: Status): boolean => code === 0 || code === 429 || code >= 500;

async function* linesOf<O>(response: IncomingMessage): AsyncGenerator<Line<O>> {
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part !== '') yield JSON.parse(part) as Line<O>;
  }
}

const placeOf = ({ metadata }: Watched): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/** What changed between what was known and a new list. */
export const difference = <O extends Watched>(
  known: ReadonlyMap<string, O>,
  items: readonly O[],
): readonly WatchEvent<O>[] => {
  const events: WatchEvent<O>[] = [];
  const there = new Set(items.map(placeOf));
  for (const [place, object] of known) if (!there.has(place)) events.push({ type: 'DELETED', object });
  for (const object of items) {
    const before = known.get(placeOf(object));
    if (before !== undefined && before.metadata.uid !== object.metadata.uid)
      events.push({ type: 'DELETED', object: before }, { type: 'ADDED', object });
    else if (before === undefined) events.push({ type: 'ADDED', object });
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion)
      events.push({ type: 'MODIFIED', object });
  }
  return events;
};

const LONGEST_PAUSE = 5000;

class Watching<O extends Watched> {
  private readonly known = new Map<string, O>();
  private revision: string | null;
  private failures = 0;
  private connected = false;

  constructor(private readonly source: Source<O>) {
    this.revision = source.how.resourceVersion ?? null;
    for (const object of source.how.known ?? []) this.known.set(placeOf(object), object as O);
  }

  private over(): boolean {
    return this.source.how.signal?.aborted === true;
  }

  async *events(): AsyncGenerator<WatchEvent<O>> {
    while (!this.over()) {
      try {
        if (this.revision === null) yield* await this.listed();
        yield* this.stream();
      } catch (error) {
        if (!this.over() && this.mustEnd(error)) throw error;
      }
      if (!this.over()) await this.rest();
    }
  }

  /** A first try that fails is told at once; later ones are tried again while waiting can help. */
  private mustEnd(error: unknown): boolean {
    const status = statusOfError(error);
    if (status === null) return !isBroken(error);
    return !this.connected || !passing(status);
  }

  private async rest(): Promise<void> {
    const pause = Math.min(LONGEST_PAUSE, 100 * 2 ** this.failures);
    this.failures += 1;
    await this.source.pause(pause, this.source.how.signal);
  }

  private async listed(): Promise<readonly WatchEvent<O>[]> {
    const list = await this.source.list();
    if (E.isLeft(list)) throw thrown(list.left);
    const events = difference(this.known, list.right.items);
    for (const event of events) this.note(event);
    this.revision = list.right.metadata.resourceVersion;
    return events;
  }

  private note({ type, object }: WatchEvent<O>): void {
    if (type === 'DELETED') this.known.delete(placeOf(object));
    else this.known.set(placeOf(object), object);
  }

  private path(): string {
    const { cluster = null, labelSelector } = this.source.how;
    const query = queryOf({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.revision ?? undefined,
      labelSelector,
      fieldSelector: fieldsOf(this.source.how),
    });
    return collectionPath(this.source.kind, cluster) + query;
  }

  private async *stream(): AsyncGenerator<WatchEvent<O>> {
    const response = await this.source.open(this.path(), this.source.how.signal);
    if (E.isLeft(response)) {
      this.forgotten(response.left);
      return;
    }
    this.connected = true;
    try {
      for await (const { type, object } of linesOf<O>(response.right)) {
        this.failures = 0;
        if (type === 'ERROR') {
          this.forgotten(object as unknown as Status);
          return;
        }
        this.revision = object.metadata.resourceVersion;
        if (type === 'BOOKMARK') continue;
        const event = { type, object };
        this.note(event);
        yield event;
      }
    } finally {
      response.right.destroy();
    }
  }

  /** 410: list again; anything else is thrown. */
  private forgotten(status: Status): void {
    if (status.code !== 410) throw thrown(status);
    this.revision = null;
  }
}

/** The connection went while a line was read. */
const isBroken = (error: unknown): boolean => {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return error instanceof SyntaxError || code.startsWith('E') || code === 'ABORT_ERR';
};

/** Events as they come; ends when the signal aborts. */
export const watching = <O extends Watched>(source: Source<O>): AsyncIterable<WatchEvent<O>> => ({
  [Symbol.asyncIterator]: () => new Watching(source).events(),
});
