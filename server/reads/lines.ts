/** The lines of a watch. What a change means to watchers of one shape is written once, and the bytes are shared. */
import type { Status } from '../../api-types/status.js';
import type { Change, Live } from '../../store/objects/objects.js';
import type { BookmarkMeta, Shape } from './shapes.js';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

const line = (type: string, object: string): string => `{"type":"${type}","object":${object}}\n`;

/** An object as one of those that were there from the start. */
export const addedLine = (shape: Shape, live: Live, now: number, isFirst: boolean): string =>
  line('ADDED', shape.event(live, now, isFirst));

export const bookmarkLine = (shape: Shape, meta: BookmarkMeta, isFirst: boolean): string =>
  line('BOOKMARK', shape.bookmark(meta, isFirst));

export const errorLine = (status: Status): string => line('ERROR', JSON.stringify(status));

/** Of how many changes the lines are kept: the ring keeps more, for watchers that may write theirs again. */
const KEPT = 256;

type Lines = Map<Shape, Map<string, Buffer>>;

const written = new Map<Change, Lines>();

const linesOf = (change: Change): Lines => {
  const known = written.get(change);
  if (known !== undefined) return known;
  const lines: Lines = new Map();
  written.set(change, lines);
  const [oldest] = written.keys();
  if (written.size > KEPT && oldest !== undefined) written.delete(oldest);
  return lines;
};

/** The last state of an object that is gone bears the revision at which it went. */
const shownAs = (change: Change, type: EventType): Live | null =>
  type === 'DELETED' ? change.before && { ...change.before, resourceVersion: change.revision } : change.after;

const made = (shape: Shape, change: Change, type: EventType, at: Moment): Buffer => {
  const live = shownAs(change, type);
  return Buffer.from(live === null ? '' : line(type, shape.event(live, at.now, at.first)));
};

/** When a line is written, and whether it is the first of its watch. */
export interface Moment {
  readonly now: number;
  readonly first: boolean;
}

/** The line that tells a change as `type`. */
export const changeLine = (shape: Shape, change: Change, type: EventType, at: Moment): Buffer => {
  const shapes = linesOf(change);
  const lines = shapes.get(shape) ?? new Map<string, Buffer>();
  shapes.set(shape, lines);
  const key = `${type}${at.first ? ' first' : ''}`;
  const known = lines.get(key) ?? made(shape, change, type, at);
  lines.set(key, known);
  return known;
};
