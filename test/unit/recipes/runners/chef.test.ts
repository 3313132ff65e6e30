/**
 * The Chef runner with a stand-in that behaves as real ones do: codes, lock, signals, orphans. The real program is used,
 * too, where it is on PATH; else a line says that it was not.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CustomWork } from '../../../../recipes/custom.js';
import { chef } from '../../../../recipes/runners/chef.js';
import { chefVerdict } from '../../../../recipes/runners/chef/exit.js';
import { findProgram } from '../../../../recipes/runners/programs.js';
import type { SecretValues } from '../../../../recipes/runners/work.js';
import type { Applied } from '../../../../recipes/apply.js';
import { assert } from '../../../suite.js';
import { role } from '../world.js';
import { lives, onHost, pack, runAlone, snapshot, until, workOn, type Stage } from './scene.js';

const test = onHost('the Chef runner');

const STAND_IN = fileURLToPath(new URL('../../../fake/chef-client', import.meta.url));
const PATH = process.env['PATH'] ?? '';

interface More extends Partial<CustomWork> {
  readonly values?: SecretValues;
}

/** With the stand-in as the first on the path. */
const run = async (
  stage: Stage,
  recipes: readonly string[],
  { values = {}, ...more }: More = {},
): Promise<Applied> => {
  const bin = join(stage.top, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(STAND_IN, join(bin, 'chef-client')).catch(() => undefined);
  process.env['PATH'] = `${bin}:${PATH}`;
  try {
    return await runAlone(chef, workOn(stage, recipes, more), values);
  } finally {
    process.env['PATH'] = PATH;
  }
};

const recipe = (stage: Stage, name: string, ...lines: readonly string[]): Promise<void> =>
  pack(stage, { [`web/recipes/${name}.rb`]: lines.map((line) => `#: ${line}\n`).join('') });

test('adjacent recipes are one run; what they changed is told by their own names', async (stage) => {
  await recipe(stage, 'default', 'change template[/etc/app.conf]', 'say one');
  await recipe(stage, 'two', 'change apt_package[nginx]', 'say two');
  const applied = await run(stage, ['web', 'web::two']);
  assert.equal(applied, { changed: ['template[/etc/app.conf]', 'apt_package[nginx]'], failure: null });
  assert.is(stage.lines.filter((line) => line.endsWith('INFO: one') || line.endsWith('INFO: two')).length, 2);
});

const CODES: readonly {
  readonly code: number;
  readonly failure: RegExp | null;
  readonly more?: Partial<Applied>;
}[] = [
  { code: 0, failure: null },
  { code: 1, failure: /^chef\[web\]: command ".*-o recipe\[web::default\]": exit code 1/ },
  { code: 2, failure: /it was interrupted; / },
  { code: 3, failure: /it was terminated; / },
  { code: 35, failure: null, more: { reboot: true } },
  {
    code: 37,
    failure: null,
    more: { warning: 'chef[web]: Chef says that this host must be rebooted, and did not ask for it' },
  },
  { code: 41, failure: /the shutdown command failed; / },
  { code: 43, failure: /its configuration file was refused; / },
  { code: 77, failure: /exit code 77/ },
  { code: 172, failure: /its licence is not accepted: set the attribute chef\.license/ },
  { code: 213, failure: /it was upgraded during the run, twice; / },
];

for (const { code, failure, more } of CODES)
  test(`exit code ${String(code)}`, async (stage) => {
    await recipe(stage, 'default', 'change file[/a]', `exit ${String(code)}`);
    const applied = await run(stage, ['web']);
    assert.equal({ ...applied, failure: null }, { changed: ['file[/a]'], failure: null, ...more });
    if (failure === null) assert.is(applied.failure, null);
    else assert.match(applied.failure ?? '', failure);
  });

test('one that was upgraded runs once more', async (stage) => {
  await recipe(stage, 'default', `once ${stage.top}/upgraded`, 'change file[/a]');
  assert.equal(await run(stage, ['web']), { changed: ['file[/a]'], failure: null });
});

test('of a failure the resource, its recipe and its line are told, and what was changed before', async (stage) => {
  await recipe(stage, 'default', 'change file[/a]', 'fail No space left on device');
  const { changed, failure } = await run(stage, ['web']);
  assert.equal(changed, ['file[/a]']);
  assert.match(
    failure ?? '',
    /^chef\[web\]: file\[\/x\] \(web::default line 2\) had an error: No space left on device; command/,
  );
});

test('a dry run is a why-run: it tells what it would do, and does nothing', async (stage) => {
  await recipe(stage, 'default', `write ${stage.top}/written text`, 'change file[/a]', 'exit 35');
  const applied = await run(stage, ['web'], { dryRun: true });
  const diffs = [{ resource: 'file[/a]', diff: 'would be changed by recipe[web::default]' }];
  assert.equal(applied, { changed: ['file[/a]'], failure: null, diffs });
  assert.not.ok(existsSync(join(stage.top, 'written')));
});

interface Kept {
  readonly opsworks: {
    readonly layers: Record<string, { readonly instances: object }>;
    readonly instance: { readonly layers: readonly string[] };
  };
  readonly scalarium: { readonly secrets: object; readonly instance: { readonly roles: readonly string[] } };
  readonly game: object;
  readonly deploy: Record<string, { readonly environment_variables: object }>;
}

test('attributes and data bags have the shape that cookbooks know; their files are private', async (stage) => {
  const kept = join(stage.top, 'kept');
  await recipe(stage, 'default', `keep ${kept}`);
  const { roles } = snapshot();
  const shop = { environment: { KEY: { secret: 'db', key: 'password' }, MODE: 'live' } };
  const app = {
    ...role('nodejs-app', { game: { players: 4 }, recipes: ['x'], run_list: [], chef_environment: 'x' }),
    secrets: ['db'],
  };
  await run(stage, ['web'], {
    snapshot: snapshot({
      attributes: { game: { language: 'de', players: 2 }, applications: { shop } },
      roles: { ...roles, app },
    }),
    values: { db: { password: 'hunter22' } },
  });
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(kept, name), 'utf8'));
  const node = (await read('attributes.json')) as Kept;
  assert.equal(node.game, { language: 'de', players: 4 });
  assert.not.ok('run_list' in node || 'recipes' in node || 'chef_environment' in node);
  assert.equal(Object.keys(node.opsworks.layers['nodejs-app']?.instances ?? {}), ['app-10', 'app-1'].sort());
  assert.equal(node.opsworks.layers['app'], { ...node.opsworks.layers['nodejs-app'] });
  assert.equal(node.opsworks.instance.layers, ['nodejs-app', 'app']);
  assert.equal(node.scalarium.secrets, { db: { password: 'hunter22' } });
  assert.match(await readFile(join(kept, 'mode'), 'utf8'), /^600$/m);
  const own = (await read('data_bags/aws_opsworks_instance/app-1.json')) as Record<string, unknown>;
  assert.equal([own['self'], own['private_ip'], own['status']], [true, '127.0.2.1', 'online']);
  assert.not.ok(existsSync(join(kept, 'data_bags/aws_opsworks_instance/app-2.json')));
  assert.equal(node.deploy['shop']?.environment_variables, { KEY: 'hunter22', MODE: 'live' });
  const bag = (await read('data_bags/aws_opsworks_app/shop.json')) as Record<string, unknown>;
  assert.equal([bag['type'], bag['environment']], ['nodejs', { KEY: 'hunter22', MODE: 'live' }]);
  assert.match(
    await readFile(join(kept, 'client.rb'), 'utf8'),
    /^exception_handlers << Chef::Handler::JsonFile/m,
  );
});

test('of two sources with one cookbook the first one counts, and the others of both are there', async (stage) => {
  const digests = ['a', 'b'].map((letter) => letter.repeat(64));
  await pack(stage, {
    '../a/web/recipes/default.rb': '#: say from a\n',
    '../b/web/recipes/default.rb': '#: say from b\n',
    '../b/other/recipes/default.rb': '#: say other\n',
  });
  const cookbooks = digests.map((digest) => ({ name: digest.slice(0, 1), revision: 'x', digest }));
  const packs = (digest: string): Promise<string> => Promise.resolve(join(stage.top, digest.slice(0, 1)));
  for (let turn = 0; turn < 2; turn += 1) {
    const applied = await run(stage, ['web', 'other'], { snapshot: snapshot({ cookbooks }), packs });
    assert.is(applied.failure, null);
  }
  const said = stage.lines.flatMap((line) => /INFO: (from \w|other)$/.exec(line)?.[1] ?? []);
  assert.equal(said, ['from a', 'other', 'from a', 'other']);
});

test('a secret is in no line and in no failure, though Chef prints all that it was given', async (stage) => {
  await recipe(stage, 'default', 'leak', 'fail hunter22');
  const { failure } = await run(stage, ['web'], { values: { db: { password: 'hunter22' } } });
  const all = JSON.stringify([failure, stage.lines]);
  assert.not.match(all, /hunter22/);
  assert.match(all, /\*{6}/);
  // its folder goes after the run; the cache stays
  const cache = (await readdir(stage.root, { recursive: true })).filter((path) =>
    path.includes('chef/cache/'),
  );
  assert.equal(
    cache.map((path) => basename(path)),
    ['chef-client-running.pid'],
  );
});

test('to stop it SIGINT is sent, and what it has left behind is killed', async (stage) => {
  await recipe(stage, 'default', `orphan ${stage.top}/orphan`, 'hang');
  const running = run(stage, ['web']);
  await until('it hangs', () => stage.lines.some((line) => line.endsWith('INFO: hanging')));
  await until('the orphan is there', () => existsSync(join(stage.top, 'orphan')));
  const orphan = Number(await readFile(join(stage.top, 'orphan'), 'utf8'));
  stage.abort.abort();
  const { failure } = await running;
  assert.match(failure ?? '', /stopped because the run was aborted; last output:[^]*INFO: interrupted/);
  await until('the orphan is gone', () => !lives(orphan));
});

/** Holds the lock as another run of Chef would. */
const holdLock = async (stage: Stage): Promise<ChildProcess> => {
  const folder = join(stage.root, 'var/lib/scalarium/chef/cache');
  await mkdir(folder, { recursive: true });
  const lock = join(folder, 'chef-client-running.pid');
  const holder = spawn('flock', [lock, 'sh', '-c', `echo > ${stage.top}/held; exec sleep 1000`], {
    stdio: 'ignore',
    detached: true,
  });
  await until('the lock is held', () => existsSync(join(stage.top, 'held')));
  return holder;
};

test("somebody else's run is waited for; the lock's file alone keeps nobody out", async (stage) => {
  await recipe(stage, 'default', 'say done');
  const holder = await holdLock(stage);
  const running = run(stage, ['web']);
  await until('it has begun', () => existsSync(join(stage.root, 'var/lib/scalarium/custom-run/client.rb')));
  assert.is(
    stage.lines.some((line) => line.endsWith('done')),
    false,
  );
  process.kill(-(holder.pid ?? 0), 'SIGKILL');
  assert.is((await running).failure, null);
});

test('100 MB of output are bounded', async (stage) => {
  await recipe(stage, 'default', 'flood 100000000', 'say the end', 'exit 1');
  const { failure } = await run(stage, ['web']);
  assert.ok((failure ?? '').length < 5_000);
  assert.ok(stage.lines.join('\n').length < 200_000);
});

test('without Chef it is said how to get it', async (stage) => {
  await recipe(stage, 'default', 'say x');
  process.env['PATH'] = '/nowhere';
  try {
    await runAlone(chef, workOn(stage, ['web']));
    assert.unreachable('there is no chef-client');
  } catch (error) {
    assert.match((error as Error).message, /^there is no chef-client .* chef\.package: \{ url, sha256 \}/);
  } finally {
    process.env['PATH'] = PATH;
  }
});

test('of a package another content than was told is refused', async (stage) => {
  await recipe(stage, 'default', 'say x');
  const { createServer } = await import('node:http');
  const server = createServer((_request, response) => response.end('other')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const attributes = {
    chef: { package: { url: `http://127.0.0.1:${String(port)}/cinc.deb`, sha256: 'b'.repeat(64) } },
  };
  process.env['PATH'] = '/nowhere';
  try {
    await runAlone(chef, workOn(stage, ['web'], { snapshot: snapshot({ attributes }) }));
    assert.unreachable('the package is not the one that was told');
  } catch (error) {
    assert.match((error as Error).message, /cinc\.deb has another content than wanted/);
  } finally {
    process.env['PATH'] = PATH;
    server.close();
  }
  const dry = workOn(stage, ['web'], { snapshot: snapshot({ attributes }), dryRun: true });
  process.env['PATH'] = '/nowhere';
  const { notes } = await runAlone(chef, dry).finally(() => (process.env['PATH'] = PATH));
  assert.match(notes?.[0] ?? '', /cannot be told before Chef is installed/);
});

test('the table of codes says of none but these that it is no failure', () => {
  const good = Array.from({ length: 256 }, (_, code) => code).filter(
    (code) => chefVerdict(code).failure === null,
  );
  assert.equal(good, [0, 35, 37]);
  assert.is(chefVerdict(null).failure, '');
});

test('the real program does the same', async (stage) => {
  const real = await findProgram(['chef-client', 'cinc-client'], `${PATH}:/opt/chef/bin:/opt/cinc/bin`);
  if (real === null) {
    process.stderr.write(
      '\nNOT RUN: no chef-client or cinc-client is on PATH: only the stand-in was tried\n',
    );
    return;
  }
  const file = join(stage.top, 'by-chef');
  await pack(stage, {
    'web/metadata.rb': "name 'web'\nversion '1.0.0'\n",
    'web/recipes/default.rb': `file '${file}' do\n  content node['game']['language']\nend\n`,
    'web/recipes/bad.rb': "raise 'oh'\n",
  });
  const say = workOn(stage, ['web'], { snapshot: snapshot({ attributes: { game: { language: 'de' } } }) });
  const dry = await runAlone(chef, { ...say, dryRun: true });
  assert.equal([dry.failure, existsSync(file)], [null, false]);
  await rm(join(stage.root, 'var/lib/scalarium/custom-run'), { recursive: true, force: true });
  const applied = await runAlone(chef, say);
  assert.equal(applied, { changed: [`file[${file}]`], failure: null });
  assert.is(await readFile(file, 'utf8'), 'de');
  const bad = await runAlone(chef, { ...say, recipes: ['web::bad'] });
  assert.match(bad.failure ?? '', /exit code 1/);
});
