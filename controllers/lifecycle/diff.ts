/** RFC 7386 merge patches from one snapshot to the next. */

type Json = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const holdsNull = (value: unknown): boolean =>
  value === null || (isPlain(value) && Object.values(value).some(holdsNull));

const changedEntry = (before: unknown, after: unknown): unknown =>
  isPlain(before) && isPlain(after) ? patchBetween(before, after) : after;

const same = (before: unknown, after: unknown): boolean =>
  before === after || JSON.stringify(before) === JSON.stringify(after);

/** What turns `before` into `after`; null when no merge patch can (it would have to set a null). */
export const patchBetween = (before: Json, after: Json): Json | null => {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (after[key] === undefined) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    if (same(before[key], value)) continue;
    const changed = changedEntry(before[key], value);
    if (changed === null || (!isPlain(before[key]) && holdsNull(changed))) return null;
    patch[key] = changed;
  }
  return patch;
};
