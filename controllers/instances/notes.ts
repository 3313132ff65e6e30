/** Things worth telling a person, as data; the executor makes Events of them. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Millis } from '../../api-types/units.js';
import type { Failure } from '../../runtime/failure.js';
import { eventWrite } from '../../store/objects/events.js';
import type { Objects, Ref } from '../../store/objects/objects.js';

export interface Note {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly about: Ref;
}

export const normal = (about: Note['about'], reason: string, message: string): Note => ({
  type: 'Normal',
  reason,
  message,
  about,
});

export const warning = (about: Note['about'], reason: string, message: string): Note => ({
  type: 'Warning',
  reason,
  message,
  about,
});

/** More of one kind than this, in one run, are told once, of the role. */
const MOST_OF_A_KIND = 20;

const gathered = (notes: readonly Note[], role: Ref): readonly Note[] => {
  const kinds = new Map<string, Note[]>();
  for (const note of notes) {
    const kind = kinds.get(note.reason) ?? [];
    kind.push(note);
    kinds.set(note.reason, kind);
  }
  return [...kinds.values()].flatMap((kind) => {
    const [first] = kind;
    if (first === undefined || kind.length <= MOST_OF_A_KIND) return kind;
    const message = `${String(kind.length)} times, first of ${first.about.name}: ${first.message}`;
    return [{ ...first, message, about: role }];
  });
};

/** Makes Events of notes; what cannot be told is no reason to stop. */
export const tellNotes =
  (objects: Objects, notes: readonly Note[], role: Ref, now: Millis): TaskEither<Failure, void> =>
  async () => {
    const writes = gathered(notes, role).flatMap(({ type, reason, message, about }) => {
      const event = { regarding: about, type, reason, message, source: 'instances' } as const;
      return eventWrite(objects, event, now) ?? [];
    });
    if (writes.length === 0) return E.right(undefined);
    return E.map(() => undefined)(await objects.write(null, writes)());
  };
