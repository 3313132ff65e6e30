/** The same example on etcd: edits by etcdctl, a second control plane that stands by. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { assert, suite } from '../suite.js';
import { startEtcd, type EtcdServer } from '../integration/etcd-server.js';
import { freePort } from '../build/free-port.js';
import { COMMAND, eventually, makeWorld, run, type World } from './world.js';

const HOSTS = 13;
const CLUSTER = 'monster-world';
const SPEC = `/scalarium/specs/roles/${CLUSTER}`;

interface Context {
  etcd: EtcdServer;
  world: World;
}

const test = suite<Context>('Monster World on etcd', {
  etcd: null as unknown as EtcdServer,
  world: null as unknown as World,
});

test.before(async (context) => {
  context.etcd = await startEtcd();
  context.world = await makeWorld({ etcd: hostPort(context.etcd) });
  context.world.start();
  await context.world.allOnline(HOSTS);
});

test.after(async ({ etcd, world }) => {
  await world.end();
  await etcd.stop();
});

const hostPort = (etcd: EtcdServer): string => new URL(etcd.endpoint).host;

const etcdctl = async (etcd: EtcdServer, ...args: readonly string[]): Promise<string> => {
  const ran = await run('etcdctl', ['--endpoints', etcd.endpoint, ...args], { ETCDCTL_API: '3' });
  if (ran.code !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
};

interface RoleDocument {
  readonly spec: Readonly<Record<string, unknown>>;
}

const readSpec = async (etcd: EtcdServer, role: string): Promise<RoleDocument> =>
  JSON.parse(await etcdctl(etcd, 'get', `${SPEC}/${role}`, '--print-value-only')) as RoleDocument;

interface RoleView {
  readonly metadata: { readonly uid: string };
  readonly status: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message: string;
    }[];
  };
}

const condition = async (
  world: World,
  role: string,
  type: string,
): Promise<{ status: string; message: string } | null> => {
  const view = await world.json<RoleView>('get', 'role', role, '-n', CLUSTER, '-o', 'json');
  return view.status.conditions?.find((candidate) => candidate.type === type) ?? null;
};

test('replicas changed by etcdctl put: the fleet follows', async ({ etcd, world }) => {
  const before = await readSpec(etcd, 'app');
  await etcdctl(
    etcd,
    'put',
    `${SPEC}/app`,
    JSON.stringify({ ...before, spec: { ...before.spec, replicas: 9 } }),
  );
  await world.allOnline(HOSTS + 1);
  await etcdctl(etcd, 'put', `${SPEC}/app`, JSON.stringify(before));
  await world.allOnline(HOSTS);
});

test('a broken spec put by etcdctl freezes the role: nothing dies, and the status says what is wrong', async ({
  etcd,
  world,
}) => {
  const before = await readSpec(etcd, 'cache');
  const machines = (await world.instances()).map((instance) => instance.status.machine?.id);
  await etcdctl(etcd, 'put', `${SPEC}/cache`, '{"spec": {"type": "memcached", "replicas": "none"}}');
  const valid = await eventually('Valid=False', async () => {
    const found = await condition(world, 'cache', 'Valid');
    return found?.status === 'False' ? found : null;
  });
  assert.match(valid.message, /replicas/);
  assert.equal(
    (await world.instances()).map((instance) => instance.status.machine?.id),
    machines,
  );
  await etcdctl(etcd, 'put', `${SPEC}/cache`, JSON.stringify(before));
  await eventually('Valid=True', async () => (await condition(world, 'cache', 'Valid'))?.status === 'True');
});

test('etcdctl del and put at once: a new incarnation', async ({ etcd, world }) => {
  const spec = await readSpec(etcd, 'cache');
  const uid = (await world.json<RoleView>('get', 'role', 'cache', '-n', CLUSTER, '-o', 'json')).metadata.uid;
  const machine = (await world.instances()).find((instance) => instance.metadata.name === 'cache-1')?.status
    .machine?.id;
  await etcdctl(etcd, 'del', `${SPEC}/cache`);
  await etcdctl(etcd, 'put', `${SPEC}/cache`, JSON.stringify(spec));
  await eventually('cache-1 is online on another machine of another incarnation', async () => {
    const cache = (await world.instances()).find((instance) => instance.metadata.name === 'cache-1');
    if (cache?.status.phase !== 'online' || cache.status.machine?.id === machine) return false;
    return (
      (await world.json<RoleView>('get', 'role', 'cache', '-n', CLUSTER, '-o', 'json')).metadata.uid !== uid
    );
  });
});

interface LifecycleView {
  readonly status: { readonly event: string; readonly targets: readonly { readonly machine: string }[] };
}

test("etcdctl del of a small role's spec: its hosts are told to shut down, then go", async ({
  etcd,
  world,
}) => {
  const spec = await readSpec(etcd, 'cache');
  const gone = (await world.instances()).find((instance) => instance.metadata.name === 'cache-1')?.status
    .machine?.id;
  await etcdctl(etcd, 'del', `${SPEC}/cache`);
  await eventually('cache-1 is gone, and its role', async () => {
    if ((await world.instances()).some((instance) => instance.metadata.name === 'cache-1')) return false;
    return (await world.scalarium('get', 'role', 'cache', '-n', CLUSTER)).code === 3;
  });
  const { items } = await world.json<{ items: readonly LifecycleView[] }>(
    'get',
    'lifecycleevents',
    '-n',
    CLUSTER,
    '-o',
    'json',
  );
  const told = items
    .filter(({ status }) => status.event === 'shutdown')
    .flatMap(({ status }) => status.targets);
  assert.ok(
    told.some(({ machine }) => machine === gone),
    'its machine was told to shut down',
  );
  assert.ok(!(await world.hosts()).some(({ machine }) => machine === gone), 'its process has ended');
  await etcdctl(etcd, 'put', `${SPEC}/cache`, JSON.stringify(spec));
  await world.allOnline(HOSTS);
});

test('etcdctl del of all roles by prefix parks: nothing is stopped without consent', async ({
  etcd,
  world,
}) => {
  const roles = ['app', 'cache', 'db', 'db-replica', 'lb'];
  const specs = new Map<string, string>();
  for (const role of roles) specs.set(role, JSON.stringify(await readSpec(etcd, role)));
  const machines = (await world.instances()).map((instance) => instance.status.machine?.id);
  await etcdctl(etcd, 'del', '--prefix', `${SPEC}/`);
  await eventually(
    'ConsentRequired on app',
    async () => (await condition(world, 'app', 'ConsentRequired'))?.status === 'True',
  );
  assert.equal(
    (await world.instances()).map((instance) => instance.status.machine?.id),
    machines,
  );
});

const ready = async (world: World, url: string): Promise<boolean> =>
  (await run(COMMAND, ['get', 'clusters', '--server', url, '--data', world.data])).code === 0;

const standbyArguments = (own: World, etcd: EtcdServer, cloud: string, port: number): readonly string[] => [
  'up',
  ...['--data', join(own.data, '..', 'standby'), '--port', String(port)],
  ...['--store', `etcd://${hostPort(etcd)}`, '--cloud', cloud, '--hosts', 'none', '--no-example'],
  ...['--installation-key', join(own.data, 'installation.key')],
  ...['--credentials', join(own.data, 'aws/credentials')],
];

test('a second control plane stands by and takes over when the first is killed', async () => {
  const etcd = await startEtcd();
  const own = await makeWorld({ etcd: hostPort(etcd) });
  let standby: ChildProcess | null = null;
  try {
    own.start();
    await own.allOnline(HOSTS);
    const cloud = (await own.scalarium('local-cloud', 'endpoint')).stdout.trim();
    const port = await freePort();
    standby = spawn(COMMAND, standbyArguments(own, etcd, cloud, port), { stdio: 'ignore' });
    const url = `http://127.0.0.1:${String(port)}`;
    await eventually('the standby answers', () => ready(own, url));
    own.process().kill('SIGKILL');
    const spec = await readSpec(etcd, 'app');
    await etcdctl(
      etcd,
      'put',
      `${SPEC}/app`,
      JSON.stringify({ ...spec, spec: { ...spec.spec, replicas: 9 } }),
    );
    await eventually(
      'the fleet follows the second control plane',
      async () => {
        const ran = await run(COMMAND, [
          'get',
          'instances',
          '-n',
          CLUSTER,
          '-o',
          'json',
          '--server',
          url,
          '--data',
          own.data,
        ]);
        if (ran.code !== 0) return false;
        const { items } = JSON.parse(ran.stdout) as { items: { status: { phase: string } }[] };
        return items.length === HOSTS + 1 && items.every((item) => item.status.phase === 'online');
      },
      90,
    );
  } finally {
    standby?.kill('SIGTERM');
    await own.end();
    await etcd.stop();
  }
});
