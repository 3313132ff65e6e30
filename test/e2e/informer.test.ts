/** An informer of the official JavaScript client over compaction and restarts: nothing missed, nothing told twice. */
import { KubeConfig, makeInformer, CustomObjectsApi, type KubernetesObject } from '@kubernetes/client-node';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startEtcd, type EtcdServer } from '../integration/etcd-server.js';
import { assert, suite } from '../suite.js';
import { eventually, makeWorld, run, type World } from './world.js';

interface Shared {
  etcd: EtcdServer;
  world: World;
}

const test = suite<Shared>('an informer', {
  etcd: null as unknown as EtcdServer,
  world: null as unknown as World,
});

test.before(async (context) => {
  context.etcd = await startEtcd();
  context.world = await makeWorld({ etcd: context.etcd.endpoint });
});

test.after(async ({ world, etcd }) => {
  await world.end();
  await etcd.stop();
});

const SPECS = '/scalarium/specs';
const KUBECONFIG = 'kubeconfig';

const etcdctl = async ({ etcd }: Shared, ...args: readonly string[]): Promise<string> => {
  const ran = await run('etcdctl', ['--endpoints', etcd.endpoint, ...args], { ETCDCTL_API: '3' });
  assert.is(ran.code, 0, `etcdctl ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
};

const putRole = (shared: Shared, name: string, mark: string): Promise<string> =>
  etcdctl(
    shared,
    'put',
    `${SPECS}/roles/shop/${name}`,
    JSON.stringify({ labels: { mark }, spec: { type: 'custom', replicas: 0 } }),
  );

const startUp = async ({ world }: Shared): Promise<void> => {
  world.start('--hosts', 'none', '--no-example');
  await eventually('the kubeconfig is written', () => existsSync(join(world.data, KUBECONFIG)));
  await eventually('the API answers', async () => (await world.scalarium('get', 'clusters')).code === 0);
};

const restart = async (shared: Shared, meanwhile: () => Promise<void>): Promise<void> => {
  shared.world.process().kill('SIGKILL');
  await shared.world.ended();
  await meanwhile();
  await startUp(shared);
};

const compactAll = async (shared: Shared): Promise<void> => {
  const status = JSON.parse(await etcdctl(shared, 'endpoint', 'status', '-w', 'json')) as readonly [
    { readonly Status: { readonly header: { readonly revision: number } } },
  ];
  await etcdctl(shared, 'compact', String(status[0].Status.header.revision));
};

type Told = readonly [verb: string, object: KubernetesObject];

const versionsOf = (told: readonly Told[]): readonly string[] =>
  told.map(([verb, { metadata }]) => `${verb} ${metadata?.uid ?? ''} ${metadata?.resourceVersion ?? ''}`);

test('survives a compaction and a restart with the last state of every object, each told once', async (shared) => {
  await startUp(shared);
  await etcdctl(shared, 'put', `${SPECS}/clusters/shop`, '{"spec": {"cloud": "local"}}');
  for (const name of ['a', 'b', 'c']) await putRole(shared, name, 'first');
  const config = new KubeConfig();
  config.loadFromFile(join(shared.world.data, KUBECONFIG));
  const api = config.makeApiClient(CustomObjectsApi);
  const where = { group: 'scalarium.dev', version: 'v1', namespace: 'shop', plural: 'roles' };
  const list = async (): Promise<{ items: KubernetesObject[]; metadata: { resourceVersion: string } }> =>
    (await api.listNamespacedCustomObject(where)) as never;
  const informer = makeInformer(config, '/apis/scalarium.dev/v1/namespaces/shop/roles', list as never);
  const told: Told[] = [];
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, (object) => {
      told.push([verb, object]);
    });
  const over = new AbortController();
  informer.on('error', () => {
    if (!over.signal.aborted) setTimeout(() => void informer.start(), 200);
  });
  await informer.start();
  const markOf = (name: string): string | undefined => informer.get(name, 'shop')?.metadata?.labels?.['mark'];
  const settled = (marks: Readonly<Record<string, string | undefined>>): Promise<boolean> =>
    eventually(`the informer says ${JSON.stringify(marks)}`, () =>
      Object.entries(marks).every(([name, mark]) => markOf(name) === mark),
    );
  await settled({ a: 'first', b: 'first', c: 'first' });

  await putRole(shared, 'a', 'second');
  await compactAll(shared);
  await putRole(shared, 'b', 'second');
  await settled({ a: 'second', b: 'second', c: 'first' });

  await restart(shared, async () => {
    await putRole(shared, 'a', 'third');
    await etcdctl(shared, 'del', `${SPECS}/roles/shop/c`);
    await putRole(shared, 'd', 'first');
    await compactAll(shared);
  });
  await settled({ a: 'third', b: 'second', c: undefined, d: 'first' });
  await putRole(shared, 'd', 'second');
  await settled({ a: 'third', b: 'second', c: undefined, d: 'second' });

  const listed = (await list()).items;
  for (const { metadata } of listed)
    assert.is(
      informer.get(metadata?.name ?? '', 'shop')?.metadata?.resourceVersion,
      metadata?.resourceVersion,
      metadata?.name,
    );
  assert.is(informer.list('shop').length, listed.length);
  const versions = versionsOf(told);
  assert.equal(
    versions.filter((one, index) => versions.indexOf(one) !== index),
    [],
  );
  over.abort();
  await informer.stop();
});
