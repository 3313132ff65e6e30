/** RFC 7386 merge patches from one status to the next; what is gone is null. */

type Json = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (before: unknown, after: unknown): boolean =>
  before === after || JSON.stringify(before) === JSON.stringify(after);

const removed = (before: Json, after: Json): Json =>
  Object.fromEntries(
    Object.keys(before)
      .filter((key) => before[key] !== undefined && after[key] === undefined)
      .map((key) => [key, null]),
  );

const changed = (before: unknown, after: unknown): unknown =>
  isPlain(before) && isPlain(after) ? patchBetween(before, after) : after;

/** What turns `before` into `after`; undefined: nothing. A null inside free JSON is lost, as in any merge patch. */
export const patchBetween = (before: Json, after: Json): Json | undefined => {
  const patch: Record<string, unknown> = removed(before, after);
  for (const [key, value] of Object.entries(after)) {
    if (value === undefined || same(before[key], value)) continue;
    const change = changed(before[key], value);
    if (change !== undefined) patch[key] = change;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
};
