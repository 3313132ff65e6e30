/** RFC 7386 merge patches from one status to the next; what is gone is null. */

type Json = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (before: unknown, after: unknown): boolean =>
  before === after || JSON.stringify(before) === JSON.stringify(after);

/** What turns `before` into `after`; undefined: nothing. A null inside free JSON is lost, as in any merge patch. */
export const patchBetween = (before: Json, after: Json): Json | undefined => {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before))
    if (before[key] !== undefined && after[key] === undefined) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const last = before[key];
    if (value === undefined || same(last, value)) continue;
    const changed = isPlain(last) && isPlain(value) ? patchBetween(last, value) : value;
    if (changed !== undefined) patch[key] = changed;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
};
