/** Scripts as recipes: what they are told, what they may say, and that nothing they do ends more than their own run. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../../suite.js';
import { role } from '../world.js';
import { lives, onHost, pack, run, snapshot, until, type Stage } from './scene.js';

const test = onHost('script recipes');

const written = (stage: Stage, name: string): Promise<string> => readFile(join(stage.top, name), 'utf8');

const secretive = snapshot({
  roles: { app: { ...role('nodejs-app', { game: { language: 'de' } }), secrets: ['db'] } },
});
const secrets = (): Promise<Readonly<Record<string, string>>> =>
  Promise.resolve({ password: 'hunter22', pem: '-----BEGIN\nabcdefgh\nijklmnop' });

test('a script is told the event as JSON and as environment', async (stage) => {
  await pack(stage, {
    'web/default.sh': `#!/bin/sh
cat > ${stage.top}/input
env > ${stage.top}/environment
cp "$SCALARIUM_SNAPSHOT" ${stage.top}/snapshot
`,
  });
  const applied = await run(stage, ['web'], { snapshot: secretive, secrets });
  assert.equal(applied, { changed: ['script[web]'], failure: null });
  const input = JSON.parse(await written(stage, 'input')) as Record<string, unknown>;
  assert.equal(input['secrets'], { db: await secrets() });
  assert.equal(
    ['event', 'recipe', 'cluster', 'instance', 'role', 'roles', 'dryRun', 'attributes'].map(
      (key) => input[key],
    ),
    ['setup', 'web', 'shop', 'app-1', 'app', ['app'], false, { game: { language: 'de' } }],
  );
  const environment = await written(stage, 'environment');
  for (const line of ['EVENT=setup', 'CLUSTER=shop', 'INSTANCE=app-1', 'ROLE=app', 'RECIPE=web', 'DRY_RUN=0'])
    assert.match(environment, new RegExp(`^SCALARIUM_${line}$`, 'm'));
  assert.not.match(environment, /hunter22/);
  assert.not.match(await written(stage, 'snapshot'), /hunter22/);
  assert.equal(await readdir(join(stage.root, 'var/lib/scalarium')), []);
});

test('a value of a secret is in no line of its output and in no failure', async (stage) => {
  await pack(stage, { 'web/default': '#!/bin/sh\ncat; echo; echo ijklmnop >&2; exit 3\n' });
  const { failure } = await run(stage, ['web'], { snapshot: secretive, secrets });
  assert.match(failure ?? '', /^script\[web\]: command ".*\/web\/default": exit code 3; last output:/);
  const all = JSON.stringify([failure, stage.lines]);
  assert.not.match(all, /hunter22|abcdefgh|ijklmnop/);
  assert.match(all, /\*{6}/);
});

const INPUTS: readonly {
  readonly name: string;
  readonly script: string;
  readonly failure: RegExp;
}[] = [
  {
    name: 'one that throws',
    script: '#!/bin/sh\necho oh >&2; exit 7\n',
    failure: /exit code 7; last output:\noh$/,
  },
  {
    name: 'one that kills itself',
    script: '#!/bin/sh\nkill -9 $$\n',
    failure: /killed by SIGKILL; no output/,
  },
  {
    name: 'one that fills the disk',
    script: '#!/bin/sh\nexport LC_ALL=C\nhead -c 10 /dev/zero > /dev/full\n',
    failure: /exit code 1; last output:\n.*No space left on device/,
  },
  {
    name: 'one that prints binary',
    script: "#!/bin/sh\nprintf '\\000\\001\\377\\033[31mred\\033[0m\\n'; exit 1\n",
    failure: /last output:\n\\x00\\x01�red$/,
  },
  {
    name: 'one whose interpreter is not there',
    script: '#!/no/such/program\n',
    failure: /cannot be started: the program that its first line names is not on this host$/,
  },
];

for (const { name, script, failure } of INPUTS)
  test(`${name} fails with the reason, and the next runs`, async (stage) => {
    await pack(stage, { 'web/default': script, 'web/next': '#!/bin/sh\nexit 0\n' });
    assert.match((await run(stage, ['web'])).failure ?? '', failure);
    assert.is((await run(stage, ['web::next'])).failure, null);
  });

test('100 MB of output are bounded, and their end is kept', async (stage) => {
  await pack(stage, {
    'web/default':
      "#!/bin/sh\nhead -c 100000000 /dev/zero | tr '\\0' 'x' | fold -w 500\necho; echo the end; exit 1\n",
  });
  const before = process.memoryUsage().rss;
  const { failure } = await run(stage, ['web']);
  assert.match(failure ?? '', /the end$/);
  assert.ok((failure ?? '').length < 4_000);
  assert.ok(stage.lines.join('\n').length < 200_000, String(stage.lines.length));
  assert.ok(stage.lines.some((line) => /^\[\d+ lines left out\]$/.test(line)));
  assert.ok(process.memoryUsage().rss - before < 200e6);
});

/** A file system of 1 MiB in the host's place; false: this user may mount none. */
const mountSmall = async ({ root }: Stage): Promise<boolean> => {
  await mkdir(root, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('\nNOT RUN: no file system can be mounted here: no disk was filled\n');
    return false;
  }
};

test('one that really fills the disk fails, so does the next, and when there is room again all is well', async (stage) => {
  if (!(await mountSmall(stage))) return;
  try {
    await pack(stage, {
      'web/fills': '#!/bin/sh\nexport LC_ALL=C\ncat /dev/zero > "$SCALARIUM_ROOT/big"\n',
      'web/next': '#!/bin/sh\necho x > "$SCALARIUM_ROOT/small"\n',
    });
    assert.match((await run(stage, ['web::fills'])).failure ?? '', /No space left on device/);
    assert.match(
      (await run(stage, ['web::next'])).failure ?? '',
      /ENOSPC|No space left on device|I\/O error/,
    );
    await rm(join(stage.root, 'big'));
    assert.is((await run(stage, ['web::next'])).failure, null);
  } finally {
    execFileSync('umount', [stage.root]);
  }
});

test('one that hangs is ended with all that it has started, also what left its group and ignores signals', async (stage) => {
  await pack(stage, {
    'web/default': `#!/bin/bash
trap '' TERM
setsid sh -c "trap '' TERM INT; echo \\$\\$ > ${stage.top}/orphan; while :; do sleep 1; done" &
sleep 1000 & echo $! > ${stage.top}/child
echo ready
wait; wait; sleep 1000
`,
  });
  const running = run(stage, ['web']);
  await until('it runs', () => stage.lines.includes('ready') && existsSync(join(stage.top, 'orphan')));
  const pids = [Number(await written(stage, 'orphan')), Number(await written(stage, 'child'))];
  stage.abort.abort();
  assert.match((await running).failure ?? '', /stopped because the run was aborted/);
  await until('nothing of it is left', () => !pids.some(lives));
});

test('35 is a wish for a reboot and no failure; the recipes after it run', async (stage) => {
  await pack(stage, {
    'web/default': '#!/bin/sh\nexit 35\n',
    'web/next': `#!/bin/sh\ntouch ${stage.top}/next\n`,
  });
  const applied = await run(stage, ['web', 'web::next']);
  assert.equal(applied, { changed: ['script[web]', 'script[web::next]'], failure: null, reboot: true });
  assert.ok(existsSync(join(stage.top, 'next')));
});

test('after a failure none is run', async (stage) => {
  await pack(stage, {
    'web/default': '#!/bin/sh\nexit 1\n',
    'web/next': `#!/bin/sh\ntouch ${stage.top}/next\n`,
  });
  assert.match((await run(stage, ['web', 'web::next'])).failure ?? '', /exit code 1/);
  assert.not.ok(existsSync(join(stage.top, 'next')));
});

test('a dry run runs only a script that says it can, and takes its word for what would change', async (stage) => {
  await pack(stage, {
    'web/plain': `#!/bin/sh\ntouch ${stage.top}/touched\n`,
    'web/dry': `#!/bin/sh\n# scalarium: dry-run\necho "scalarium: changed file[/a] $SCALARIUM_DRY_RUN"\n`,
  });
  const applied = await run(stage, ['web::plain', 'web::dry'], { dryRun: true });
  assert.not.ok(existsSync(join(stage.top, 'touched')));
  assert.equal(applied.changed, ['file[/a] 1']);
  assert.equal(applied.diffs, [{ resource: 'file[/a] 1', diff: 'would be changed by script[web::dry]' }]);
  assert.match(applied.notes?.[0] ?? '', /^script\[web::plain\]: cannot be told/);
  assert.equal((await run(stage, ['web::dry'])).changed, ['file[/a] 0']);
});

test('a host that is a machine of somebody else is not changed by Chef or Ansible', async (stage) => {
  await pack(stage, { 'cook/recipes/default.rb': '', 'play/default.yml': '[]' });
  const { failure, notes } = await run(stage, ['cook', 'play']);
  assert.is(failure, null);
  assert.equal(notes?.length, 2);
  assert.match(notes?.[0] ?? '', /^recipe cook: left out: Chef would change the machine/);
});

const LOST: readonly {
  readonly name: string;
  readonly files: Record<string, string>;
  readonly says: RegExp;
}[] = [
  {
    name: 'no such cookbook',
    files: { 'other/x': '#!' },
    says: /^recipe web: no source has a cookbook "web"; looked in own \(abc\)/,
  },
  {
    name: 'no such recipe',
    files: { 'web/x': '#!' },
    says: /^recipe web, from own \(abc\): the cookbook has no recipe "default": .*in it: x$/,
  },
  {
    name: 'a script that is not executable',
    files: { 'web/default.sh': 'x' },
    says: /default\.sh is there and not executable/,
  },
  {
    name: 'two that may be meant',
    files: { 'web/default.sh': '#!', 'web/default.py': '#!' },
    says: /which is meant of default\.py, default\.sh/,
  },
  {
    name: 'a recipe that Chef does not have',
    files: { 'web/metadata.rb': '', 'web/default': '#!' },
    says: /expected recipes\/default\.rb in it/,
  },
];

for (const { name, files, says } of LOST)
  test(`${name}: said before anything runs`, async (stage) => {
    await pack(stage, { ...files, 'good/default': `#!/bin/sh\ntouch ${stage.top}/ran\n` });
    assert.match((await run(stage, ['good', 'web'])).failure ?? '', says);
    assert.not.ok(existsSync(join(stage.top, 'ran')));
  });

test('a pack or a secret that cannot be had is a failure that names it', async (stage) => {
  await pack(stage, { 'web/default': '#!/bin/sh\n' });
  const packs = (): Promise<string> => Promise.reject(new Error('no gateway answers'));
  assert.is(
    (await run(stage, ['web'], { packs })).failure,
    'the cookbooks of source own: no gateway answers',
  );
  assert.is(
    (await run(stage, ['web'], { snapshot: secretive })).failure,
    'the secret db cannot be had: there is no secret db',
  );
});

test('what a crash left is gone before the next run', async (stage) => {
  const left = join(stage.root, 'var/lib/scalarium/custom-run');
  await mkdir(left, { recursive: true });
  await chmod(left, 0o755);
  await pack(stage, {
    'web/default': `#!/bin/sh\nstat -c %a "$(dirname "$SCALARIUM_SNAPSHOT")" "$SCALARIUM_SNAPSHOT"\n`,
  });
  await run(stage, ['web']);
  assert.equal(stage.lines.slice(-2), ['700', '600']);
});
