/** A bare machine of a cloud: its user data fetches the single-file agent from the control plane and makes a host of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { parse } from 'yaml';
import { millis } from '../../api-types/units.js';
import { readAwsKeys } from '../../cli/up/credentials.js';
import { openEc2Cloud } from '../../cloud/ec2/ec2.js';
import { type RunningLocalCloud, startLocalCloud } from '../../local-cloud/main.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { type BuiltAgent, builtAgent } from '../build/built-agent.js';
import { assert, suite } from '../suite.js';
import { eventually, makeWorld, run, type World } from './world.js';

interface Context {
  built: BuiltAgent | null;
  world: World;
  cloud: RunningLocalCloud;
  machine: ChildProcess | null;
}

const test = suite<Context>('a bare machine becomes a host', {} as Context);

const AROUND = { clock: systemClock, chance: systemChance, log: silentLog };

const SPEC = `apiVersion: scalarium.dev/v1
kind: Cluster
metadata: { name: shop }
spec: { cloud: local, imageId: ami-00000000000000012, instanceType: t3.micro, zones: [local-1] }
---
apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: app, namespace: shop }
spec: { type: custom, replicas: 1 }
`;

test.before(async (context) => {
  context.built = builtAgent();
  context.machine = null;
  context.world = await makeWorld({ cluster: 'shop' });
  const { data } = context.world;
  const settings = {
    boot: millis(30),
    bootSpread: millis(20),
    terminate: millis(20),
    quotas: 'unlimited',
  } as const;
  context.cloud = await startLocalCloud({ directory: join(data, 'cloud'), settings, ...AROUND });
});

test.after(async ({ world, cloud, machine }) => {
  if (machine !== null && machine.exitCode === null) process.kill(-(machine.pid ?? 0), 'SIGKILL');
  await world.end();
  await cloud.close();
});

const keysOf = (world: World) => join(world.data, 'cloud', 'credentials');

const userDataOf = async ({ world, cloud }: Context, machine: string): Promise<string> => {
  const ec2 = openEc2Cloud({
    endpoint: cloud.url,
    region: 'us-east-1',
    provider: 'aws',
    credentials: readAwsKeys(keysOf(world), 'default'),
    quotas: {},
    ...AROUND,
  });
  const text = await ec2.userData(machine)();
  if (E.isLeft(text)) throw new Error(text.left.message);
  return text.right ?? '';
};

interface File {
  readonly path: string;
  readonly permissions?: string;
  readonly content: string;
}

/** What cloud-init does, below a folder: the files, then the unit's command. */
const bootMachine = (root: string, machine: string, text: string): ChildProcess => {
  for (const { path, permissions, content } of (parse(text) as { write_files: File[] }).write_files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode: parseInt(permissions ?? '0644', 8) });
  }
  mkdirSync(join(root, 'var/lib/cloud/data'), { recursive: true });
  writeFileSync(join(root, 'var/lib/cloud/data/instance-id'), `${machine}\n`);
  return spawn('/bin/sh', [join(root, 'etc/scalarium/start')], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, SCALARIUM_ROOT: root },
  });
};

test('its user data is below 4 KiB, and all that it needs', async (context) => {
  const { built, world, cloud } = context;
  if (built === null) return;
  const spec = join(world.data, '..', 'shop.yaml');
  writeFileSync(spec, SPEC);
  const endpoint = ['--cloud', cloud.url, '--hosts', 'none', '--credentials', keysOf(world)];
  world.start(...endpoint, '--apply', spec, '--agent-files', built.folder);
  const machine = await eventually('a machine is launched', async () => {
    const [instance] = await world.instances().catch(() => []);
    return instance?.status.machine?.id ?? null;
  });
  const text = await userDataOf(context, machine);
  assert.ok(Buffer.byteLength(text) < 4096, String(Buffer.byteLength(text)));
  const root = join(world.data, '..', 'machine');
  context.machine = bootMachine(root, machine, text);
  await world.allOnline(1);
  const executable = join(root, 'var/lib/scalarium/agent/current/scalarium-agent');
  const report = await run(executable, ['report', '--root', root, '-o', 'json']);
  const { instance, daemon } = JSON.parse(report.stdout) as {
    readonly instance: string;
    readonly daemon: { readonly build: string };
  };
  assert.equal([report.code, instance], [0, 'app-1'], report.stderr);
  const agent = (
    await world.json<{ status: { agent: { build: string } } }>(
      ...['get', 'instance', 'app-1', '-n', 'shop', '-o', 'json'],
    )
  ).status.agent;
  assert.is(agent.build, daemon.build);
  const events = await run(executable, ['events', '--root', root]);
  assert.match(events.stdout, /^(setup|configure)-\S+ +succeeded/m);
  assert.is(readFileSync(join(root, 'etc/scalarium/agent.json'), 'utf8').includes('"token"'), true);
});

test('the control plane has no need of it any more: it ends for good', async (context) => {
  const { built, world, machine } = context;
  if (built === null || machine === null) return;
  const ended = new Promise<number | null>((resolve) => machine.once('exit', resolve));
  const deleted = await world.scalarium('delete', 'role', 'app', '-n', 'shop');
  assert.is(deleted.code, 0, deleted.stderr);
  assert.is(await ended, 100);
});
