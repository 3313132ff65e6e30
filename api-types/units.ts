/** Units. On the wire the unit is in the field's name (`bootTimeoutSeconds`); inside, numbers are branded. */

declare const unit: unique symbol;
type Branded<U extends string> = number & { readonly [unit]: U };

export type Millis = Branded<'ms'>;

export const millis = (value: number): Millis => value as Millis;
export const seconds = (value: number): Millis => (value * 1000) as Millis;
export const minutes = (value: number): Millis => (value * 60_000) as Millis;
export const hours = (value: number): Millis => (value * 3_600_000) as Millis;

/** A count or a share of a whole, as people write it: `2` or `"25%"`. */
type CountOrPercent = number | string;

/**
 * How many of `total` a count or percentage means: percentages round down but never below one when the
 * percentage is above zero, so that a budget of 25% of two hosts still lets one be mended.
 */
export const countOf = (value: CountOrPercent, total: number): number => {
  if (typeof value === 'number') return value;
  const percent = Number.parseFloat(value);
  if (percent <= 0) return 0;
  return Math.max(1, Math.floor((percent / 100) * total));
};
