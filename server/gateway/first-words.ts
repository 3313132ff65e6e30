/** Records an agent's first words (`status.agent`), many hosts a transaction. */
import * as E from 'fp-ts/lib/Either.js';
import type { StatusOf } from '../../api-types/kinds.js';
import { millis, seconds } from '../../api-types/units.js';
import { type Clock, timestamp } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { recordEvent } from '../../store/objects/events.js';
import type { Objects, Ref, Write } from '../../store/objects/objects.js';
import { newsOf } from './agent-news.js';
import { gather } from './gather.js';

const GATHER = millis(20);
const TRY_AGAIN = seconds(1);
const A_TRANSACTION = 100;

type Spoken = NonNullable<StatusOf<'Instance'>['agent']>;

export interface FirstWords {
  readonly cluster: string;
  readonly instance: string;
  readonly machine: string;
  readonly address: string;
  readonly version: string;
  /** Null: an agent that does not say. */
  readonly startedAt: string | null;
  /** Null: it was not installed as a file of its own. */
  readonly build: string | null;
  /** Null: every build came up. */
  readonly gaveUp: string | null;
}

export interface Recorder {
  /** Records what is new; once a machine, and again when its address or version changed or it was started anew. */
  note(words: FirstWords): void;
  /** The machine spoke, though that may not be in the record yet. */
  spoke(machine: string): boolean;
  /** No record names the machine any more. */
  forget(machine: string): void;
  flush(): Promise<void>;
}

export interface RecorderDependencies {
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Log;
  readonly stopped: AbortSignal;
}

const refOf = ({ cluster, instance }: FirstWords): Ref<'Instance'> => ({
  kind: 'Instance',
  cluster,
  name: instance,
});

/** What the record says of this machine's agent; null: the slot is not this machine's (any more). */
const recorded = (words: FirstWords, objects: Objects): Partial<Spoken> | null => {
  const status = objects.get(refOf(words))?.status;
  if (status?.machine?.id !== words.machine) return null;
  return status.agent?.machine === words.machine ? status.agent : {};
};

const isSame = (words: FirstWords, last: Partial<Spoken>): boolean =>
  last.address === words.address &&
  last.version === words.version &&
  last.startedAt === (words.startedAt ?? undefined) &&
  last.build === (words.build ?? undefined) &&
  last.gaveUp === (words.gaveUp ?? undefined);

const writeOf = (words: FirstWords, { objects, clock }: RecorderDependencies): Write | null => {
  const { machine, address, version, startedAt, build, gaveUp } = words;
  const last = recorded(words, objects);
  if (last === null) return null;
  if (isSame(words, last)) return null;
  const now = timestamp(clock.now());
  const connectedAt = last.connectedAt ?? now;
  const buildSince = build === null ? null : build === last.build ? (last.buildSince ?? now) : now;
  const agent = { machine, connectedAt, address, version, startedAt, build, buildSince, gaveUp };
  return { write: 'status', ref: refOf(words), patch: { agent } };
};

/** One that conflicts (its slot was deleted, or given another machine) must not keep the others waiting. */
const record = async (words: readonly FirstWords[], with_: RecorderDependencies): Promise<void> => {
  while (!with_.stopped.aborted) {
    const writes = words.map((one) => writeOf(one, with_)).filter((write) => write !== null);
    if (writes.length === 0) return;
    const written = await with_.objects.write(null, writes)();
    if (E.isRight(written)) return;
    if (written.left._tag === 'Conflict') {
      if (words.length > 1) for (const one of words) await record([one], with_);
      else with_.log.warn('the first words were not recorded', { ...words[0], failure: written.left });
      return;
    }
    with_.log.warn('first words cannot be recorded yet', { failure: written.left, hosts: words.length });
    await with_.clock.sleep(TRY_AGAIN, with_.stopped);
  }
};

/** In the background: it is in the log of the host all the same. */
const tellNews = (words: FirstWords, { objects, clock, log }: RecorderDependencies): void => {
  const last = recorded(words, objects);
  for (const news of last === null ? [] : newsOf(words, last)) {
    log.info('an agent changed', { machine: words.machine, reason: news.reason, message: news.message });
    const event = { regarding: refOf(words), source: 'gateway', ...news } as const;
    void recordEvent(objects, event, clock.now())().then((told) => {
      if (E.isLeft(told)) log.warn('news of an agent were not recorded', { failure: told.left });
    });
  }
};

/** Opens the recorder of one gateway. */
export const openRecorder = (with_: RecorderDependencies): Recorder => {
  const spoken = new Set<string>();
  const gatherer = gather<FirstWords>({ clock: with_.clock, delay: GATHER }, async (words) => {
    for (let start = 0; start < words.length; start += A_TRANSACTION)
      await record(words.slice(start, start + A_TRANSACTION), with_);
  });
  return {
    note: (words) => {
      spoken.add(words.machine);
      tellNews(words, with_);
      gatherer.add(words);
    },
    spoke: (machine) => spoken.has(machine),
    forget: (machine) => {
      spoken.delete(machine);
    },
    flush: () => gatherer.flush(),
  };
};
