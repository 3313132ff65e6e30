/** Small codecs with the reason of each bound in the message a person gets. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';

/** An object with required and optional fields that drops what it does not know, so that decodeStrict sees it. */
export const fields = <R extends t.Props, O extends t.Props>(name: string, required: R, optional: O) =>
  t.exact(t.intersection([t.type(required), t.partial(optional)]), name);

/** What a schema can say of a refined codec: keywords of JSON schema. */
export type Facts = Readonly<Record<string, unknown>>;

/** A codec that takes less than its base; it remembers both for the schema. */
export class RefinedType<A, O> extends t.Type<A, O> {
  readonly _tag = 'RefinedType';

  constructor(
    readonly base: t.Type<A, O>,
    readonly facts: Facts,
    name: string,
    holds: (value: A) => boolean,
  ) {
    super(
      name,
      (value): value is A => base.is(value) && holds(value),
      (input, context) => {
        const decoded = base.validate(input, context);
        // what is wrong with one field of an object is said of that field
        if (E.isLeft(decoded))
          return decoded.left.some((error) => error.context.length > context.length)
            ? decoded
            : t.failure(input, context, name);
        return holds(decoded.right) ? decoded : t.failure(input, context, name);
      },
      base.encode,
    );
  }
}

/** A codec that refuses with a sentence; `facts` is how much of that a schema can say. */
export const refined = <A, O>(
  base: t.Type<A, O>,
  name: string,
  holds: (value: A) => boolean,
  facts: Facts = {},
): t.Type<A, O> => new RefinedType(base, facts, name, holds);

/** Refuses nothing more than its base does: the facts are for the schema only. */
const known = <A, O>(base: t.Type<A, O>, facts: Facts): t.Type<A, O> =>
  new RefinedType(base, facts, base.name, () => true);

/** A number in a record that is always whole. */
export const Integer = known(t.number, { type: 'integer', format: 'int64' });

/** A moment in a record: RFC 3339. */
export const Time = known(t.string, { format: 'date-time' });

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** A DNS label (RFC 1123): names become host names, so they must be one. */
export const Name = refined(
  t.string,
  'a DNS label (1 to 63 of a-z, 0-9 and "-", starting and ending with a letter or digit)',
  (value) => value.length <= 63 && DNS_LABEL.test(value),
  { pattern: DNS_LABEL.source, maxLength: 63 },
);

/** A text that this pattern describes wholly. */
export const matching = (name: string, pattern: RegExp): t.Type<string> =>
  refined(t.string, name, (value) => pattern.test(value), { pattern: pattern.source });

export const Sha256 = matching('a SHA-256 as 64 hexadecimal digits', /^[0-9a-f]{64}$/);

export const NonEmpty = refined(t.string, 'a text that is not empty', (value) => value.length > 0, {
  minLength: 1,
});

export const wholeNumber = (from: number, to: number): t.Type<number> =>
  refined(
    t.number,
    `a whole number from ${String(from)} to ${String(to)}`,
    (value) => Number.isInteger(value) && value >= from && value <= to,
    { type: 'integer', format: 'int64', minimum: from, maximum: to },
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
  { 'x-kubernetes-int-or-string': true },
);

export const oneOf = <const V extends readonly [string, string, ...string[]]>(values: V): t.Type<V[number]> =>
  refined(t.string, `one of ${values.join(', ')}`, (value) => values.includes(value), { enum: values });

export const listOf = <A, O>(item: t.Type<A, O>, name: string): t.Type<readonly A[], readonly O[]> =>
  t.readonlyArray(item, name);

export const Url = refined(
  t.string,
  'an http or https URL',
  (value) => {
    try {
      return ['http:', 'https:'].includes(new URL(value).protocol);
    } catch {
      return false;
    }
  },
  { format: 'uri' },
);

/** Free JSON for templates: an object. */
export const JsonObject = refined(t.UnknownRecord, 'an object', (value) => !Array.isArray(value));
