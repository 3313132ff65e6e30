/** Settings of the local cloud from environment variables, for benchmarks and tests of whole installations. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { Quota } from '../api-types/kinds/cloud.js';
import { decodeLoose, problemText } from '../api-types/problems.js';
import { seconds, type Millis } from '../api-types/units.js';
import { seededChance, systemChance, type Chance } from '../runtime/chance.js';
import type { Settings } from './settings.js';

type Env = Readonly<Record<string, string | undefined>>;

const Quotas = t.record(t.string, Quota, 'Quotas');

const numberIn = (env: Env, name: string): number | null => {
  const text = env[name];
  if (text === undefined || text === '') return null;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`${name}: expected a number that is not negative, got "${text}"`);
};

const duration = (env: Env, name: string): Millis | null => {
  const value = numberIn(env, name);
  return value === null ? null : seconds(value);
};

const parsed = (name: string, text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new Error(`${name}: expected "unlimited" or JSON, got "${text}"`, { cause });
  }
};

const quotasIn = (env: Env): Settings['quotas'] | null => {
  const name = 'SCALARIUM_LOCAL_CLOUD_QUOTAS';
  const text = env[name];
  if (text === undefined || text === '') return null;
  if (text === 'unlimited') return text;
  const decoded = decodeLoose(Quotas, parsed(name, text));
  if (E.isRight(decoded)) return decoded.right;
  throw new Error(`${name}: ${decoded.left.map(problemText).join('; ')}`);
};

const given = <K extends string, V>(name: K, value: V | null): Partial<Record<K, V>> =>
  value === null ? {} : ({ [name]: value } as Record<K, V>);

/**
 * `SCALARIUM_LOCAL_CLOUD_PENDING_SECONDS` (mean pending → running), `…_PENDING_SPREAD_SECONDS` (±),
 * `…_TERMINATED_VISIBLE_SECONDS`, `…_QUOTAS` (`unlimited`, or as a Cloud's `quotas` in JSON).
 */
export const settingsFrom = (env: Env): Partial<Settings> => ({
  ...given('boot', duration(env, 'SCALARIUM_LOCAL_CLOUD_PENDING_SECONDS')),
  ...given('bootSpread', duration(env, 'SCALARIUM_LOCAL_CLOUD_PENDING_SPREAD_SECONDS')),
  ...given('terminatedVisible', duration(env, 'SCALARIUM_LOCAL_CLOUD_TERMINATED_VISIBLE_SECONDS')),
  ...given('quotas', quotasIn(env)),
});

/** With `SCALARIUM_LOCAL_CLOUD_SEED` boot times repeat from run to run; keys and ids are drawn from the system all the same. */
export const chanceFrom = (env: Env): Chance => {
  const seed = numberIn(env, 'SCALARIUM_LOCAL_CLOUD_SEED');
  if (seed === null) return systemChance;
  const seeded = seededChance(seed);
  return { number: () => seeded.number(), bytes: (count) => systemChance.bytes(count) };
};
