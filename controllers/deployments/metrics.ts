/** What a canary is judged by: a number that somebody measures. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { Subject } from 'rxjs';
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { StepOf } from './actions.js';
import type { Measured } from './view.js';

export interface Metrics {
  /** Null: it could not be measured, whatever for. Never rejects. */
  ask(url: string, query: string): Promise<number | null>;
}

const PATIENCE = seconds(5);
/** One number needs less. */
const MOST_BYTES = 1_000_000;

/** A point in time and a number as text. */
const Sample = t.tuple([t.number, t.string], 'Sample');
const Vector = t.type(
  { resultType: t.literal('vector'), result: t.array(t.type({ value: Sample })) },
  'Vector',
);
const Scalar = t.type({ resultType: t.literal('scalar'), result: Sample }, 'Scalar');
const Answer = t.type({ status: t.literal('success'), data: t.union([Vector, Scalar]) }, 'Answer');

const textIn = (value: unknown): string | null => {
  const answer = Answer.decode(value);
  if (E.isLeft(answer)) return null;
  const { data } = answer.right;
  if (data.resultType === 'scalar') return data.result[1];
  const [only, ...others] = data.result;
  // several series are no number, and none is none
  return only === undefined || others.length > 0 ? null : only.value[1];
};

const numberIn = (text: string): number | null => {
  try {
    const found = textIn(JSON.parse(text) as unknown);
    const value = found === null || found === '' ? NaN : Number(found);
    return Number.isNaN(value) ? null : value;
  } catch {
    return null;
  }
};

const addressOf = (url: string, query: string): string =>
  `${url.replace(/\/+$/, '')}/api/v1/query?query=${encodeURIComponent(query)}`;

/** Null: there is none, or more than one number needs; the rest is not read then. */
const readText = async (body: AsyncIterable<Uint8Array> | null): Promise<string | null> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** Asks a Prometheus over HTTP, at the very address that the spec names. */
export const prometheus = (clock: Clock): Metrics => ({
  ask: async (url, query) => {
    const cut = new AbortController();
    const timer = clock.after(PATIENCE, () => {
      cut.abort();
    });
    try {
      const answer = await fetch(addressOf(url, query), {
        signal: cut.signal,
        redirect: 'error',
      });
      const text = answer.ok ? await readText(answer.body) : null;
      return text === null ? null : numberIn(text);
    } catch {
      return null;
    } finally {
      timer.cancel();
      cut.abort();
    }
  },
});

/** Answers that arrive while others have their turn. */
export class Measurements {
  private readonly answers = new Map<string, Measured>();
  private readonly asked = new Set<string>();
  private readonly done = new Subject<string>();
  /** Keys of the controller for which something was measured. */
  readonly done$ = this.done.asObservable();

  constructor(
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  of(uid: string): Measured | undefined {
    return this.answers.get(uid);
  }

  begin(key: string, { uid, rule }: StepOf<'measure'>): void {
    if (this.asked.has(uid)) return;
    this.asked.add(uid);
    const at = this.clock.now();
    void this.metrics.ask(rule.url, rule.query).then((value) => {
      // nobody waits for it any more
      if (!this.asked.delete(uid)) return;
      this.answers.set(uid, { value, at });
      this.done.next(key);
    });
  }

  drop(uid: string): void {
    this.answers.delete(uid);
    this.asked.delete(uid);
  }
}
