/** Watches the hosts come up: the live table until all are online, then a line for each change. */
import { auditTime, interval, merge, tap } from 'rxjs';
import { phaseOf } from '../../api-types/kinds/phase.js';
import { millis, type Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Hosts } from '../../runtime/hosts.js';
import type { Change, Live, Objects } from '../../store/objects/objects.js';
import { liveTable, type HostRow, type Screen } from './table.js';
import { troublesOf } from './troubles.js';

export interface WatchedPlane {
  readonly objects: Objects;
  readonly observed: Hosts;
}

const messageOf = ({ status }: Live<'Instance'>): string =>
  ['Stalled', 'Launched', 'SetupDone', 'Ready']
    .map((type) => status.conditions?.[type])
    .find(
      (condition) =>
        condition !== undefined && condition.status !== (condition.type === 'Stalled' ? 'False' : 'True'),
    )?.message ?? '';

type Instance = Live<'Instance'>;

const madeRow = (instance: Instance): HostRow => ({
  name: instance.ref.name,
  cluster: instance.ref.cluster ?? '',
  role: instance.spec.role,
  phase: phaseOf(instance.status, instance.deletion !== null),
  machine: instance.status.machine?.id ?? '-',
  address: instance.status.agent?.address ?? '-',
  message: messageOf(instance),
});

const known = new WeakMap<Instance, HostRow>();

/** Made once for each: objects never change. */
const rowOf = (instance: Instance): HostRow => {
  const row = known.get(instance) ?? madeRow(instance);
  known.set(instance, row);
  return row;
};

/** The table's rows as of now, sorted by cluster and name. */
export const hostRows = (objects: Objects): readonly HostRow[] => objects.list('Instance').map(rowOf);

const wantedHosts = (objects: Objects): number =>
  objects
    .list('Role')
    .filter((role) => role.deletion === null)
    .reduce((sum, role) => sum + role.spec.replicas, 0);

const isUp = (plane: WatchedPlane, instance: Live<'Instance'>): boolean => {
  const machine = instance.status.machine?.id;
  return (
    machine !== undefined &&
    instance.status.conditions?.['Ready']?.status === 'True' &&
    plane.observed.get(machine)?.connected === true
  );
};

/** Every slot that the roles want is online, its agent connected, and no other slot is left. */
const allOnline = (plane: WatchedPlane): boolean => {
  const instances = plane.objects.list('Instance');
  return (
    instances.length === wantedHosts(plane.objects) && instances.every((instance) => isUp(plane, instance))
  );
};

/** All online, and each has run its newest configuration: the load balancer lists every Ready app server. */
const allSettled = (plane: WatchedPlane): boolean => {
  const clusters = new Set(plane.objects.list('Instance').map(({ ref }) => ref.cluster));
  return plane.objects
    .list('Cluster')
    .every(
      ({ ref, status }) => !clusters.has(ref.name) || status.conditions?.['Configured']?.status === 'True',
    );
};

const REDRAW = millis(200);

export interface Watching {
  /** Resolves when every host is online for the first time. */
  readonly online: Promise<void>;
  /** Resolves when, besides, every host has run its newest configuration. */
  readonly settled: Promise<void>;
  end(): void;
}

interface WatchOptions {
  readonly plane: WatchedPlane;
  readonly screen: Screen;
  readonly clock: Clock;
  /** Monotonic time that `elapsed` counts from. */
  readonly since: Millis;
}

const inOrder = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;

/** Hosts that changed since they were last told of, each with what it was then. */
class News {
  private readonly before = new Map<string, Instance | null>();

  take(changes: readonly Change[]): void {
    for (const { ref, before } of changes) {
      const name = `${ref.cluster ?? ''}/${ref.name}`;
      if (ref.kind === 'Instance' && !this.before.has(name)) this.before.set(name, before as Instance | null);
    }
  }

  /** A line for each whose phase is another; then nothing is news any more. */
  told(objects: Objects): readonly string[] {
    const lines = [...this.before].sort(inOrder).flatMap(([name, before]) => {
      const [cluster = '', host = ''] = name.split('/');
      const now = objects.get({ kind: 'Instance', cluster, name: host });
      const last = before === null ? null : rowOf(before).phase;
      if (now === null || rowOf(now).phase === last) return [];
      const { phase, message } = rowOf(now);
      return [`${name}: ${last ?? 'new'} → ${phase}${message === '' ? '' : `  ${message}`}`];
    });
    this.before.clear();
    return lines;
  }
}

interface Deferred {
  readonly promise: Promise<void>;
  done(): void;
  isDone(): boolean;
}

const deferred = (): Deferred => {
  let finished = false;
  let settle: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return {
    promise,
    done: () => {
      finished = true;
      settle();
    },
    isDone: () => finished,
  };
};

/** Draws until all hosts are online, then writes a line a change. */
export const watchHosts = ({ plane, screen, clock, since }: WatchOptions): Watching => {
  const table = liveTable(screen);
  const stopped = new AbortController();
  const [online, settled] = [deferred(), deferred()];
  const news = new News();
  const look = (): void => {
    if (stopped.signal.aborted) return;
    const lines = news.told(plane.objects);
    const elapsed = clock.monotonic() - since;
    if (online.isDone()) for (const line of lines) screen.write(`${line}\n`);
    else table.draw(hostRows(plane.objects), elapsed, troublesOf(plane.objects));
    if (!online.isDone() && allOnline(plane)) {
      table.end();
      online.done();
    }
    if (online.isDone() && !settled.isDone() && allOnline(plane) && allSettled(plane)) settled.done();
  };
  const subscription = merge(
    plane.objects.changes$.pipe(
      tap((changes) => {
        news.take(changes);
      }),
    ),
    plane.observed.changes$,
    interval(REDRAW, clock.scheduler),
  )
    .pipe(auditTime(REDRAW / 2, clock.scheduler))
    .subscribe(look);
  return {
    online: online.promise,
    settled: settled.promise,
    end: () => {
      stopped.abort();
      subscription.unsubscribe();
    },
  };
};
