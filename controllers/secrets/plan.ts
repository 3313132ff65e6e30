/** Which Secrets are to be made or completed: pure. */
import type { SecretNeed } from '../../api-types/secret-needs.js';
import type { Live } from '../../store/objects/objects.js';

/** Says that a Secret was made here: what it lacks may be added; those of people are left as they are. */
export const GENERATED = 'scalarium.dev/generated';

export type SecretStep =
  | { readonly action: 'create'; readonly name: string; readonly keys: readonly string[] }
  | {
      readonly action: 'complete';
      readonly secret: Live<'Secret'>;
      /** That it does not have yet. */
      readonly keys: readonly string[];
    };

const isWhole = ({ deletion, frozen, spec }: Live<'Secret'>): boolean =>
  deletion === null && frozen === null && spec.data === undefined;

const keysOf = ({ spec }: Live<'Secret'>): ReadonlySet<string> =>
  new Set([...Object.keys(spec.sealed ?? {}), ...Object.keys(spec.data ?? {})]);

/** By name, each key once; what only people can know is left to them. */
const gathered = (needs: readonly SecretNeed[]): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, readonly string[]>();
  for (const { name, keys } of needs.filter(({ byPeople }) => byPeople !== true))
    found.set(name, [...new Set([...(found.get(name) ?? []), ...keys])]);
  return found;
};

/** What is missing of what is needed; one that is being deleted, cannot be read or is not sealed yet is waited for. */
export const planSecrets = (
  needs: readonly SecretNeed[],
  secrets: readonly Live<'Secret'>[],
): readonly SecretStep[] => {
  const known = new Map(secrets.map((secret) => [secret.ref.name, secret]));
  return [...gathered(needs)].flatMap(([name, keys]): readonly SecretStep[] => {
    const secret = known.get(name);
    if (secret === undefined) return [{ action: 'create', name, keys }];
    const held = keysOf(secret);
    const missing = keys.filter((key) => !held.has(key));
    const ours = secret.annotations[GENERATED] === 'true' && isWhole(secret);
    return ours && missing.length > 0 ? [{ action: 'complete', secret, keys: missing }] : [];
  });
};
