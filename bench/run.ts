/** `npm run bench -- NAME…`: prints one table a benchmark. */
import { agentFigures } from './agent.js';
import { hollowDeployment, processDeployments } from './deployments.js';
import {
  type OwnDelay,
  addInstances,
  addUsers,
  fanOut,
  getsUnderLoad,
  listMillis,
  tableMillis,
  watchKib,
} from './api.js';
import { reactions } from './reactions.js';
import { resourceFigures } from './resources.js';
import { embeddedFigures, etcdFigures } from './stores.js';
import {
  SETTINGS,
  machineText,
  startInstallation,
  total,
  type Installation,
  type Metrics,
} from './installation.js';

const HOSTS = 13;
const IDLE_SECONDS = 60;

const BUCKET = {
  requestBurst: 1000,
  requestsPerSecond: 1000,
  resourceBurst: 100_000,
  resourcesPerSecond: 100_000,
};

/** As an account whose quotas were raised: told to the local cloud and, in the Cloud object, to the control plane. */
const RAISED = JSON.stringify({ RunInstances: BUCKET, CreateTags: BUCKET, DescribeInstances: BUCKET });

const CLOUD = `apiVersion: scalarium.dev/v1
kind: Cloud
metadata: { name: local }
spec: { provider: local, region: local, quotas: ${RAISED} }
---
`;

const CLUSTER = `apiVersion: scalarium.dev/v1
kind: Cluster
metadata: { name: fleet }
spec: { cloud: local }
`;

const roleText = (name: string, replicas: number): string => `---
apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: ${name}, namespace: fleet }
spec: { type: custom, replicas: ${String(replicas)} }
`;

/** `count` hosts in roles of at most 1,000. */
const fleet = (count: number, raised: boolean): string => {
  const roles = Array.from({ length: Math.ceil(count / 1000) }, (_item, index) =>
    roleText(`pool-${String(index + 1)}`, Math.min(1000, count - index * 1000)),
  );
  return [raised ? CLOUD : '', CLUSTER, ...roles].join('');
};

const row = (label: string, value: string, goal = ''): void => {
  process.stdout.write(`| ${label} | ${value} | ${goal} |\n`);
};

const head = (title: string): void => {
  process.stdout.write(
    `\n### ${title}\n\n${machineText()}; ${Object.entries(SETTINGS)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ')}\n\n| figure | measured | goal |\n|---|---|---|\n`,
  );
};

const CLOUD_CALLS = 'scalarium_cloud_calls_total';
const TRANSACTIONS = 'scalarium_store_transactions_total';

const calls = (metrics: Metrics): string =>
  metrics
    .filter((metric) => metric.name === CLOUD_CALLS)
    .map((metric) => `${metric.labels?.['action'] ?? '?'} ${String(metric.value)}`)
    .join(', ');

const describes = (metrics: Metrics): number =>
  total(
    metrics.filter((metric) => metric.labels?.['action'] === 'DescribeInstances'),
    CLOUD_CALLS,
  );

const bringUpRows = async (installation: Installation): Promise<void> => {
  const metrics = await installation.metrics();
  row('cloud calls', calls(metrics));
  row('calls the endpoint refused', String(await installation.refusedCalls()), 'none');
  row(
    'store transactions / operations',
    `${String(total(metrics, TRANSACTIONS))} / ${String(total(metrics, 'scalarium_store_operations_total'))}`,
  );
  row('bytes sent to agents', String(total(metrics, 'scalarium_gateway_bytes_sent_total')));
  row('peak RSS of the control plane', `${installation.memory().peak.toFixed(0)} MiB`, '≤ 600 MiB');
};

const processes = async (): Promise<void> => {
  head('`scalarium up` to 13 process hosts online');
  const installation = await startInstallation({ spec: null, hosts: 'process' });
  row('time', `${((await installation.online(HOSTS, 120)) / 1000).toFixed(1)} s`, '≤ 12 s');
  await bringUpRows(installation);
  await installation.end();
};

const hollow = async (
  count: number,
  options: { readonly raised: boolean; readonly goal: string },
): Promise<Installation> => {
  head(
    `${String(count)} hollow hosts to online, ${options.raised ? 'raised quotas' : "Amazon's published buckets"}`,
  );
  const installation = await startInstallation({
    spec: fleet(count, options.raised),
    hosts: 'hollow',
    ...(options.raised ? { quotas: RAISED } : {}),
  });
  row('time', `${((await installation.online(count, 400)) / 1000).toFixed(1)} s`, options.goal);
  await bringUpRows(installation);
  return installation;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const idle = async (): Promise<void> => {
  const installation = await hollow(5000, { raised: true, goal: '≤ 60 s' });
  await pause(45_000);
  head('5,000 hollow hosts, idle for 60 s');
  const before = await installation.metrics();
  const cpu = installation.cpuSeconds();
  await pause(IDLE_SECONDS * 1000);
  const after = await installation.metrics();
  row(
    'store transactions',
    String(total(after, TRANSACTIONS) - total(before, TRANSACTIONS)),
    'none but leases',
  );
  row(
    'share of a core',
    `${(((installation.cpuSeconds() - cpu) / IDLE_SECONDS) * 100).toFixed(1)} %`,
    '≤ 20 %',
  );
  row(
    'DescribeInstances calls a sweep of 10 s',
    ((describes(after) - describes(before)) / (IDLE_SECONDS / 10)).toFixed(1),
    '≤ 5',
  );
  await installation.end();
};

const stores = async (): Promise<void> => {
  process.stdout.write(
    `\n### Transactions of one compare and one value of 1 KiB, 3 s each\n\n${machineText()}\n\n| store | concurrent | transactions a second | p99 |\n|---|---|---|---|\n`,
  );
  const all = { embedded: await embeddedFigures(), 'etcd, one member': await etcdFigures() };
  for (const [store, figures] of Object.entries(all))
    for (const { concurrent, perSecond, p99Millis } of figures)
      row(`${store} | ${String(concurrent)}`, perSecond.toFixed(0), `${p99Millis.toFixed(1)} ms`);
};

const millisText = (value: number): string => `${value.toFixed(1)} ms`;

const ownText = ({ p99, max }: OwnDelay): string => `${millisText(p99)}, ${millisText(max)}`;

const api = async (): Promise<void> => {
  head('The API with 10,000 objects, 5,000 of them hosts whose agents send 1,000 heartbeats a second');
  const installation = await startInstallation({
    spec: fleet(5000, true),
    hosts: 'hollow',
    quotas: RAISED,
    more: ['--heartbeat', '5'],
  });
  await installation.online(5000, 300);
  await addUsers(installation, 5000);
  await pause(45_000);
  const gets = await getsUnderLoad(installation, { rate: 500, connections: 32, seconds: 20 });
  row(
    'gets a second over 32 connections, beside a client that lists 5,000 instances in a loop',
    gets.perSecond.toFixed(0),
    '500',
  );
  row('their p50', millisText(gets.p50));
  row('their p99', millisText(gets.p99), '≤ 10 ms');
  row('the slowest', millisText(gets.worst));
  row('what held the client itself up: p99, most', ownText(gets.own));
  row('lists that the other client got meanwhile', String(gets.lists));
  const change = await fanOut(installation, 'user-1', { watchers: 1000, changes: 20 });
  row('a change to 1,000 watchers: p50', millisText(change.p50));
  row('a change to 1,000 watchers: p99', millisText(change.p99), '≤ 100 ms');
  row('what held their client itself up: p99, most', ownText(change.own));
  await addInstances(installation, 5000);
  await pause(15_000);
  const list = await listMillis(installation);
  row(
    `list of 10,000 instances (${(list.bytes / 2 ** 20).toFixed(1)} MiB), median of 10`,
    millisText(list.millis),
    '≤ 500 ms',
  );
  row('the same as a Table', millisText((await tableMillis(installation)).millis), '≤ 700 ms');
  row('peak RSS of the control plane', `${installation.memory().peak.toFixed(0)} MiB`);
  await installation.end();
};

const watches = async (): Promise<void> => {
  head(
    'Memory of an idle watch: resident memory that 1,900 add, each kind in a process that held none before',
  );
  for (const [tls, title, goal] of [
    [false, 'plain', '≤ 25 KiB'],
    [true, 'with TLS', '≤ 60 KiB'],
  ] as const) {
    const installation = await startInstallation({ spec: null, hosts: 'process' });
    await installation.online(HOSTS, 120);
    row(title, `${(await watchKib(installation, 1900, tls)).toFixed(1)} KiB`, goal);
    await installation.end();
  }
};

const react = async (): Promise<void> => {
  head("A spec write to a controller's run, and to the raw store's watch: p99 of 500 writes");
  for (const [store, { watchP99, runP99, lagP99 }] of Object.entries(await reactions())) {
    row(`${store}: raw watch`, millisText(watchP99));
    row(`${store}: controller run`, millisText(runP99));
    row(`${store}: run after raw watch`, millisText(lagP99), '≤ 20 ms');
  }
};

const recipes = async (): Promise<void> => {
  const { resources, runs, first, again, without } = await resourceFigures();
  process.stdout.write(
    `\n### A run of ${String(resources)} resources in one process, ${String(runs)} times\n\n${machineText()}` +
      `${without === null ? '' : `; without packages: ${without}`}\n\n| figure | measured | goal |\n|---|---|---|\n`,
  );
  row('all are to be made: median', millisText(first.median), '≤ 1000 ms');
  row('all are to be made: worst', millisText(first.worst));
  row('nothing is to do: median', millisText(again.median), '≤ 150 ms');
  row('nothing is to do: worst', millisText(again.worst));
};

const megabytes = (value: number): string => `${value.toFixed(1)} MB`;

const agent = async (): Promise<void> => {
  process.stdout.write(
    `\n### The agent as one file, over TLS, on a host where nothing else happens\n\n${machineText()}\n\n| figure | measured | goal |\n|---|---|---|\n`,
  );
  const figures = await agentFigures();
  if (figures === null) return;
  row('what travels to a host', megabytes(figures.wireMegabytes), '≤ 40 MB');
  row('start to connected, enrolling', millisText(figures.firstMillis), '≤ 500 ms');
  row('start to connected: median of 11', millisText(figures.medianMillis), '≤ 500 ms');
  row('start to connected: worst', millisText(figures.worstMillis));
  row('resident, idle for 30 s after a setup', megabytes(figures.residentMegabytes), '≤ 70 MB');
  row('resident a minute later', megabytes(figures.laterMegabytes), '≤ 70 MB');
  row('share of a core over that minute', `${figures.cpuPercent.toFixed(2)} %`, '≤ 0.2 %');
};

const secondsText = (value: number): string => `${(value / 1000).toFixed(1)} s`;

const deployments = async (): Promise<void> => {
  head('Deployments of an application of 5 MB in 1,000 files, on process hosts');
  const real = await processDeployments();
  row('one host, from the command to healthy: median of 3', secondsText(real.oneMillis), '≤ 3 s');
  row('10 hosts, rolling in batches of 2', secondsText(real.rollingMillis), '≤ 20 s');
  row('roll-back of 10 hosts', secondsText(real.rollbackMillis), '≤ 5 s');
  row('times that the source was fetched for 10 hosts', String(real.sourceFetches), '1');
  row('times that the control plane read the pack for 10 hosts', real.packReads.toFixed(1), '1');
  head('1,000 hollow hosts, all at once');
  const hollowOnes = await hollowDeployment(RAISED, CLOUD);
  row('until the source is fetched and packed', secondsText(hollowOnes.packedMillis));
  row('from then to the last of 1,000 orders to prepare', secondsText(hollowOnes.preparedMillis), '≤ 2 s');
  row('from the first order to activate to the last', secondsText(hollowOnes.activatedMillis), '≤ 2 s');
  row('until all hosts have it', secondsText(hollowOnes.totalMillis));
  row('peak RSS of the control plane', `${hollowOnes.peakMib.toFixed(0)} MiB`, '≤ 500 MiB');
};

const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = {
  process: processes,
  'hollow-1000': async () => (await hollow(1000, { raised: false, goal: '≤ 20 s' })).end(),
  'hollow-5000': async () => (await hollow(5000, { raised: true, goal: '≤ 60 s' })).end(),
  'idle-5000': idle,
  stores,
  api,
  watches,
  reactions: react,
  resources: recipes,
  deployments,
  agent,
};

const main = async (): Promise<void> => {
  const wanted = process.argv.slice(2);
  for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHMARKS)) {
    const benchmark = BENCHMARKS[name];
    if (benchmark === undefined)
      throw new Error(`no benchmark "${name}": one of ${Object.keys(BENCHMARKS).join(', ')}`);
    await benchmark();
  }
};

await main();
