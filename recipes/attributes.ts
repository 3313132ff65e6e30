/** Attributes: what recipes can be told. A role's win over the cluster's, those over the defaults (defaults.ts). */
import type { RoleType } from '../api-types/kinds/role.js';
import { problemText, shown, type Problem } from '../api-types/problems.js';
import type { Snapshot } from '../api-types/snapshot.js';
import { DEFAULTS } from './defaults.js';
import { remembered } from './members.js';

export type Attributes = Readonly<Record<string, unknown>>;

/** What no recipe can be made of: it fails on the host, with this text, and nowhere else. */
export class AttributeProblem extends Error {}

export const isRecord = (value: unknown): value is Attributes =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects are merged key by key, anything else is replaced. */
export const mergeAttributes = (under: Attributes, over: Attributes): Attributes => {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isRecord(below) && isRecord(value) ? mergeAttributes(below, value) : value;
  }
  return merged;
};

/** Of one role of the cluster; of a role that is not there, the cluster's own. */
export const attributesOf = remembered((snapshot, role): Attributes => {
  const found = snapshot.roles[role];
  if (found === undefined) return snapshot.attributes;
  const base = mergeAttributes(DEFAULTS[found.type], snapshot.attributes);
  return mergeAttributes(base, found.attributes);
});

/** Throws for people, naming the role, with what was expected where. */
export const refuseAttributes = (role: string, problems: readonly Problem[]): void => {
  if (problems.length === 0) return;
  throw new AttributeProblem(`attributes of the role ${role}: ${problems.map(problemText).join('; ')}`);
};

// a line break would begin a line of its own in somebody's configuration
const CONTROL = /[\u0000-\u001f\u007f]/;
const isLine = (value: unknown): boolean => typeof value === 'string' && !CONTROL.test(value);

const LARGEST_PORT = 65_535;

const isNumber = (value: unknown, key: string, whole: boolean): boolean => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return false;
  if (/port$/i.test(key)) return Number.isInteger(value) && value >= 1 && value <= LARGEST_PORT;
  return !whole || Number.isInteger(value);
};

const numberName = (key: string): string =>
  /port$/i.test(key) ? `a port, 1 to ${String(LARGEST_PORT)}` : 'a number that is not negative';

type Kind = 'number' | 'string' | 'boolean' | 'list' | 'object';

const kindOf = (standard: unknown): Kind => {
  const kind = Array.isArray(standard) ? 'list' : typeof standard;
  return kind === 'number' || kind === 'string' || kind === 'boolean' || kind === 'list' ? kind : 'object';
};

const OTHER_KINDS: Readonly<Record<Exclude<Kind, 'number'>, readonly [string, (value: unknown) => boolean]>> =
  {
    string: ['a text of one line', isLine],
    boolean: ['true or false', (value) => typeof value === 'boolean'],
    list: ['a list of texts of one line', (value) => Array.isArray(value) && value.every(isLine)],
    object: ['an object', isRecord],
  };

/** What is expected where the default is this; null: the value will do. */
const expectedInstead = (value: unknown, standard: unknown, key: string): string | null => {
  const kind = kindOf(standard);
  if (kind === 'number') return isNumber(value, key, Number.isInteger(standard)) ? null : numberName(key);
  const [expected, holds] = OTHER_KINDS[kind];
  return holds(value) ? null : expected;
};

const problemsIn = (value: unknown, standard: unknown, path: readonly string[]): readonly Problem[] => {
  const expected = expectedInstead(value, standard, path.at(-1) ?? '');
  if (expected !== null) return [{ path: path.join('.'), expected, got: shown(value) }];
  if (!isRecord(standard) || !isRecord(value)) return [];
  return Object.entries(standard).flatMap(([key, below]) => problemsIn(value[key], below, [...path, key]));
};

const refuseWrong = remembered((snapshot, role): true => {
  const type = snapshot.roles[role]?.type ?? 'custom';
  refuseAttributes(role, problemsIn(attributesOf(snapshot, role), DEFAULTS[type], []));
  return true;
});

/** Attributes of a role that is of this type, as its recipe takes them; throws an AttributeProblem. */
export const settingsOf = <T extends RoleType>(
  snapshot: Snapshot,
  role: string,
  type: T,
): (typeof DEFAULTS)[T] => {
  if (snapshot.roles[role]?.type !== type) throw new AttributeProblem(`${role} is no role of type ${type}`);
  refuseWrong(snapshot, role);
  return attributesOf(snapshot, role) as unknown as (typeof DEFAULTS)[T];
};
