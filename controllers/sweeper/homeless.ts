/** Tells of machines that bear our tag and that of a cluster which is no more. They are listed, never ended. */
import * as E from 'fp-ts/lib/Either.js';
import { TAGS, type Machine } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import type { Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { eventWrite, type NewEvent } from '../../store/objects/events.js';
import type { Objects } from '../../store/objects/objects.js';
import { GLOBAL, type Ownership } from '../../store/ownership.js';
import { homeless } from './plan.js';

export interface HomelessDependencies {
  readonly objects: Objects;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly log: Log;
}

/** An Event each for so many; the log has them all. */
const MOST_EVENTS = 20;

const clustersIn = (objects: Objects): ReadonlySet<string> =>
  new Set([
    ...objects.list('Cluster').map(({ ref }) => ref.name),
    ...[...objects.list('Role'), ...objects.list('Instance')].map(({ ref }) => ref.cluster ?? ''),
  ]);

const stranger = (cloud: string, { id, tags }: Machine): NewEvent => {
  const cluster = tags[TAGS.cluster];
  const whose = cluster === undefined ? 'no cluster' : `cluster ${cluster}, which is not there any more`;
  return {
    regarding: { kind: 'Cloud', cluster: null, name: cloud },
    type: 'Warning',
    reason: 'Stranger',
    message: `machine ${id} bears this installation's tag and belongs to ${whose}; it is left alone. Terminate it yourself if it is not needed`,
    source: 'sweeper',
  };
};

export type TellHomeless = (
  cloud: string,
  machines: readonly Machine[],
  launchWindow: number,
) => Promise<E.Either<Failure, void>>;

/** Tells of them at each sweep, in Events, and of each machine once in the log. */
export const homelessTeller = (on: HomelessDependencies): TellHomeless => {
  const logged = new Set<string>();
  return async (cloud, machines, launchWindow) => {
    const { objects, ownership, clock, log } = on;
    const fence = ownership.of(GLOBAL);
    if (fence === null) return E.right(undefined);
    const { target, equals } = fence.compare;
    if (target === 'create' && typeof equals === 'number') await objects.caughtUp(equals);
    const { installation } = objects;
    const clusters = clustersIn(objects);
    const found = homeless({ now: clock.now(), installation, machines, clusters, launchWindow });
    const fresh = found.filter(({ id }) => !logged.has(id)).map(({ id }) => id);
    for (const id of fresh) logged.add(id);
    if (fresh.length > 0)
      log.warn('machines of this installation whose cluster is no more; they are left alone', {
        cloud,
        machines: fresh,
      });
    const told = found.slice(0, MOST_EVENTS).map((machine) => stranger(cloud, machine));
    const writes = told.flatMap((event) => eventWrite(objects, event, clock.now()) ?? []);
    if (writes.length === 0) return E.right(undefined);
    return E.map(() => undefined)(await objects.write(fence, writes)());
  };
};
