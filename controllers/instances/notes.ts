/** Things worth telling a person, as data; the executor makes Events of them. */
import type { Ref } from '../../store/objects/objects.js';

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
