/** Grants and keys reach the hosts they concern within seconds, and no others, as a person sees it. Runs alone: it measures. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, suite } from '../suite.js';
import { eventually, makeWorld, type HostEntry, type World } from './world.js';

const HOSTS = 13;
/** From the change to the file on every host concerned. */
const WITHIN_SECONDS = 5;
const test = suite<{ world: World }>('accounts on hosts', { world: null as unknown as World });

interface Cluster {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const isConfigured = async (world: World): Promise<boolean> => {
  const { status } = await world.json<Cluster>('get', 'cluster', 'monster-world', '-o', 'json');
  return (
    status.conditions?.some(({ type, status: holds }) => type === 'Configured' && holds === 'True') === true
  );
};

test.before(async (context) => {
  context.world = await makeWorld();
  context.world.start();
  await context.world.allOnline(HOSTS);
  // applications that learn of the last hosts restart in turn, and a host does one thing after the other
  await eventually('every host is configured', () => isConfigured(context.world));
});
test.after(async ({ world }) => {
  await world.end();
});

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFzc0yq0Vn9Yd0u3w1XbqkVhYl9m2oJb0l0yX3r1mJ2c';
const OTHER = KEY.replace('1mJ2c', '1mJ2d');

const apply = async (world: World, ...objects: readonly object[]): Promise<void> => {
  const file = join(world.data, 'accounts.json');
  const items = objects.map((object) => ({ apiVersion: 'scalarium.dev/v1', ...object }));
  writeFileSync(file, items.map((item) => JSON.stringify(item)).join('\n---\n'));
  const { code, stderr } = await world.scalarium('apply', '-f', file);
  assert.is(code, 0, stderr);
};

const user = (spec: object): object => ({ kind: 'User', metadata: { name: 'jane' }, spec });
const grant = (spec: object): object => ({
  kind: 'Grant',
  metadata: { name: 'jane-ops', namespace: 'monster-world' },
  spec: { group: 'ops', level: 'show', ...spec },
});

const keysOn = ({ root }: HostEntry): string => {
  const file = join(root, 'home/jane/.ssh/authorized_keys');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};
const sudoOn = ({ root }: HostEntry): boolean => existsSync(join(root, 'etc/sudoers.d/scalarium-jane'));
const isApp = ({ instance }: HostEntry): boolean => instance.startsWith('app-');

/** Makes the change and waits until `holds` on every host; tells how long both took, the command's start included. */
const soon = async (
  world: World,
  [what, change]: readonly [string, () => Promise<unknown>],
  holds: (host: HostEntry) => boolean,
): Promise<readonly HostEntry[]> => {
  const hosts = await world.hosts();
  const begun = performance.now();
  await change();
  await eventually(what, () => hosts.every(holds), WITHIN_SECONDS);
  process.stdout.write(`${what}: ${((performance.now() - begun) / 1000).toFixed(2)} s\n`);
  return hosts;
};

interface Configured {
  readonly status: { readonly event: string; readonly targets: readonly { readonly instance: string }[] };
}

const configures = async (world: World): Promise<readonly (readonly string[])[]> => {
  const args = ['get', 'lifecycleevents', '-n', 'monster-world', '-o', 'json'];
  const { items } = await world.json<{ items: readonly Configured[] }>(...args);
  return items
    .filter(({ status }) => status.event === 'configure')
    .map(({ status }) => status.targets.map(({ instance }) => instance));
};

const LEFT: (host: HostEntry) => boolean = ({ root }) => !existsSync(join(root, 'home/jane'));

test('a grant, a key, narrowing, disabling and revoking', async ({ world }) => {
  const granted = (): Promise<void> =>
    apply(world, user({ groups: ['ops'], sshKeys: [`${KEY} jane@laptop`] }), grant({ ssh: true }));
  await soon(world, ['granted: an account on every host', granted], (host) => keysOn(host).includes(KEY));
  const rekeyed = (): Promise<void> => apply(world, user({ groups: ['ops'], sshKeys: [OTHER] }));
  await soon(world, ['another key on every host', rekeyed], (host) => {
    const keys = keysOn(host);
    return keys.includes(OTHER) && !keys.includes(KEY);
  });
  const narrowed = (): Promise<void> => apply(world, grant({ sudo: true, roles: ['app'] }));
  await soon(world, ['narrowed to app, with sudo', narrowed], (host) =>
    isApp(host) ? sudoOn(host) : LEFT(host),
  );
  const before = (await configures(world)).length;
  const disabled = (): Promise<void> =>
    apply(world, user({ groups: ['ops'], sshKeys: [OTHER], disabled: true }));
  const hosts = await soon(world, ['disabled', disabled], (host) => LEFT(host) && !sudoOn(host));
  const told = (await configures(world)).slice(before).flat();
  assert.equal(
    [...new Set(told)].sort(),
    hosts
      .filter(isApp)
      .map(({ instance }) => instance)
      .sort(),
  );
  await soon(world, ['enabled again', rekeyed], (host) => !isApp(host) || sudoOn(host));
  const revoked = (): Promise<unknown> =>
    world.scalarium('delete', 'grant', 'jane-ops', '-n', 'monster-world');
  await soon(world, ['revoked', revoked], (host) => LEFT(host) && !sudoOn(host));
  assert.is((await world.instances()).filter(({ status }) => status.phase === 'online').length, HOSTS);
});
