/** Waits by watching until objects are as wanted, the time is up, or Ctrl-C. */
import type { KindName } from '../../api-types/kinds.js';
import type { Address, Client, ObjectOf } from '../../client/client.js';
import { valueOf } from '../answers.js';
import { type CliContext, CliError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { shortName } from '../words.js';
import type { Goal } from './goal.js';

export interface Waited {
  readonly address: Address;
  /** This incarnation and no later one; none: any. */
  readonly uid?: string;
}

export interface Waiting {
  readonly targets: readonly Waited[];
  readonly goal: Goal;
  readonly seconds: number;
  /** Told once for each target that got there. */
  readonly reached: (of: Address) => void;
  /** Told whenever what a target lacks has changed. */
  readonly lacking?: (of: Address, what: string) => void;
}

const keyOf = (kind: string, cluster: string | null, name: string): string =>
  `${kind}/${cluster ?? ''}/${name}`;
const keyOfAddress = ({ kind, cluster, name }: Address): string => keyOf(kind, cluster, name);

/** What each target still lacks; those that have arrived are taken out. */
class Tally {
  readonly left = new Map<string, { readonly target: Waited; lacks: string }>();

  constructor(private readonly waiting: Waiting) {
    for (const target of waiting.targets) this.left.set(keyOfAddress(target.address), { target, lacks: '' });
  }

  /** Looks at a target as it is now; null: it is gone. */
  look(key: string, object: ObjectOf | null): void {
    const entry = this.left.get(key);
    if (entry === undefined) return;
    const { address, uid } = entry.target;
    const same = uid === undefined || object?.metadata.uid === uid ? object : null;
    const lacks = this.waiting.goal(same);
    if (lacks === null) {
      this.left.delete(key);
      this.waiting.reached(address);
    } else if (lacks !== entry.lacks) {
      entry.lacks = lacks;
      this.waiting.lacking?.(address, lacks);
    }
  }

  lines(): readonly string[] {
    return [...this.left.values()].map(
      ({ target: { address }, lacks }) => `${shortName(address.kind, address.name)}: ${lacks}`,
    );
  }

  of(kind: KindName, cluster: string | null): readonly Address[] {
    const addresses = [...this.left.values()].map(({ target }) => target.address);
    return addresses.filter((address) => address.kind === kind && address.cluster === cluster);
  }
}

/** Follows the targets of one kind in one cluster until none is left. */
const follow = async (
  client: Client,
  tally: Tally,
  {
    kind,
    cluster,
    signal,
  }: { readonly kind: KindName; readonly cluster: string | null; readonly signal: AbortSignal },
): Promise<void> => {
  const targets = tally.of(kind, cluster);
  const [only, ...more] = targets;
  const which = { cluster, ...(only !== undefined && more.length === 0 ? { name: only.name } : {}) };
  const { items, metadata } = await valueOf(client.list(kind, which));
  for (const address of targets) {
    const object = items.find((item) => item.metadata.name === address.name);
    tally.look(keyOfAddress(address), object ?? null);
  }
  if (tally.of(kind, cluster).length === 0) return;
  const how = { ...which, resourceVersion: metadata.resourceVersion, known: items, signal };
  for await (const { type, object } of client.watch(kind, how)) {
    tally.look(keyOf(kind, cluster, object.metadata.name), type === 'DELETED' ? null : object);
    if (tally.of(kind, cluster).length === 0) return;
  }
};

const followAll = async (
  client: Client,
  tally: Tally,
  waiting: Waiting,
  signal: AbortSignal,
): Promise<void> => {
  const groups = new Map<string, Address>();
  for (const { address } of waiting.targets) groups.set(keyOf(address.kind, address.cluster, ''), address);
  await Promise.all(
    [...groups.values()].map(({ kind, cluster }) => follow(client, tally, { kind, cluster, signal })),
  );
};

/** Resolves once all are as wanted; ends the command when the time is up, saying what each still lacks. */
export const waitFor = async (context: CliContext, client: Client, waiting: Waiting): Promise<void> => {
  const tally = new Tally(waiting);
  const stop = new AbortController();
  const { interrupted } = context;
  const signal = AbortSignal.any([stop.signal, interrupted]);
  const late = context.pause(waiting.seconds * 1000, signal).catch(() => undefined);
  try {
    await Promise.race([followAll(client, tally, waiting, signal), late]);
  } finally {
    stop.abort();
  }
  const lines = tally.lines();
  if (lines.length === 0 || interrupted.aborted) return;
  for (const line of lines) context.err(`${line}\n`);
  const many = lines.length === 1 ? 'one object is' : `${String(lines.length)} objects are`;
  throw new CliError(`time is up after ${String(waiting.seconds)} s (--timeout): ${many} not there yet`, {
    exit: EXIT.failed,
  });
};
