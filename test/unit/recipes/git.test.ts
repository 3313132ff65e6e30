/** Working copies, by the real git, of repositories in folders. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Applied } from '../../../recipes/apply.js';
import type { GitResource } from '../../../recipes/resource.js';
import { assert } from '../../suite.js';
import { apply, onStage, text, type Stage } from './stage.js';

const test = onStage('git working copies');

let home = '';
let repository = '';

const git = (...words: readonly string[]): string =>
  execFileSync('git', ['-C', repository, '-c', 'user.name=x', '-c', 'user.email=x@x', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

/** Gives the commit. */
const commit = (content: string): string => {
  writeFileSync(join(repository, 'file'), content);
  git('add', 'file');
  git('commit', '--quiet', '--message', content);
  return git('rev-parse', 'HEAD');
};

test.before(async () => {
  home = await mkdtemp(join(tmpdir(), 'scalarium-git-'));
  repository = join(home, 'repository');
  mkdirSync(repository);
  git('init', '--quiet', '--initial-branch', 'main');
});
test.after(async () => {
  await rm(home, { recursive: true });
});

const bring = (stage: Stage, revision: string, more: Partial<GitResource> = {}): Promise<Applied> =>
  apply(stage, [{ type: 'git', path: '/srv/app', repository, revision, ...more }]);

const CHANGED: Applied = { changed: ['git[/srv/app]'], failure: null };
const CLEAN: Applied = { changed: [], failure: null };

const has = async ({ root }: Stage, content: string): Promise<void> => {
  assert.is(await text(root, 'srv/app/file'), content);
};

test('a branch: its newest commit at each run; a second run does nothing', async (stage) => {
  commit('one');
  assert.equal(await bring(stage, 'main'), CHANGED);
  assert.equal(await bring(stage, 'main'), CLEAN);
  commit('two');
  assert.equal(await bring(stage, 'main'), CHANGED);
  await has(stage, 'two');
});

test('a branch that was moved to another history', async (stage) => {
  commit('three');
  await bring(stage, 'main');
  git('reset', '--quiet', '--hard', 'HEAD~1');
  commit('instead');
  assert.equal(await bring(stage, 'main'), CHANGED);
  await has(stage, 'instead');
});

test('a tag, also one that is an object of its own, and a commit that is no tip', async (stage) => {
  const tagged = commit('tagged');
  git('tag', 'light');
  git('tag', '--annotate', '--message', 'x', 'heavy');
  commit('newer');
  for (const revision of ['light', tagged, 'heavy']) {
    assert.is((await bring(stage, revision)).failure, null);
    await has(stage, 'tagged');
    assert.equal(await bring(stage, revision), CLEAN);
    await bring(stage, 'main');
    await has(stage, 'newer');
  }
});

test('what was changed by hand is overwritten; what git does not know stays', async (stage) => {
  commit('right');
  await bring(stage, 'main');
  await writeFile(join(stage.root, 'srv/app/file'), 'wrong');
  await writeFile(join(stage.root, 'srv/app/uploaded'), 'mine');
  assert.equal(await bring(stage, 'main'), CHANGED);
  await has(stage, 'right');
  await rm(join(stage.root, 'srv/app/file'));
  assert.equal(await bring(stage, 'main'), CHANGED);
  await has(stage, 'right');
  assert.is(await text(stage.root, 'srv/app/uploaded'), 'mine');
});

test('a dry run says from where to where, and writes nothing, not even into .git', async (stage) => {
  const before = commit('before');
  await bring(stage, 'main');
  const after = commit('after');
  const index = (): number => statSync(join(stage.root, 'srv/app/.git/index')).mtimeMs;
  const [at, resource] = [index(), { type: 'git', path: '/srv/app', repository, revision: 'main' } as const];
  // git would like to note that the file is still the same
  await writeFile(join(stage.root, 'srv/app/file'), 'before');
  const { diffs } = await apply(stage, [resource], { dryRun: true });
  assert.equal(diffs, [{ resource: 'git[/srv/app]', diff: `/srv/app: ${before} → ${after}` }]);
  assert.is(index(), at);
  await has(stage, 'before');
});

test('what a git that was killed leaves is no hindrance: locks, a copy that was only begun, a broken index', async (stage) => {
  commit('whole');
  const at = (name: string): string => join(stage.root, 'srv/app/.git', name);
  mkdirSync(at('refs'), { recursive: true });
  assert.equal(await bring(stage, 'main'), CHANGED);
  for (const lock of ['index.lock', 'HEAD.lock', 'shallow.lock']) writeFileSync(at(lock), '');
  commit('more');
  assert.equal(await bring(stage, 'main'), CHANGED);
  await has(stage, 'more');
  rmSync(at('HEAD'));
  assert.equal(await bring(stage, 'main'), CHANGED);
  await has(stage, 'more');
});

test('a working copy whose state cannot be told is brought about anew, not taken for clean', async (stage) => {
  commit('told');
  await bring(stage, 'main');
  writeFileSync(join(stage.root, 'srv/app/.git/index'), 'no index');
  writeFileSync(join(stage.root, 'srv/app/file'), 'other');
  const { failure } = await bring(stage, 'main');
  if (failure === null) await has(stage, 'told');
  else assert.match(failure, /index/);
});

test('a copy that is broken sends git to no other one further up', async (stage) => {
  commit('mine');
  spawnSync('git', ['init', '--quiet', stage.root]);
  await writeFile(join(stage.root, 'precious'), 'x');
  mkdirSync(join(stage.root, 'srv/app/.git'), { recursive: true });
  assert.equal(await bring(stage, 'main'), CHANGED);
  await has(stage, 'mine');
  assert.is(await readFile(join(stage.root, 'precious'), 'utf8'), 'x');
  assert.not(existsSync(join(stage.root, 'file')));
});

const REFUSED: readonly {
  readonly name: string;
  readonly more: Partial<GitResource>;
  readonly says: RegExp;
}[] = [
  { name: 'a revision that is not there', more: { revision: 'none' }, says: /has no branch or tag "none"/ },
  {
    name: 'a commit that is not there',
    more: { revision: 'a'.repeat(40) },
    says: /command "git -C .*exit code 1/,
  },
  {
    name: 'a repository that is not there',
    more: { repository: '/no/such' },
    says: /git ls-remote .*exit code 128; last output:\n.*no\/such/,
  },
  {
    name: 'a revision that is an option',
    more: { revision: '--upload-pack=x' },
    says: /"--upload-pack=x" is no repository or revision/,
  },
  {
    name: 'a repository that is a program',
    more: { repository: 'ext::sh' },
    says: /transport 'ext' not allowed/,
  },
];

for (const { name, more, says } of REFUSED)
  test(`${name}: refused with the reason`, async (stage) => {
    commit(name);
    const { failure, changed } = await bring(stage, 'main', more);
    assert.match(failure ?? '', says);
    assert.equal(changed, []);
    assert.is((await bring(stage, 'main')).failure, null);
  });

test('a directory with something else in it is left as it is', async (stage) => {
  mkdirSync(join(stage.root, 'srv/app'), { recursive: true });
  await writeFile(join(stage.root, 'srv/app/mine'), 'x');
  assert.match(
    (await bring(stage, 'main')).failure ?? '',
    /there is something else already, and it is no working copy/,
  );
});

if (process.getuid?.() === 0)
  test('a copy that belongs to somebody else is not worked in with our rights: its settings run programs', async (stage) => {
    commit('ours');
    await bring(stage, 'main');
    writeFileSync(
      join(stage.root, 'srv/app/.git/config'),
      `[core]\n\tfsmonitor = touch ${stage.root}/pwned; false\n`,
    );
    chownSync(join(stage.root, 'srv/app/.git'), 12_345, 12_345);
    assert.match(
      (await bring(stage, 'main')).failure ?? '',
      /belongs to the user with the id 12345, not 0: name its owner/,
    );
    assert.not(existsSync(join(stage.root, 'pwned')));
  });
