/** People's own recipes on real hosts: from a repository and an archive, pinned until somebody says otherwise. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { assert, suite } from '../suite.js';
import { type World, eventually, makeWorld } from './world.js';

const IN = ['-n', 'shop'];

interface Context {
  world: World;
  folder: string;
  server: Server;
}

const test = suite<Context>("people's own recipes on real hosts", {} as Context);

const git = (folder: string, ...words: readonly string[]): void => {
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
    cwd: folder,
    stdio: 'ignore',
  });
};

const put = (place: string, content: string): void => {
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, content);
  chmodSync(place, 0o755);
};

/** Writes which version and event ran last into the host's root, and what it was told. */
const recipe = (version: number): string => `#!/bin/sh
set -e
cat > "$SCALARIUM_ROOT/told.json"
echo "${String(version)} $SCALARIUM_EVENT $SCALARIUM_INSTANCE" > "$SCALARIUM_ROOT/by-$SCALARIUM_EVENT"
echo "version ${String(version)} on $SCALARIUM_INSTANCE"
`;

const commit = (folder: string, version: number): void => {
  put(join(folder, 'repository/cookbooks/base/default.sh'), recipe(version));
  git(join(folder, 'repository'), 'add', '-A');
  git(join(folder, 'repository'), 'commit', '-q', '-m', `version ${String(version)}`);
};

const BAD: Readonly<Record<string, string>> = {
  throws: 'echo no luck; exit 3',
  binary: "printf '\\000\\001\\377'; exit 1",
  leaks: 'cat; exit 1',
  full: 'export LC_ALL=C; head -c 10 /dev/zero > /dev/full',
  forks: 'for i in 1 2 3; do sleep 1000 & done; sleep 1000',
};

/** With a repository, an archive that is served, and a cluster of two hosts whose recipes are in them. */
test.before(async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-cookbooks-'));
  context.folder = folder;
  mkdirSync(join(folder, 'repository'));
  git(join(folder, 'repository'), 'init', '-q', '-b', 'main');
  for (const [name, script] of Object.entries(BAD))
    put(join(folder, `repository/cookbooks/bad/${name}`), `#!/bin/sh\n${script}\n`);
  commit(folder, 1);
  put(join(folder, 'archive/extra/default'), '#!/bin/sh\ntouch "$SCALARIUM_ROOT/extra"\n');
  execFileSync('tar', ['-czf', join(folder, 'extra.tar.gz'), '-C', join(folder, 'archive'), '.']);
  context.server = createServer((_request, response) => {
    response.end(readFileSync(join(folder, 'extra.tar.gz')));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => context.server.once('listening', resolve));
  context.world = await makeWorld({ cluster: 'shop' });
  writeFileSync(join(folder, 'shop.yaml'), clusterOf(context, 'main'));
  context.world.start('--local-sources', '--apply', join(folder, 'shop.yaml'));
});
test.after(async ({ world, folder, server }) => {
  await world.end();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const clusterOf = ({ folder, server }: Context, revision: string): string => `apiVersion: scalarium.dev/v1
kind: Cluster
metadata: { name: shop }
spec:
  cloud: local
  attributes: { game: { language: de } }
  cookbooks:
    - { name: own, type: git, url: ${join(folder, 'repository')}, revision: ${revision}, path: cookbooks }
    - { name: more, type: archive, url: 'http://127.0.0.1:${String((server.address() as AddressInfo).port)}/extra.tar.gz' }
---
apiVersion: scalarium.dev/v1
kind: Secret
metadata: { name: db, namespace: shop }
spec: { data: { password: hunter22 } }
---
apiVersion: scalarium.dev/v1
kind: Role
metadata: { name: app, namespace: shop }
spec:
  type: custom
  replicas: 2
  secrets: [db]
  recipes: { setup: [base, extra], configure: [base] }
`;

const rootOf = async (world: World, instance: string): Promise<string> =>
  (await world.hosts()).find((host) => host.instance === instance)?.root ?? '';

/** What the recipe has left on each host, by event. */
const said = async (world: World, event: string): Promise<readonly string[]> => {
  const roots = (await world.hosts()).map(({ root }) => join(root, `by-${event}`));
  return roots.map((file) => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '')).sort();
};

interface Source {
  readonly name: string;
  readonly revision: string;
  readonly digest: string;
  readonly problem: string | null;
}

const sources = (world: World): Promise<readonly Source[]> =>
  world.json<readonly Source[]>('cookbooks', ...IN, '-o', 'json');

test('the recipes of setup run on every host, from both sources, with attributes and secrets', async ({
  world,
}) => {
  await world.allOnline(2);
  assert.equal(await said(world, 'setup'), ['1 setup app-1', '1 setup app-2']);
  await eventually('configure has run', async () =>
    (await said(world, 'configure')).every((line) => line !== ''),
  );
  const root = await rootOf(world, 'app-1');
  assert.ok(existsSync(join(root, 'extra')));
  const told = JSON.parse(readFileSync(join(root, 'told.json'), 'utf8')) as Record<string, unknown>;
  assert.equal(
    [told['attributes'], told['secrets']],
    [{ game: { language: 'de' } }, { db: { password: 'hunter22' } }],
  );
  const [own, more] = await sources(world);
  assert.equal([own?.name, more?.name, own?.problem, more?.problem], ['own', 'more', null, null]);
  const { stdout } = await world.scalarium('cookbooks', ...IN);
  assert.match(
    stdout,
    /^NAME +TYPE +REVISION +DIGEST +AGE +PROBLEM\nown +git +[0-9a-f]{12} +[0-9a-f]{12} +\d/,
  );
});

test('a branch that moves changes nothing until an update is asked for; then configure brings it', async (context) => {
  const { world, folder } = context;
  const [before] = await sources(world);
  commit(folder, 2);
  const run = await world.scalarium('run', 'configure', ...IN);
  assert.is(run.code, 0, run.stderr);
  assert.equal(await said(world, 'configure'), ['1 configure app-1', '1 configure app-2']);
  const updated = await world.scalarium('cookbooks', 'update', 'own', ...IN);
  assert.is(updated.code, 0, updated.stderr);
  const [after] = await sources(world);
  assert.not.equal(after?.digest, before?.digest);
  assert.match(updated.stdout, new RegExp(`^own +git +${after?.revision.slice(0, 12) ?? ''}`, 'm'));
  await eventually('configure has brought it', async () =>
    (await said(world, 'configure')).every((line) => line.startsWith('2 ')),
  );
});

test('a pack that is lost, here and on a host, is fetched again', async ({ world }) => {
  const [own] = await sources(world);
  const digest = own?.digest ?? '';
  rmSync(join(world.data, 'packs', digest));
  rmSync(join(await rootOf(world, 'app-1'), 'var/lib/scalarium/packs', digest), { recursive: true });
  const run = await world.scalarium('run', 'configure', '--host', 'app-1', ...IN);
  assert.is(run.code, 0, run.stderr);
  assert.ok(existsSync(join(world.data, 'packs', digest)));
});

const WRONG: readonly { readonly recipe: string; readonly says: RegExp }[] = [
  { recipe: 'bad::throws', says: /script\[bad::throws\]: command .* exit code 3; last output: no luck/ },
  { recipe: 'bad::binary', says: /exit code 1; last output: \\x00\\x01/ },
  { recipe: 'bad::leaks', says: /exit code 1/ },
  { recipe: 'bad::full', says: /No space left on device/ },
  { recipe: 'bad::forks', says: /cut off after 1 s/ },
  { recipe: 'bad::nothing', says: /the cookbook has no recipe "nothing"/ },
  { recipe: 'nobody', says: /no source has a cookbook "nobody"; looked in own/ },
];

for (const { recipe: name, says } of WRONG)
  test(`${name}: a failed event that says why, and the next one runs`, async ({ world }) => {
    const { code, stdout, stderr } = await world.scalarium(
      ...[
        'run',
        '--recipe',
        name,
        '--host',
        'app-1',
        '--timeout',
        name === 'bad::forks' ? '1s' : '1m',
        ...IN,
      ],
    );
    assert.is(code, 1, stdout + stderr);
    assert.match((stdout + stderr).replace(/\s+/g, ' '), says);
    assert.not.match(stdout + stderr, /hunter22/);
    const good = await world.scalarium('run', '--recipe', 'extra', '--host', 'app-1', ...IN);
    assert.is(good.code, 0, good.stderr);
  });

test('nothing of it is in the log of the host', async ({ world }) => {
  const { stdout } = await world.scalarium('logs', 'app-1', '--tail', '2000', ...IN);
  assert.match(stdout, /version 2 on app-1/);
  assert.match(stdout, /\*{6}/);
  assert.not.match(stdout, /hunter22/);
});

test('a revision that is not there is told, and the old pack stays in force', async (context) => {
  const { world, folder } = context;
  const [before] = await sources(world);
  writeFileSync(join(folder, 'shop.yaml'), clusterOf(context, 'nope'));
  const applied = await world.scalarium('apply', '-f', join(folder, 'shop.yaml'));
  assert.is(applied.code, 0, applied.stderr);
  const problem = await eventually(
    'the problem is told',
    async () => (await sources(world))[0]?.problem ?? null,
  );
  assert.match(problem, /^source own \(git\): .* has no branch, tag or whole commit id "nope": push it/);
  assert.is((await sources(world))[0]?.digest, before?.digest);
  const { stdout } = await world.scalarium('events', ...IN);
  assert.match(stdout, /Warning.*CookbooksUnresolved/);
  const run = await world.scalarium('run', 'configure', '--host', 'app-1', ...IN);
  assert.is(run.code, 0, run.stderr);
});
