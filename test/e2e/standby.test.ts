/** Two control planes on one etcd: one that was stopped (SIGSTOP) and goes on later changes nothing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, suite } from '../suite.js';
import { startEtcd, type EtcdServer } from '../integration/etcd-server.js';
import { liveMachines } from './endpoint.js';
import { freePort } from '../build/free-port.js';
import { PATIENCE_MS } from '../build/patience.js';
import { COMMAND, eventually, makeWorld, run, type InstanceView, type World } from './world.js';

const HOSTS = 13;
const CLUSTER = 'monster-world';
const APP = `/scalarium/specs/roles/${CLUSTER}/app`;
const OWNER = `/scalarium/leases/owners/${CLUSTER}`;

interface Context {
  etcd: EtcdServer;
  first: World;
  second: ChildProcess;
  secondUrl: string;
}

const test = suite<Context>('a control plane that was stopped', {} as Context);

const get = async (etcd: EtcdServer, ...args: readonly string[]): Promise<string> => {
  const ran = await run('etcdctl', ['--endpoints', etcd.endpoint, ...args], { ETCDCTL_API: '3' });
  if (ran.code !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
};

const startSecond = (first: World, cloud: string, port: number): ChildProcess =>
  spawn(
    COMMAND,
    [
      ...['up', '--data', join(first.data, '..', 'second'), '--port', String(port), '--hosts', 'none'],
      ...['--store', `etcd://${first.etcd ?? ''}`, '--cloud', cloud, '--no-example'],
      ...['--installation-key', join(first.data, 'installation.key')],
      ...['--credentials', join(first.data, 'aws/credentials')],
    ],
    { stdio: 'ignore' },
  );

test.before(async (context) => {
  context.etcd = await startEtcd();
  context.first = await makeWorld({ etcd: new URL(context.etcd.endpoint).host });
  context.first.start();
  await context.first.allOnline(HOSTS);
  const port = await freePort();
  const cloud = (await context.first.scalarium('local-cloud', 'endpoint')).stdout.trim();
  context.second = startSecond(context.first, cloud, port);
  context.secondUrl = `http://127.0.0.1:${String(port)}`;
  await eventually('the second answers', async () => (await seenBy(context, 'second')).length === HOSTS);
});

test.after(async ({ etcd, first, second }) => {
  first.process().kill('SIGCONT');
  second.kill('SIGKILL');
  await first.end();
  await etcd.stop();
});

type Who = 'first' | 'second';

const seenBy = async ({ first, secondUrl }: Context, who: Who): Promise<readonly InstanceView[]> => {
  const url = who === 'first' ? `http://127.0.0.1:${String(first.port)}` : secondUrl;
  const ran = await run(COMMAND, [
    ...['get', 'instances', '-n', CLUSTER, '-o', 'json', '--server', url, '--data', first.data],
  ]);
  return ran.code === 0 ? (JSON.parse(ran.stdout) as { items: readonly InstanceView[] }).items : [];
};

const machinesOf = (instances: readonly InstanceView[]): Readonly<Record<string, string>> =>
  Object.fromEntries(instances.map(({ metadata, status }) => [metadata.name, status.machine?.id ?? '']));

const setReplicas = async ({ etcd }: Context, replicas: number): Promise<void> => {
  const before = JSON.parse(await get(etcd, 'get', APP, '--print-value-only')) as { spec: object };
  await get(etcd, 'put', APP, JSON.stringify({ ...before, spec: { ...before.spec, replicas } }));
};

const onlineAt = (context: Context, who: Who, count: number): Promise<readonly InstanceView[]> =>
  eventually(`${String(count)} hosts online, says the ${who}`, async () => {
    const seen = await seenBy(context, who);
    return seen.length === count && seen.every(({ status }) => status.phase === 'online') ? seen : null;
  }).catch(async (error: unknown) => {
    const seen = await seenBy(context, who);
    const late = seen.filter(({ status }) => status.phase !== 'online');
    throw new Error(`${String(error)}; there are ${String(seen.length)}\n${JSON.stringify(late, null, 1)}`);
  });

interface Metric {
  readonly name: string;
  readonly value: number;
}

const metric = async ({ first, secondUrl }: Context, who: Who, wanted: string): Promise<number> => {
  const url = who === 'first' ? `http://127.0.0.1:${String(first.port)}` : secondUrl;
  const token = readFileSync(join(first.data, 'token'), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  const answer = await fetch(`${url}/metrics`, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  const metrics = (await answer.json()) as readonly Metric[];
  return metrics.find(({ name }) => name === wanted)?.value ?? -1;
};

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

const machinesThere = async ({ first }: Context): Promise<readonly string[]> =>
  (await liveMachines(first)).map(({ InstanceId }) => InstanceId ?? '').sort();

const ownerOf = async ({ etcd }: Context): Promise<string> => get(etcd, 'get', OWNER, '--print-value-only');

const roleRecord = ({ etcd }: Context): Promise<string> =>
  get(etcd, 'get', `/scalarium/records/roles/${CLUSTER}/app`, '--print-value-only');

test('an owner stopped in the middle of a launch is relieved; when it goes on it changes nothing', async (context) => {
  const before = machinesOf(await seenBy(context, 'first'));
  const firstOwner = await ownerOf(context);
  const record = await roleRecord(context);
  await setReplicas(context, 9);
  await eventually('a batch is in the record', async () => (await roleRecord(context)) !== record);
  context.first.process().kill('SIGSTOP');
  const after = machinesOf(await onlineAt(context, 'second', HOSTS + 1));
  for (const [name, machine] of Object.entries(before)) assert.is(after[name], machine, name);
  const owner = await ownerOf(context);
  assert.is.not(owner, firstOwner);
  await eventually(
    'all agents have come to the second',
    async () => (await metric(context, 'second', 'scalarium_gateway_connected')) === HOSTS + 1,
  );

  context.first.process().kill('SIGCONT');
  await eventually('the first sees what the second did', async () => {
    const seen = machinesOf(await seenBy(context, 'first'));
    return JSON.stringify(seen) === JSON.stringify(after);
  });
  const written = await metric(context, 'first', 'scalarium_store_transactions_total');
  await pause(5000);
  assert.is(
    await metric(context, 'first', 'scalarium_store_transactions_total'),
    written,
    'it writes nothing',
  );
  assert.equal(machinesOf(await seenBy(context, 'second')), after);
  assert.equal(await machinesThere(context), Object.values(after).sort(), 'no machine more or less');
  assert.is(await ownerOf(context), owner, 'the second owns the cluster still');
});
