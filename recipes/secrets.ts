/** Secrets of a run: resolved when a resource is applied, remembered so that they can be taken out of every text. */
import { messageOf } from '../api-types/thrown.js';
import type { SecretReference, SecretText } from './resource.js';

/** The values of a Secret by their keys; rejects, for people, when they cannot be had, or when the signal aborts. */
export type SecretSource = (name: string, signal?: AbortSignal) => Promise<Readonly<Record<string, string>>>;

export interface Secrets {
  /** The value; throws with the names of the secret and the key when there is none. */
  text(value: SecretText): Promise<string>;
  /** Takes every value that was resolved so far out of a text. */
  mask(text: string): string;
  /** The same, with all that it knows, where the run has ended for its time and something else goes on. */
  until(signal: AbortSignal): Secrets;
}

const MASK = '******';

/** Shorter ones are not masked: every text is full of them, and the stars would tell where. */
const SHORTEST = 4;

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** What programs that wrap base64 wrap it at. */
const BASE64_LINES = [64, 76];
/** Of base64, where one piece of a value may stand for many others. */
const SHORTEST_BASE64 = 6;

/** As it stands in what is encoded behind so many other bytes: the characters that are the value's alone. */
const base64Behind = (bytes: Buffer, others: number): string => {
  const text = Buffer.concat([Buffer.alloc(others), bytes]).toString('base64');
  const first = Math.ceil((others * 8) / 6);
  return text.slice(first, Math.floor(((others + bytes.length) * 8) / 6));
};

const wrapped = (text: string, width: number): readonly string[] =>
  text.length <= width ? [] : (text.match(new RegExp(`.{1,${String(width)}}`, 'g')) ?? []);

/** Behind a user's name and a colon, as in a header of HTTP, it looks otherwise than by itself. */
const base64Of = (value: string): readonly string[] => {
  const bytes = Buffer.from(value);
  const whole = bytes.toString('base64').replace(/=+$/, '');
  const behind = [1, 2].map((others) => base64Behind(bytes, others));
  const lines = BASE64_LINES.flatMap((width) => wrapped(whole, width));
  const shapes = [base64Behind(bytes, 0), whole, ...behind, ...lines];
  return [...shapes, ...shapes.map((shape) => shape.replaceAll('+', '-').replaceAll('/', '_'))].filter(
    (shape) => shape.length >= SHORTEST_BASE64,
  );
};

const urlOf = (value: string): readonly string[] => {
  const plain = encodeURIComponent(value);
  const strict = plain.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const encoded = [plain, strict, strict.replaceAll('%20', '+')];
  return [...encoded, ...encoded.map((text) => text.replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()))];
};

/** A value as programs print it: as it is, a line of it, in JSON, for a shell, in a URL, in hexadecimal digits, in base64. */
const shapesOf = (value: string): readonly string[] => {
  const json = JSON.stringify(value).slice(1, -1);
  const hex = Buffer.from(value).toString('hex');
  return [
    value,
    ...value.split('\n').map((line) => line.trim()),
    json,
    json.replaceAll('/', '\\/'),
    value.replaceAll("'", "'\\''"),
    ...urlOf(value),
    hex,
    hex.toUpperCase(),
    ...base64Of(value),
  ].filter((shape) => shape.length >= SHORTEST);
};

/** True of what stands for a secret's value. */
export const isReference = (value: unknown): value is SecretReference => {
  if (typeof value !== 'object' || value === null) return false;
  const { secret, key } = value as Partial<Record<'secret' | 'key', unknown>>;
  return typeof secret === 'string' && typeof key === 'string' && Object.keys(value).length === 2;
};

type Values = Readonly<Record<string, string>>;

class RunSecrets implements Secrets {
  private readonly fetched = new Map<string, Promise<Values>>();
  private pattern: RegExp | null = null;
  private compiledFor = 0;

  constructor(
    private readonly source: SecretSource,
    private readonly signal?: AbortSignal,
    private readonly had = new Map<string, Values>(),
    private readonly shapes = new Set<string>(),
  ) {}

  until(signal: AbortSignal): Secrets {
    return new RunSecrets(this.source, signal, this.had, this.shapes);
  }

  async text(value: SecretText): Promise<string> {
    if (typeof value === 'string') return value;
    const { secret, key } = value;
    const values = await this.valuesOf(secret);
    const found = Object.hasOwn(values, key) ? values[key] : undefined;
    if (found === undefined) throw new Error(`the secret ${secret} has no key "${key}"`);
    for (const shape of shapesOf(found)) this.shapes.add(shape);
    return found;
  }

  mask(text: string): string {
    if (this.shapes.size === 0) return text;
    if (this.pattern === null || this.compiledFor !== this.shapes.size) this.pattern = this.compiled();
    return text.replace(this.pattern, MASK);
  }

  /** The longest first: of one that begins another, nothing may stay. */
  private compiled(): RegExp {
    this.compiledFor = this.shapes.size;
    const longestFirst = [...this.shapes].sort((a, b) => b.length - a.length);
    return new RegExp(longestFirst.map(escaped).join('|'), 'g');
  }

  private async valuesOf(name: string): Promise<Values> {
    const known = this.had.get(name) ?? this.fetched.get(name);
    if (known !== undefined) return known;
    const asked = this.source(name, this.signal).catch((error: unknown) => {
      throw new Error(`the secret ${name} cannot be had: ${messageOf(error)}`);
    });
    this.fetched.set(name, asked);
    const values = await asked;
    this.had.set(name, values);
    return values;
  }
}

/** Each Secret is asked for once; once the run's signal aborts none is waited for. */
export const openSecrets = (source: SecretSource, signal?: AbortSignal): Secrets =>
  new RunSecrets(source, signal);
