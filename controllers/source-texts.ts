/** What opens a source: the values of the Secret that it names. */
import * as E from 'fp-ts/lib/Either.js';
import { openTexts, type Sealer, type Texts } from '../runtime/sealing.js';
import { specKey } from '../store/keys.js';
import type { Objects } from '../store/objects/objects.js';

export interface SecretsAtHand {
  readonly objects: Objects;
  readonly sealer: Sealer;
}

interface Wanted {
  readonly cluster: string;
  /** Its name; undefined: the source is open to everybody. */
  readonly secret: string | undefined;
  /** How messages begin. */
  readonly about: string;
}

/** By their keys; null: no Secret is named. Throws, for people, where it is missing or cannot be opened. */
export const sourceTexts = (
  { objects, sealer }: SecretsAtHand,
  { cluster, secret, about }: Wanted,
): Texts | null => {
  if (secret === undefined) return null;
  const live = objects.get({ kind: 'Secret', cluster, name: secret });
  if (live === null || live.deletion !== null)
    throw new Error(
      `${about}: cluster ${cluster} has no Secret ${secret}: scalarium secret set ${secret} KEY=- -n ${cluster}`,
    );
  const opened = openTexts(sealer, specKey(live.ref), live.spec.sealed ?? {});
  if (E.isLeft(opened)) throw new Error(`${about}: ${opened.left}`);
  return { ...opened.right, ...live.spec.data };
};
