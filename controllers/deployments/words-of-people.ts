/** What people say to a Deployment by annotations, and to an Application by its lock. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import { ABORT, ApplicationLock, LOCK, PROMOTE } from '../../api-types/kinds/deployment.js';
import type { Live } from '../../store/objects/objects.js';
import type { Course } from './course.js';

const wordOf = (word: 'promote' | 'abort', { live, next }: Course): string | null => {
  const value = live.annotations[word === 'promote' ? PROMOTE : ABORT];
  const said = value === undefined ? null : `${word} ${value}`;
  return said === next.answered ? null : said;
};

/** Somebody wants it ended; acted upon once. */
export const abortOf = (course: Course): string | null =>
  isAborted(course) ? null : wordOf('abort', course);

/** Somebody says that it goes on. */
export const promoteOf = (course: Course): string | null => wordOf('promote', course);

export const isAborted = ({ next }: Course): boolean => next.answered?.startsWith('abort ') === true;

/** What was said before there was anything to say it to does not count later. */
export const forgetEarlierWords = (course: Course): void => {
  const said = promoteOf(course);
  if (said !== null) course.next.answered = said;
};

const lockText = (text: string): string => {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    return `it is locked: ${text.slice(0, 200)}`;
  }
  const lock = ApplicationLock.decode(value);
  if (E.isLeft(lock)) return `it is locked: ${text.slice(0, 200)}`;
  const { reason, by, at } = lock.right;
  return `it is locked by ${by} since ${at}: ${reason}`;
};

/** Why nobody may deploy the application; null: everybody may. */
export const lockOf = ({ annotations, ref }: Live<'Application'>): string | null => {
  const text = annotations[LOCK];
  return text === undefined
    ? null
    : `${lockText(text)}; scalarium unlock ${ref.name} -n ${ref.cluster ?? ''} takes the lock away`;
};
