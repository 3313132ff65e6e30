/** What a field means, for people: kept beside the codec it describes, and read by the API's schema (`explain`). */
import type * as t from 'io-ts';

export interface Description {
  /** A sentence or two: what it is, what happens because of it. */
  readonly text: string;
  /** What holds where the field is not given: the value itself. */
  readonly default?: unknown;
  /** What holds where the field is not given and no one value can be named: `true; for databases false`. */
  readonly otherwise?: string;
  /** `seconds`, `GiB`: said with the field's text. */
  readonly unit?: string;
}

const DESCRIPTIONS = new WeakMap<t.Any, Description>();

/** The same codec for one field, with what the field means there. */
export const described = <C extends t.Any>(
  codec: C,
  text: string,
  more: Omit<Description, 'text'> = {},
): C => {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(codec) as object) as C, codec);
  DESCRIPTIONS.set(copy, { text, ...more });
  return copy;
};

/** What was said of a field's codec, or null. */
export const descriptionOf = (codec: t.Any): Description | null => DESCRIPTIONS.get(codec) ?? null;
