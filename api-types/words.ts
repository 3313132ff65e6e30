/** Small codecs with the reason of each bound in the message a person gets. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';

/** An object with required and optional fields that drops what it does not know, so that decodeStrict sees it. */
export const fields = <R extends t.Props, O extends t.Props>(name: string, required: R, optional: O) =>
  t.exact(t.intersection([t.type(required), t.partial(optional)]), name);

/** A codec that refuses with a sentence. */
export const refined = <A, O>(base: t.Type<A, O>, name: string, holds: (value: A) => boolean): t.Type<A, O> =>
  new t.Type<A, O>(
    name,
    (value): value is A => base.is(value) && holds(value),
    (input, context) => {
      const decoded = base.validate(input, context);
      if (E.isLeft(decoded)) return t.failure(input, context, name);
      return holds(decoded.right) ? decoded : t.failure(input, context, name);
    },
    base.encode,
  );

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** A DNS label (RFC 1123): names become host names, so they must be one. */
export const Name = refined(
  t.string,
  'a DNS label (1 to 63 of a-z, 0-9 and "-", starting and ending with a letter or digit)',
  (value) => value.length <= 63 && DNS_LABEL.test(value),
);

export const NonEmpty = refined(t.string, 'a text that is not empty', (value) => value.length > 0);

export const wholeNumber = (from: number, to: number): t.Type<number> =>
  refined(
    t.number,
    `a whole number from ${String(from)} to ${String(to)}`,
    (value) => Number.isInteger(value) && value >= from && value <= to,
  );

/** Up to a week; more is a mistake in the unit. */
export const Seconds = wholeNumber(0, 604_800);

export const Percentage = wholeNumber(0, 100);

const PERCENT = /^(100|[1-9]?[0-9])%$/;

/** `2` or `"25%"`. */
export const CountOrPercentage = refined(
  t.union([t.number, t.string]),
  'a whole number or a percentage as "25%"',
  (value) => (typeof value === 'number' ? Number.isInteger(value) && value >= 0 : PERCENT.test(value)),
);

export const oneOf = <const V extends readonly [string, string, ...string[]]>(values: V): t.Type<V[number]> =>
  refined(t.string, `one of ${values.join(', ')}`, (value) => values.includes(value));

export const listOf = <A, O>(item: t.Type<A, O>, name: string): t.Type<readonly A[], readonly O[]> =>
  t.readonlyArray(item, name);

export const Url = refined(t.string, 'an http or https URL', (value) => {
  try {
    return ['http:', 'https:'].includes(new URL(value).protocol);
  } catch {
    return false;
  }
});

/** Free JSON for templates: an object. */
export const JsonObject = refined(t.UnknownRecord, 'an object', (value) => !Array.isArray(value));
