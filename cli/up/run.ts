/** `scalarium up`: brings a local installation up, shows it, and keeps it until told to stop. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { seconds, type Millis } from '../../api-types/units.js';
import { ensureCloud } from './cloud-object.js';
import { underNote, wasBegun } from './example-begun.js';
import { startInstallation, type Installation, type Surroundings } from './installation.js';
import type { UpOptions } from './options.js';
import { fingerprintOf } from '../../server/tls/certificate.js';
import { summaryLine, tableLines, type Screen } from './table.js';
import { troublesOf } from './troubles.js';
import { hostRows, watchHosts, type WatchedPlane } from './watch.js';

export interface UpWorld extends Omit<Surroundings, 'tell'> {
  readonly screen: Screen;
  /** Aborts on Ctrl-C or SIGTERM. */
  readonly stop: AbortSignal;
  /** Applies a file through the API, as `scalarium apply -f` does; throws with lines for a person. */
  readonly apply: (file: string, at: { readonly url: string; readonly token: string }) => Promise<void>;
  /** The example's file. */
  readonly example: string;
}

const aborted = (signal: AbortSignal): Promise<'stopped'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('stopped');
    signal.addEventListener(
      'abort',
      () => {
        resolve('stopped');
      },
      { once: true },
    );
  });

/** Brings what is wanted into the store: the Cloud's endpoint, and the file or the example. */
const seed = async (options: UpOptions, installation: Installation, world: UpWorld): Promise<void> => {
  const { plane, endpoint, token } = installation;
  const provider = options.cloud === 'local' ? 'local' : 'aws';
  await ensureCloud(plane.objects, endpoint, provider);
  const at = { url: plane.url, token };
  const wanted = options.example && (plane.objects.list('Cluster').length === 0 || wasBegun(options.data));
  if (options.apply !== null) await world.apply(options.apply, at);
  else if (wanted) await underNote(options.data, () => world.apply(world.example, at));
  else return;
  // the file may hold the Cloud itself, and cannot know where the endpoint is this time
  await ensureCloud(plane.objects, endpoint, provider);
};

/** How others come here: with the kubeconfig of the first start, or by logging in. */
const howToReach = ({ plane }: Installation, data: string): readonly string[] => {
  const kubeconfig = resolve(data, 'kubeconfig');
  const lines = existsSync(kubeconfig)
    ? ['With kubectl, as the user admin:', `  export KUBECONFIG=${kubeconfig}`, '  kubectl get hosts -A']
    : [];
  const fingerprint = plane.authority === null ? null : fingerprintOf(plane.authority);
  const how = fingerprint === null ? '' : ` --fingerprint ${fingerprint}`;
  return [...lines, `From elsewhere: scalarium login ${plane.advertised}${how}`];
};

const whereToLook = (installation: Installation, { data }: UpOptions): string => {
  const { plane } = installation;
  const flag = data === '.scalarium' ? '' : ` --data ${data}`;
  const cluster = plane.objects.list('Cluster')[0]?.ref.name;
  const namespace = cluster === undefined ? '' : ` -n ${cluster}`;
  return [
    '',
    `The API is at ${plane.url} (its bearer token is in ${join(data, 'token')}). Look at it from another terminal:`,
    `  bin/scalarium${flag} get instances${namespace}`,
    `  bin/scalarium${flag} events${namespace} -w`,
    `  bin/scalarium${flag} local-cloud hosts`,
    ...howToReach(installation, data),
    'Ctrl-C stops everything; the next start finds the same hosts again.',
    '',
  ].join('\n');
};

const online = (installation: Installation, elapsed: Millis): string => {
  const count = installation.plane.objects.list('Instance').length;
  const after = `${(elapsed / 1000).toFixed(1)} s`;
  return count === 0
    ? `the control plane is up after ${after}; no host is wanted yet: apply a file (bin/scalarium apply -f FILE)\n`
    : `all ${String(count)} hosts are online after ${after}\n`;
};

/** What stands in the way, a line each. */
const reasonOf = (plane: WatchedPlane, rows: ReturnType<typeof hostRows>): string => {
  const late = rows.filter((row) => row.phase !== 'online');
  const hosts = late.map(
    (row) => `${row.cluster}/${row.name}: ${row.phase}${row.message === '' ? '' : `: ${row.message}`}`,
  );
  return [...troublesOf(plane.objects), ...hosts].map((line) => `  ${line}\n`).join('');
};

/** Waits for the hosts, then (without --once) until told to stop; resolves with the exit code. */
const bringUp = async (
  options: UpOptions,
  installation: Installation,
  world: UpWorld,
  since: Millis,
): Promise<number> => {
  const { plane } = installation;
  const { clock, screen, stop } = world;
  const watching = watchHosts({ plane, screen, clock, since });
  const cancel = new AbortController();
  const deadline = options.once
    ? clock.sleep(seconds(options.timeoutSeconds), cancel.signal).then(() => 'late' as const)
    : new Promise<never>(() => undefined);
  const end = await Promise.race([
    (options.once ? watching.settled : watching.online).then(() => 'online' as const),
    deadline,
    aborted(stop),
  ]);
  cancel.abort();
  if (end === 'online') screen.write(online(installation, (clock.monotonic() - since) as Millis));
  if (end === 'online' && !options.once) return stayUp(installation, options, world, watching);
  watching.end();
  if (end === 'stopped') return 0;
  const rows = hostRows(plane.objects);
  screen.write(`${tableLines(rows).join('\n')}\n`);
  if (end === 'online') return 0;
  screen.write(
    `scalarium: not every host was online within ${String(options.timeoutSeconds)} s (--timeout): ${summaryLine(rows, clock.monotonic() - since)}\n${reasonOf(plane, rows)}`,
  );
  return 1;
};

const stayUp = async (
  installation: Installation,
  options: UpOptions,
  world: UpWorld,
  watching: { end(): void },
): Promise<number> => {
  world.screen.write(whereToLook(installation, options));
  await aborted(world.stop);
  watching.end();
  return 0;
};

/** Resolves with the exit code once everything that was started has ended. */
export const runUp = async (options: UpOptions, world: UpWorld): Promise<number> => {
  const since = world.clock.monotonic();
  const tell = (line: string): void => {
    world.screen.write(`warning: ${line}\n`);
  };
  const installation = await startInstallation(options, { ...world, tell });
  try {
    await seed(options, installation, world);
    return await bringUp(options, installation, world, since);
  } finally {
    if (world.stop.aborted) world.screen.write('stopping …\n');
    await installation.close();
  }
};
