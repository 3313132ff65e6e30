/** What grants add up to in one cluster. Pure. */
import { type GrantSpec, LEVELS, type Level } from '../../api-types/kinds/grant.js';

/** A grant that names the caller, or a group of theirs. */
export interface Held {
  readonly cluster: string;
  readonly name: string;
  readonly spec: GrantSpec;
}

/** What is asked for: the whole cluster, any part of it, or certain roles. */
export type Part =
  | { readonly part: 'any' | 'whole' }
  /** `every`: all of them must be covered (to change something), else one (to see it). */
  | { readonly part: 'roles'; readonly roles: readonly string[]; readonly every: boolean };

const rank = (level: Level): number => LEVELS.indexOf(level);

const narrowed = ({ spec }: Held): boolean => spec.roles !== undefined;

const covers = ({ spec }: Held, role: string): boolean =>
  spec.roles === undefined || spec.roles.includes(role);

/** The grant that denies this part, or null: `deny` wins over whatever else is granted. */
const denial = (held: readonly Held[], part: Part): Held | null => {
  const denies = held.filter(({ spec }) => spec.level === 'deny');
  const concerns = (deny: Held): boolean => {
    if (!narrowed(deny)) return true;
    if (part.part === 'roles') return part.roles.some((role) => covers(deny, role));
    return part.part === 'whole';
  };
  return denies.find(concerns) ?? null;
};

const forRoles = (
  enough: readonly Held[],
  { roles, every }: Extract<Part, { part: 'roles' }>,
): Held | null => {
  const wide = enough.find((one) => !narrowed(one));
  if (wide !== undefined) return wide;
  const by = roles.map((role) => enough.find((one) => covers(one, role)));
  if (every && by.includes(undefined)) return null;
  return by.find((one) => one !== undefined) ?? null;
};

/** The grant that gives at least `level` on this part, or null. */
export const grantGiving = (held: readonly Held[], level: Level, part: Part): Held | null => {
  if (denial(held, part) !== null) return null;
  const enough = held.filter(({ spec }) => spec.level !== 'deny' && rank(spec.level) >= rank(level));
  if (part.part === 'roles') return forRoles(enough, part);
  return enough.find((one) => part.part === 'any' || !narrowed(one)) ?? null;
};

const scopeOf = ({ spec }: Held): string =>
  spec.roles === undefined
    ? ''
    : ` of ${spec.roles.length === 1 ? 'role' : 'roles'} ${spec.roles.join(', ')}`;

/** `manage of role app by grant shop/ana`. */
export const heldText = (held: Held): string =>
  `${held.spec.level}${scopeOf(held)} by grant ${held.cluster}/${held.name}`;

/** For people: what they have in a cluster instead of what they need. */
export const insteadText = (held: readonly Held[], part: Part): string => {
  const denied = denial(held, part);
  if (denied !== null) return heldText(denied);
  const most = [...held].sort((left, right) => rank(right.spec.level) - rank(left.spec.level));
  return most.length === 0 ? 'no grant there' : most.slice(0, 3).map(heldText).join(', ');
};
