/** A control plane that others can reach: in a network namespace, never on an address of this machine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ADDRESS, inOwnNetwork, isOwnNetwork, noOwnNetwork } from '../build/own-network.js';
import { API } from '../build/server.js';
import { askSecurely } from '../build/tls.js';
import { assert, suite } from '../suite.js';
import { eventually, makeWorld, type World } from './world.js';

const NOTHING = ['--cloud', 'http://127.0.0.1:9', '--hosts', 'none', '--no-example'];

const ONE_HOST = `
apiVersion: scalarium.dev/v1
kind: Cloud
metadata: { name: local }
spec: { provider: local, region: local }
---
apiVersion: scalarium.dev/v1
kind: Cluster
metadata: { name: shop }
spec: { cloud: local }
---
apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: app, namespace: shop }
spec: { type: custom, replicas: 1 }
`;

const textOf = ({ data }: World, file: string): string => readFileSync(join(data, file), 'utf8');

/** What a plain HTTP request is answered there, or why it is not. */
const plainly = (host: string, port: number): Promise<string> =>
  fetch(`http://${host}:${String(port)}${API}/clusters`).then(
    async (answer) => `${String(answer.status)} ${await answer.text()}`,
    (error: unknown) => String(((error as Error).cause as NodeJS.ErrnoException).code),
  );

const withWorld = (body: (world: World) => Promise<void>) => async (): Promise<void> => {
  const world = await makeWorld({ cluster: 'shop' });
  try {
    await body(world);
  } finally {
    await world.end();
  }
};

const started = (world: World): Promise<unknown> =>
  eventually('it is up', () => world.output().includes('From elsewhere: scalarium login'));

const offLoopback = (): void => {
  const test = suite('off loopback');

  for (const listen of ['0.0.0.0', ADDRESS])
    test(
      `--listen ${listen}: TLS, and plain HTTP is told so`,
      withWorld(async (world) => {
        world.start(...NOTHING, '--listen', listen);
        await started(world);
        const { port } = world;
        assert.match(world.output(), `scalarium login https://${ADDRESS}:${String(port)} --fingerprint `);
        assert.match(await plainly(ADDRESS, port), /^400 this port speaks TLS/);
        const onLoopback = await plainly('127.0.0.1', port);
        assert.match(onLoopback, listen === ADDRESS ? /^ECONNREFUSED$/ : /^400 this port speaks TLS/);
        const [ca, token] = [textOf(world, 'tls/ca.crt'), textOf(world, 'token').trim()];
        const path = `${API}/clusters`;
        assert.is((await askSecurely(port, path, { ca, host: ADDRESS })).code, 401);
        assert.is((await askSecurely(port, path, { ca, host: ADDRESS, token })).code, 200);
        const kubeconfig = parse(textOf(world, 'kubeconfig')) as {
          readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
        };
        assert.is(kubeconfig.clusters[0]?.cluster.server, `https://${ADDRESS}:${String(port)}`);
        assert.is((await world.scalarium('get', 'clusters')).code, 0);
      }),
    );

  test(
    'without TLS it does not start',
    withWorld(async (world) => {
      world.start(...NOTHING, '--listen', ADDRESS, '--no-tls');
      assert.is.not(await world.ended(), 0);
      assert.match(world.output(), `--no-tls with --listen ${ADDRESS} is refused`);
      assert.is(await plainly(ADDRESS, world.port), 'ECONNREFUSED');
    }),
  );

  test(
    'an agent comes with the authority of its user data',
    withWorld(async (world) => {
      const file = join(world.data, '..', 'one-host.yaml');
      writeFileSync(file, ONE_HOST);
      world.start('--listen', '0.0.0.0', '--apply', file);
      await world.allOnline(1);
      const [host] = await world.hosts();
      const config = JSON.parse(readFileSync(join(host?.root ?? '', 'etc/scalarium/agent.json'), 'utf8')) as {
        readonly gateways: readonly string[];
        readonly ca: string;
      };
      assert.equal(config.gateways, [`https://${ADDRESS}:${String(world.port)}`]);
      assert.is(config.ca, textOf(world, 'tls/ca.crt'));
    }),
  );
};

const why = isOwnNetwork() ? null : await noOwnNetwork();
if (isOwnNetwork()) offLoopback();
else if (why === null) process.exitCode = await inOwnNetwork(fileURLToPath(import.meta.url));
else {
  const test = suite('off loopback');
  test(`NOT RUN: ${why}`, () => {
    process.stderr.write(`\n*** OFF LOOPBACK: NOT TESTED HERE: ${why} ***\n`);
    assert.is.not(why, '');
  });
}
