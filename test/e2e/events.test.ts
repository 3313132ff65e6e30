/** All that a host is told, with people's own recipes on real hosts: order, reboots, runs, dry runs, drift. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { assert, suite } from '../suite.js';
import { type InstanceView, type Ran, type World, eventually, makeWorld } from './world.js';

const HOSTS = 3;
const IN = ['-n', 'shop'];

interface Context {
  world: World;
  folder: string;
}

const test = suite<Context>('events with recipes of people on real hosts', {} as Context);

const NOTE = 'echo "$SCALARIUM_RECIPE" >> "$SCALARIUM_ROOT/order"\n';

/** `site` can tell what it would do; `kernel` wants one reboot; `picky` fails on one host. */
const RECIPES: Readonly<Record<string, string>> = {
  default: `# scalarium: dry-run
grep -qx wanted "$SCALARIUM_ROOT/etc/site" 2>/dev/null && exit 0
echo "scalarium: changed /etc/site"
[ "$SCALARIUM_DRY_RUN" = 1 ] && exit 0
${NOTE}mkdir -p "$SCALARIUM_ROOT/etc"
echo wanted > "$SCALARIUM_ROOT/etc/site"
`,
  kernel: `${NOTE}[ -e "$SCALARIUM_ROOT/kernel" ] && exit 0
touch "$SCALARIUM_ROOT/kernel"
exit 35
`,
  deploy: NOTE,
  picky: `echo "looking at $SCALARIUM_INSTANCE"\n[ "$SCALARIUM_INSTANCE" = app-2 ] && exit 3\nexit 0\n`,
};

const CLUSTER = (repository: string): string => `apiVersion: scalarium.dev/v1
kind: Cluster
metadata: { name: shop }
spec:
  cloud: local
  cookbooks: [{ name: own, type: git, url: ${repository} }]
---
apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: app, namespace: shop }
spec:
  type: custom
  replicas: ${String(HOSTS)}
  recipes: { setup: ['site::kernel'], deploy: ['site::deploy'], configure: [site] }
`;

const makeRepository = (folder: string): string => {
  const repository = join(folder, 'repository');
  for (const [name, script] of Object.entries(RECIPES)) {
    const file = join(repository, 'site', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}`);
    chmodSync(file, 0o755);
  }
  const git = (...words: readonly string[]): void => {
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
      cwd: repository,
      stdio: 'ignore',
    });
  };
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
  return repository;
};

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'scalarium-events-'));
  const file = join(context.folder, 'shop.yaml');
  writeFileSync(file, CLUSTER(makeRepository(context.folder)));
  context.world = await makeWorld({ cluster: 'shop' });
  context.world.start('--local-sources', '--apply', file);
});
test.after(async ({ world, folder }) => {
  await world.end();
  rmSync(folder, { recursive: true, force: true });
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

interface View extends InstanceView {
  readonly status: InstanceView['status'] & {
    readonly conditions?: readonly Condition[];
    readonly wishRestart?: { readonly askedAt: string; readonly doneAt?: string };
  };
}

const conditionOf = ({ status }: View, type: string): Condition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

/** Hosts by name, once each of these conditions is True. */
const all = (world: World, ...types: readonly string[]): Promise<readonly View[]> =>
  eventually(`${String(HOSTS)} hosts are ${types.join(', ')}`, async () => {
    const hosts = (await world.instances().catch(() => [])) as readonly View[];
    const well = hosts.every((host) => types.every((type) => conditionOf(host, type)?.status === 'True'));
    return hosts.length === HOSTS && well ? hosts : null;
  });

const rootOf = async (world: World, name: string): Promise<string> =>
  (await world.hosts()).find(({ instance }) => instance === name)?.root ?? '';

const orderOn = async (world: World, name: string): Promise<readonly string[]> =>
  readFileSync(join(await rootOf(world, name), 'order'), 'utf8')
    .trim()
    .split('\n');

test('setup, the reboot that it wants, deploy, configure; then Ready', async ({ world }) => {
  const hosts = await all(world, 'Ready', 'Deployed');
  for (const { metadata, status } of hosts) {
    assert.match(status.wishRestart?.askedAt ?? '', /^setup-/);
    assert.type(status.wishRestart?.doneAt, 'string');
    assert.equal(await orderOn(world, metadata.name), ['site::kernel', 'site::deploy', 'site']);
  }
  const { stdout } = await world.scalarium('events', ...IN);
  assert.is(stdout.match(/Restarting .*recipes of setup-/g)?.length, HOSTS, stdout);
});

const runs = ({ world }: Context, ...words: readonly string[]): Promise<Ran> =>
  world.scalarium('run', ...words, ...IN);

test('recipes on many hosts: what they write, who failed and why, one exit code', async (context) => {
  const { code, stdout, stderr } = await runs(context, '--role', 'app', '--recipe', 'site,site::picky');
  assert.is(code, 1, stdout + stderr);
  assert.match(stdout, /^app-2 +failed .*site::picky.*3/m);
  assert.match(stdout, /^app-1 +succeeded/m);
  assert.match(stderr, /1 of 3 hosts failed: app-2\n$/);
  for (const name of ['app-1', 'app-2', 'app-3'])
    assert.match(stderr, new RegExp(`^${name} \\| looking at ${name}$`, 'm'));
  const json = await runs(context, '--recipe', 'site::picky', '--host', 'app-1', '-o', 'json');
  assert.equal([json.code, (JSON.parse(json.stdout) as { kind: string }).kind], [0, 'Run']);
});

test('a recipe that is nowhere fails on every host, by name', async (context) => {
  const { code, stdout } = await runs(context, '--recipe', 'site::nowhere', '-q');
  assert.is(code, 1);
  assert.match(stdout, /site::nowhere/);
});

test('what somebody edited: seen by a dry run and by drift, mended by a run', async (context) => {
  const { world } = context;
  const root = await rootOf(world, 'app-3');
  writeFileSync(join(root, 'etc/site'), 'spoilt\n');
  const dry = await runs(context, '--recipe', 'site', '--dry-run');
  assert.is(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /^app-3 +succeeded +1/m);
  assert.match(dry.stdout, /^app-1 +succeeded +0/m);
  assert.match(dry.stdout, /\/etc\/site.* on app-3\n/);
  const drift = await world.scalarium('drift', '--host', 'app-3', ...IN);
  assert.is(drift.code, 1, drift.stdout + drift.stderr);
  assert.is(readFileSync(join(root, 'etc/site'), 'utf8'), 'spoilt\n', 'nothing was touched');
  assert.is((await runs(context, 'configure', '--host', 'app-3', '-q')).code, 0);
  assert.is(readFileSync(join(root, 'etc/site'), 'utf8'), 'wanted\n');
  assert.is((await world.scalarium('drift', '--host', 'app-3', ...IN)).code, 0);
});

test('a deploy that fails keeps a new host from serving, and its conditions say why', async ({
  world,
  folder,
}) => {
  const file = join(folder, 'more.yaml');
  const role = `apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: web, namespace: shop }
spec: { type: custom, replicas: 1, dependsOn: [app], recipes: { deploy: ['site::absent'] } }
`;
  writeFileSync(file, role);
  assert.is((await world.scalarium('apply', '-f', file)).code, 0);
  const web = await eventually('the deploy has failed', async () => {
    const hosts = (await world.instances()) as readonly View[];
    const found = hosts.find(({ metadata }) => metadata.name === 'web-1');
    return found !== undefined && conditionOf(found, 'Deployed')?.message.includes('absent') === true
      ? found
      : null;
  });
  assert.equal([conditionOf(web, 'Ready')?.status, web.status.phase], ['False', 'online']);
  assert.match(conditionOf(web, 'Ready')?.message ?? '', /site::absent/);
});
