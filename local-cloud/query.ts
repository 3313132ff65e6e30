/** The Query protocol's flattened parameters: `Filter.1.Value.2=…` read as lists and structures. */

export type Params = ReadonlyMap<string, string>;

/** Form or query text as parameters; of a repeated name the first counts. */
export const parseParams = (text: string): Params => {
  const params = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) if (!params.has(name)) params.set(name, value);
  return params;
};

/** The value of one parameter; an empty one counts as given. */
export const one = (params: Params, name: string): string | undefined => params.get(name);

/** The parameters below `name.`, with that prefix taken off. */
const below = (params: Params, name: string): Params => {
  const prefix = `${name}.`;
  const found = new Map<string, string>();
  for (const [key, value] of params) if (key.startsWith(prefix)) found.set(key.slice(prefix.length), value);
  return found;
};

/** `name.1`, `name.2`, … in order of their numbers. */
export const list = (params: Params, name: string): readonly string[] =>
  [...below(params, name)]
    .filter(([index]) => /^\d+$/.test(index))
    .sort(([left], [right]) => Number(left) - Number(right))
    .map(([, value]) => value);

/** `name.1.…`, `name.2.…`: each with its own parameters. */
export const structs = (params: Params, name: string): readonly Params[] => {
  const byIndex = new Map<number, Map<string, string>>();
  for (const [key, value] of below(params, name)) {
    const match = /^(\d+)\.(.+)$/.exec(key);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const index = Number(match[1]);
    const struct = byIndex.get(index) ?? new Map<string, string>();
    struct.set(match[2], value);
    byIndex.set(index, struct);
  }
  return [...byIndex].sort(([left], [right]) => left - right).map(([, struct]) => struct);
};

/** A whole number, or NaN when the parameter is not one, or undefined when it is not given. */
export const wholeNumber = (params: Params, name: string): number | undefined => {
  const text = params.get(name);
  if (text === undefined) return undefined;
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
};

export const isTrue = (params: Params, name: string): boolean => params.get(name)?.toLowerCase() === 'true';
