/** What the API costs and how fast it is: gets under load, lists, fan-out of changes, memory of a watch. */
import { spawn } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { median, quantile } from './figures.js';
import type { Installation } from './installation.js';
import { API, TABLE, type Target, open, read, targetOf } from './requests.js';

const LISTER = fileURLToPath(new URL('./api-lister.ts', import.meta.url));

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Named {
  readonly metadata: { readonly name: string; readonly namespace: string };
}

const instancePaths = async (target: Target): Promise<readonly string[]> => {
  const list = JSON.parse((await read(target, `${API}/instances`)).toString()) as {
    readonly items: readonly Named[];
  };
  return list.items.map(
    ({ metadata }) => `${API}/namespaces/${metadata.namespace}/instances/${metadata.name}`,
  );
};

const cluster = (name: string, cloud: string): object => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Cluster',
  metadata: { name },
  spec: { cloud },
});

const many = async (target: Target, count: number, one: (number: number) => object): Promise<void> => {
  const made = async (first: number): Promise<void> => {
    for (let number = first; number <= count; number += 32) await post(target, one(number));
  };
  await Promise.all(Array.from({ length: 32 }, (_item, index) => made(index + 1)));
};

interface Posted {
  readonly kind?: string;
  readonly metadata?: { readonly namespace?: string };
}

const post = (target: Target, object: Posted): Promise<Buffer> => {
  const namespace = object.metadata?.namespace;
  const plural = `${(object.kind ?? '').toLowerCase()}s`;
  const path = namespace === undefined ? plural : `namespaces/${namespace}/${plural}`;
  return read(target, `${API}/${path}`, { method: 'POST', body: JSON.stringify(object) });
};

/** Makes users without grants: objects that nothing happens to. */
export const addUsers = async ({ data, port }: Installation, count: number): Promise<void> => {
  const target = targetOf(data, port, 32);
  await many(target, count, (number) => ({
    kind: 'User',
    metadata: { name: `user-${String(number)}` },
    spec: { displayName: `User ${String(number)}` },
  }));
  target.agent.destroy();
};

/** Makes instances in a cluster whose Cloud there is not: they get no machines. */
export const addInstances = async ({ data, port }: Installation, count: number): Promise<void> => {
  const target = targetOf(data, port, 32);
  const namespace = 'drawn';
  await post(target, cluster(namespace, 'none'));
  const spec = { type: 'custom', replicas: count };
  await post(target, { kind: 'Role', metadata: { name: 'pool', namespace }, spec } as Posted);
  await many(target, count, (number) => ({
    kind: 'Instance',
    metadata: { name: `pool-${String(number)}`, namespace },
    spec: { role: 'pool' },
  }));
  target.agent.destroy();
};

/** What held up the client itself, in milliseconds: what it measures cannot be better than that. */
export interface OwnDelay {
  readonly p99: number;
  readonly max: number;
}

const MILLION = 1e6;

/** How late this process's own turns were meanwhile, beyond the millisecond that it looks every. */
const ownDelay = (): (() => OwnDelay) => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return () => {
    delay.disable();
    return { p99: delay.percentile(99) / MILLION - 1, max: delay.max / MILLION - 1 };
  };
};

export interface GetFigures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  readonly lists: number;
  readonly own: OwnDelay;
}

/** Lists all instances in a loop until ended; resolves with how many lists it got. */
const startLister = ({ data, port }: Installation): (() => Promise<number>) => {
  const child = spawn(process.execPath, ['--import', 'tsx', LISTER, data, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number>((resolve) => {
    child.once('exit', () => {
      resolve(Number(text));
    });
  });
  return () => {
    child.kill('SIGTERM');
    return ended;
  };
};

/** `rate` gets a second over `connections` kept connections for `seconds`; latency counts from when a get was due. */
export const getsUnderLoad = async (
  installation: Installation,
  {
    rate,
    connections,
    seconds,
  }: { readonly rate: number; readonly connections: number; readonly seconds: number },
): Promise<GetFigures> => {
  const target = targetOf(installation.data, installation.port, connections);
  const paths = await instancePaths(target);
  const endLister = startLister(installation);
  await pause(2000);
  const took: number[] = [];
  const own = ownDelay();
  const began = performance.now();
  const one = async (index: number): Promise<void> => {
    const due = began + (index * 1000) / rate;
    await pause(Math.max(0, due - performance.now()));
    await read(target, paths[(index * 7919) % paths.length] ?? '');
    took.push(performance.now() - due);
  };
  const worker = async (first: number): Promise<void> => {
    for (let index = first; index < rate * seconds; index += connections) await one(index);
  };
  await Promise.all(Array.from({ length: connections }, (_item, index) => worker(index)));
  const elapsed = (performance.now() - began) / 1000;
  const held = own();
  const lists = await endLister();
  target.agent.destroy();
  return {
    perSecond: took.length / elapsed,
    p50: median(took),
    p99: quantile(took, 0.99),
    worst: quantile(took, 1),
    lists,
    own: held,
  };
};

/** Median milliseconds of ten whole lists of all instances, and the bytes of one. */
export const listMillis = async (
  { data, port }: Installation,
  accept = 'application/json',
): Promise<{ readonly millis: number; readonly bytes: number }> => {
  const target = targetOf(data, port, 1);
  const took: number[] = [];
  let bytes = 0;
  for (let turn = 0; turn < 10; turn += 1) {
    const began = performance.now();
    bytes = (await read(target, `${API}/instances`, { accept })).length;
    took.push(performance.now() - began);
  }
  target.agent.destroy();
  return { millis: median(took), bytes };
};

/** The list as a Table. */
export const tableMillis = (installation: Installation): ReturnType<typeof listMillis> =>
  listMillis(installation, TABLE);

interface Watches {
  /** Resolves with the milliseconds after which each watcher saw the mark. */
  seen(mark: string): Promise<readonly number[]>;
  end(): void;
}

/** Opens watches of one role's labels; each line is looked at for the mark that is waited for. */
const openWatches = async (target: Target, path: string, count: number): Promise<Watches> => {
  let mark = '\0';
  let arrived: number[] = [];
  let all: () => void = () => undefined;
  const open_ = async (): Promise<() => void> => {
    const response = await open(target, path);
    response.on('data', (chunk: Buffer) => {
      if (!chunk.includes(mark)) return;
      arrived.push(performance.now());
      if (arrived.length === count) all();
    });
    response.on('error', () => undefined);
    return () => response.destroy();
  };
  const ends: (() => void)[] = [];
  for (let at = 0; at < count; at += 50)
    ends.push(...(await Promise.all(Array.from({ length: Math.min(50, count - at) }, open_))));
  return {
    seen: (wanted) => {
      mark = wanted;
      arrived = [];
      const began = performance.now();
      return new Promise((resolve) => {
        all = () => {
          resolve(arrived.map((at) => at - began));
        };
      });
    },
    end: () => {
      for (const end of ends) end();
    },
  };
};

/** Milliseconds from sending a change to each of `watchers` having its line; `changes` one after the other. */
export const fanOut = async (
  { data, port }: Installation,
  name: string,
  { watchers, changes }: { readonly watchers: number; readonly changes: number },
): Promise<{ readonly p50: number; readonly p99: number; readonly own: OwnDelay }> => {
  const target = targetOf(data, port, watchers + 1);
  const collection = `${API}/users`;
  const watches = await openWatches(target, `${collection}?watch=true&resourceVersion=0`, watchers);
  const took: number[] = [];
  const own = ownDelay();
  for (let turn = 0; turn < changes; turn += 1) {
    const mark = `mark-${String(turn)}-of-the-bench`;
    const seen = watches.seen(mark);
    const body = JSON.stringify({ metadata: { labels: { bench: mark } } });
    await read(target, `${collection}/${name}`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body,
    });
    took.push(...(await seen));
    await pause(200);
  }
  const held = own();
  watches.end();
  target.agent.destroy();
  return { p50: median(took), p99: quantile(took, 0.99), own: held };
};

const settledMemory = async (installation: Installation): Promise<number> => {
  await pause(5000);
  return installation.memory().now;
};

/** KiB of resident memory that an idle watch costs: of `watchers` opened at once over what was there before them. */
export const watchKib = async (
  installation: Installation,
  watchers: number,
  tls: boolean,
): Promise<number> => {
  const target = targetOf(installation.data, installation.port, watchers, tls);
  const path = `${API}/clouds?watch=true&allowWatchBookmarks=true`;
  // what the first ones load is no cost of a watch
  const first = await openWatches(target, path, 20);
  first.end();
  const before = await settledMemory(installation);
  const watches = await openWatches(target, path, watchers);
  const after = await settledMemory(installation);
  watches.end();
  target.agent.destroy();
  await pause(2000);
  return ((after - before) * 1024) / watchers;
};
