/** Reading back from records what was sent: after a start, a change of owner, or a write that failed. */
import * as E from 'fp-ts/lib/Either.js';
import { Snapshot } from '../../api-types/snapshot.js';
import type { Failure } from '../../runtime/failure.js';
import { snapshotKey } from '../../store/keys.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import type { Store } from '../../store/store.js';
import { inFlight, shutdownInFlight, shutdownMachines } from './fold.js';
import type { Observed } from './observe.js';
import { STEPS, fillFromStatus, fromEvents, inputText, note, type SentLog } from './sent.js';
import type { StoredSnapshot } from './steps.js';

export interface Recalled {
  readonly sent: SentLog;
  /** The newest snapshot of the cluster. */
  snapshot: StoredSnapshot | null;
}

interface Reading {
  readonly objects: Objects;
  readonly store: Store;
}

const readSnapshot = async (
  { store }: Reading,
  cluster: string,
  digest: string,
): Promise<E.Either<Failure, Snapshot | null>> => {
  const found = await store.get(snapshotKey(cluster, digest))();
  if (E.isLeft(found)) return found;
  if (found.right === null) return E.right(null);
  const decoded = Snapshot.decode(JSON.parse(found.right.value));
  return E.right(E.isRight(decoded) ? decoded.right : null);
};

const newestSnapshot = async (
  reading: Reading,
  { cluster }: Observed,
): Promise<E.Either<Failure, StoredSnapshot | null>> => {
  const pointer = cluster.status.snapshot;
  if (pointer === undefined) return E.right(null);
  const read = await readSnapshot(reading, cluster.ref.name, pointer.digest);
  return E.isLeft(read) ? read : E.right({ ...pointer, value: read.right });
};

/** Configure runs on their way, by the digest of the snapshot they were sent with. */
const onTheirWay = (
  { objects }: Reading,
  { cluster, instances }: Observed,
  sent: SentLog,
): ReadonlyMap<string, readonly Live<'Instance'>[]> => {
  const found = new Map<string, readonly Live<'Instance'>[]>();
  for (const instance of instances) {
    const name = inFlight(instance.status, sent, 'configure')?.event;
    if (name === undefined) continue;
    const event = objects.get({ kind: 'LifecycleEvent', cluster: cluster.ref.name, name });
    if (event === null) continue;
    const { digest } = event.status.snapshot;
    found.set(digest, [...(found.get(digest) ?? []), instance]);
  }
  return found;
};

/** What a run on its way was sent is a function of its event's snapshot; where that is gone, it is sent again. */
const fillInputs = async (
  reading: Reading,
  observed: Observed,
  sent: SentLog,
): Promise<E.Either<Failure, null>> => {
  for (const [digest, instances] of onTheirWay(reading, observed, sent)) {
    const snapshot = await readSnapshot(reading, observed.cluster.ref.name, digest);
    if (E.isLeft(snapshot)) return snapshot;
    if (snapshot.right === null) continue;
    for (const { ref, status } of instances) {
      const waits = inFlight(status, sent, 'configure');
      const machine = status.machine?.id;
      if (waits === null || machine === undefined) continue;
      note(sent, machine, 'configure', { ...waits, input: inputText(snapshot.right, ref.name) });
    }
  }
  return E.right(null);
};

/** Everything that records say was sent to the hosts of a cluster. */
export const recall = async (reading: Reading, observed: Observed): Promise<E.Either<Failure, Recalled>> => {
  const sent = fromEvents(reading.objects.list('LifecycleEvent', observed.cluster.ref.name));
  for (const { status } of observed.instances) fillFromStatus(sent, status);
  const filled = await fillInputs(reading, observed, sent);
  if (E.isLeft(filled)) return filled;
  const snapshot = await newestSnapshot(reading, observed);
  return E.isLeft(snapshot) ? snapshot : E.right({ sent, snapshot: snapshot.right });
};

const awaitedOf = ({ status }: Live<'Instance'>, sent: SentLog): readonly string[] =>
  [
    ...STEPS.map((step) => inFlight(status, sent, step)),
    ...shutdownMachines(status).map((machine) => shutdownInFlight(status, sent, machine)),
  ].flatMap((waits) => waits?.event ?? []);

/** Names of events that some host has not answered. */
export const awaited = (instances: readonly Live<'Instance'>[], sent: SentLog): readonly string[] => [
  ...new Set(instances.flatMap((instance) => awaitedOf(instance, sent))),
];

/** Whether there are any. */
export const isAwaited = (instances: readonly Live<'Instance'>[], sent: SentLog): boolean =>
  instances.some((instance) => awaitedOf(instance, sent).length > 0);
