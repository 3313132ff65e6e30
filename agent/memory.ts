/** What the agent knows of itself, also after a restart: `<root>/var/lib/scalarium/agent.json`, mode 0600. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { EnrolAnswer } from '../api-types/agent-protocol.js';
import { readIfThere, writePrivate } from '../runtime/private-file.js';

const Known = t.strict(
  {
    machine: t.string,
    /** Null: not enrolled yet. */
    identity: t.union([EnrolAnswer, t.null]),
    /** The gateways that were alive when the last welcome came. */
    gateways: t.readonlyArray(t.string),
    lastSession: t.number,
  },
  'AgentMemory',
);
export interface Known extends t.TypeOf<typeof Known> {}

export interface Memory {
  readonly known: Known;
  /** Durable when it resolves. */
  learn(change: Partial<Known>): Promise<void>;
}

const fresh = (machine: string): Known => ({ machine, identity: null, gateways: [], lastSession: 0 });

/** A disk copied from another machine must not make two hosts of one: its identity is dropped. */
const recall = (machine: string, text: string | null): Known => {
  if (text === null) return fresh(machine);
  try {
    const decoded = Known.decode(JSON.parse(text));
    return E.isRight(decoded) && decoded.right.machine === machine ? decoded.right : fresh(machine);
  } catch {
    return fresh(machine);
  }
};

const openWith = (first: Known, save: (known: Known) => Promise<void>): Memory => {
  let known = first;
  return {
    get known() {
      return known;
    },
    learn: (change) => {
      known = { ...known, ...change };
      return save(known);
    },
  };
};

/** Kept in the file at `path`. */
export const openDiskMemory = async (path: string, machine: string): Promise<Memory> => {
  let last: Promise<void> = Promise.resolve();
  return openWith(recall(machine, await readIfThere(path)), (known) => {
    const next = last.then(() => writePrivate(path, JSON.stringify(known)));
    last = next.catch(() => undefined); // one failed write does not keep the next from being tried
    return next;
  });
};

/** Kept for the life of the process. */
export const openFleetingMemory = (machine: string): Memory =>
  openWith(fresh(machine), () => Promise.resolve());
