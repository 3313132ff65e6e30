/** How long a controller's run lags behind the store's own watch when a spec is written. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { map, mergeAll } from 'rxjs';
import { systemChance } from '../runtime/chance.js';
import { systemClock } from '../runtime/clock.js';
import { settled } from '../runtime/controller.js';
import { silentLog } from '../runtime/log.js';
import { startManager } from '../runtime/manager.js';
import { openEmbeddedStore } from '../store/embedded/embedded.js';
import { openEtcdStore } from '../store/etcd/etcd.js';
import { openObjects } from '../store/objects/open.js';
import type { Store } from '../store/store.js';
import { startEtcd } from '../test/integration/etcd-server.js';
import { quantile } from './figures.js';

export interface Reaction {
  /** Milliseconds from the write to the raw watch's event, and to the controller's run. */
  readonly watchP99: number;
  readonly runP99: number;
  /** p99 of the difference, write by write. */
  readonly lagP99: number;
}

const WRITES = 500;
const around = { clock: systemClock, chance: systemChance, log: silentLog };

/** When each write was seen, by its name. */
type Seen = Map<string, number>;

const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

const watchRaw = async (store: Store, seen: Seen) => {
  const listed = await store.list('/scalarium/')();
  if (E.isLeft(listed)) throw new Error(listed.left.message);
  return store.watch('/scalarium/specs/', listed.right.revision).subscribe(({ events }) => {
    for (const event of events) if (event.type === 'put') seen.set(nameOf(event.kv.key), performance.now());
  });
};

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
};

const measured = async (store: Store): Promise<Reaction> => {
  const raw: Seen = new Map();
  const runs: Seen = new Map();
  const watching = await watchRaw(store, raw);
  const objects = await openObjects({
    store,
    installation: '00000000-0000-4000-8000-000000000000',
    ...around,
  });
  const manager = startManager({
    controllers: [
      {
        name: 'bench',
        wake$: objects.changes$.pipe(
          mergeAll(),
          map(({ ref }) => ref.name),
        ),
        reconcile: (key) => () => {
          runs.set(key, performance.now());
          return Promise.resolve(E.right(settled));
        },
      },
    ],
    ...around,
  });
  const written: Seen = new Map();
  for (let turn = 0; turn < WRITES; turn += 1) {
    const name = `role-${String(turn)}`;
    const ref = { kind: 'Role', cluster: 'bench', name } as const;
    written.set(name, performance.now());
    const document = { spec: { type: 'custom', replicas: 0 } };
    const result = await objects.write(null, [{ write: 'create', ref, document }])();
    if (E.isLeft(result)) throw new Error(result.left.message);
    await until(() => raw.has(name) && runs.has(name));
  }
  await manager.stop();
  await objects.close();
  watching.unsubscribe();
  const since = (seen: Seen, from: Seen): number[] =>
    [...written.keys()].map((name) => (seen.get(name) ?? 0) - (from.get(name) ?? 0));
  return {
    watchP99: quantile(since(raw, written), 0.99),
    runP99: quantile(since(runs, written), 0.99),
    lagP99: quantile(since(runs, raw), 0.99),
  };
};

/** On the embedded store, and on a real etcd of one member. */
export const reactions = async (): Promise<Readonly<Record<string, Reaction>>> => {
  const directory = mkdtempSync(join(tmpdir(), 'scalarium-bench-reactions-'));
  const embeddedStore = await openEmbeddedStore({ directory, ...around });
  const embedded = await measured(embeddedStore);
  await embeddedStore.close();
  rmSync(directory, { recursive: true, force: true });
  const server = await startEtcd();
  try {
    const etcdStore = await openEtcdStore({ endpoints: [server.endpoint], ...around });
    const etcd = await measured(etcdStore);
    await etcdStore.close();
    return { embedded, 'etcd, one member': etcd };
  } finally {
    await server.stop();
  }
};
