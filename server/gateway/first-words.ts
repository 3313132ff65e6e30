/** Records an agent's first words (`status.agent`), many hosts a transaction. */
import * as E from 'fp-ts/lib/Either.js';
import type { StatusOf } from '../../api-types/kinds.js';
import { millis, seconds } from '../../api-types/units.js';
import { type Clock, timestamp } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Objects, Ref, Write } from '../../store/objects/objects.js';
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

const writeOf = (words: FirstWords, { objects, clock }: RecorderDependencies): Write | null => {
  const { machine, address, version, startedAt } = words;
  const last = recorded(words, objects);
  if (last === null) return null;
  const same =
    last.address === address && last.version === version && last.startedAt === (startedAt ?? undefined);
  if (same) return null;
  const connectedAt = last.connectedAt ?? timestamp(clock.now());
  const agent = { machine, connectedAt, address, version, startedAt };
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
      gatherer.add(words);
    },
    spoke: (machine) => spoken.has(machine),
    forget: (machine) => {
      spoken.delete(machine);
    },
    flush: () => gatherer.flush(),
  };
};
