/**
 * Texts sealed with a key derived from the installation key, so that the store and its backups hold no secret in plain.
 * A sealed text opens only in the place it was sealed for: copied to another key or field it is refused.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { Chance } from './chance.js';

/** Texts by name. */
export type Texts = Readonly<Record<string, string>>;

/** Where a sealed text belongs: a key in the store, and the field within. */
export interface SealedPlace {
  readonly key: string;
  readonly field: string;
}

export interface Sealer {
  /** `v1:` and base64url; another text each time, even for the same one. */
  seal(text: string, place: SealedPlace): string;
  /** Left: why it does not open, without any of it. */
  open(sealed: string, place: SealedPlace): E.Either<string, string>;
}

/** The text of that name, and not what every object inherits. */
export const ownText = (texts: Texts | undefined, name: string): string | undefined =>
  texts !== undefined && Object.hasOwn(texts, name) ? texts[name] : undefined;

const VERSION = 'v1:';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

const boundTo = ({ key, field }: SealedPlace): Buffer => Buffer.from(JSON.stringify([key, field]));

const wrongPlace = ({ key, field }: SealedPlace): string =>
  `${field} of ${key} does not open: it was sealed with another installation's key or for another place, or was changed`;

const opened = (key: Buffer, sealed: Buffer, place: SealedPlace): E.Either<string, string> => {
  const iv = sealed.subarray(0, IV_BYTES);
  const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(place));
  decipher.setAuthTag(tag);
  try {
    const text = [decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()];
    return E.right(Buffer.concat(text).toString('utf8'));
  } catch {
    return E.left(wrongPlace(place));
  }
};

/** Seals with AES-256-GCM under a key of its own (HKDF-SHA-256 of the installation key), the place authenticated. */
export const openSealer = (installationKey: Buffer, chance: Chance): Sealer => {
  const key = Buffer.from(hkdfSync('sha256', installationKey, '', 'scalarium sealing v1', 32));
  return {
    seal: (text, place) => {
      const iv = chance.bytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(boundTo(place));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return VERSION + Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    },
    open: (sealed, place) => {
      if (!sealed.startsWith(VERSION))
        return E.left(
          `${place.field} of ${place.key} is not sealed as "${VERSION}…": this version cannot open it`,
        );
      const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64url');
      return bytes.length < IV_BYTES + TAG_BYTES ? E.left(wrongPlace(place)) : opened(key, bytes, place);
    },
  };
};

/** Each text sealed for its name in `key`; one that is what `before` holds already keeps its sealed text. */
export const sealTexts = (sealer: Sealer, key: string, texts: Texts, before: Texts): Texts =>
  Object.fromEntries(
    Object.entries(texts).map(([field, text]) => {
      const last = ownText(before, field);
      if (last === undefined) return [field, sealer.seal(text, { key, field })];
      const plain = sealer.open(last, { key, field });
      const same = E.isRight(plain) && plain.right === text;
      return [field, same ? last : sealer.seal(text, { key, field })];
    }),
  );

/** All of them opened, or why the first one does not open. */
export const openTexts = (sealer: Sealer, key: string, sealed: Texts): E.Either<string, Texts> => {
  const texts: [string, string][] = [];
  for (const [field, text] of Object.entries(sealed)) {
    const plain = sealer.open(text, { key, field });
    if (E.isLeft(plain)) return plain;
    texts.push([field, plain.right]);
  }
  return E.right(Object.fromEntries(texts));
};
