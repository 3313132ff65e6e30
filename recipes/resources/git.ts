/** Check of git: a working copy at a revision. */
import { chown, lstat, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endedText, type Rights } from '../command.js';
import { userNamed } from '../owners.js';
import { ifThere, makeParents, placeOf } from '../place.js';
import { resourceId, type GitResource } from '../resource.js';
import { change, listenerOf, type Check, type Scene } from '../scene.js';
import { askTool, mustRun, runTool, type Answer } from '../tools.js';

const ASK_SECONDS = 60;
const FETCH_SECONDS = 900;

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** What a program may be told to do by an address, as `ext::`, is not among them. */
const PROTOCOLS = 'file:git:http:https:ssh';

/** Nobody is there to be asked, and who only looks does not write. */
const GIT_ENVIRONMENT = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: PROTOCOLS,
  GIT_OPTIONAL_LOCKS: '0',
};

interface Git {
  readonly place: string;
  readonly as?: Rights;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const refuseOdd = ({ repository, revision }: GitResource): void => {
  for (const word of [repository, revision])
    if (word === '' || word.startsWith('-') || /[\s\0]/.test(word))
      throw new Error(`"${word}" is no repository or revision`);
};

const rightsOf = async (
  { user }: GitResource,
  scene: Scene,
): Promise<{ readonly as?: Rights; readonly home: string }> => {
  if (user === undefined || scene.folder) return { home: scene.folder ? scene.root : '/root' };
  const { uid, gid, home } = await userNamed(user);
  return { as: { uid, gid }, home };
};

const sshCommand = (key: string): string =>
  `ssh -i '${key}' -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=20`;

/** The key is on disk only as long as `work` runs, readable by the user alone. */
const withGit = async <A>(
  resource: GitResource,
  scene: Scene,
  work: (git: Git) => Promise<A>,
): Promise<A> => {
  const { as, home } = await rightsOf(resource, scene);
  const place = await placeOf(scene.root, resource.path);
  const env = { HOME: home, ...GIT_ENVIRONMENT };
  const git = { place, env, signal: scene.signal, ...(as === undefined ? {} : { as }) };
  if (resource.key === undefined) return work(git);
  const folder = await mkdtemp(join(tmpdir(), 'scalarium-key-'));
  try {
    const file = join(folder, 'key');
    const key = await scene.secrets.text(resource.key);
    await writeFile(file, key.endsWith('\n') ? key : `${key}\n`, { mode: 0o600 });
    if (as !== undefined) for (const path of [file, folder]) await chown(path, as.uid, as.gid);
    return await work({ ...git, env: { ...env, GIT_SSH_COMMAND: sshCommand(file) } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Named outright: one that is broken would send git looking for another further up. */
const inPlace = ({ place }: Git, ...words: readonly string[]): readonly string[] => [
  'git',
  '-C',
  place,
  `--git-dir=${join(place, '.git')}`,
  `--work-tree=${place}`,
  ...words,
];

/** Whoever owns it says in its settings what git runs: with the rights of somebody else it would run that, too. */
const refuseForeign = async ({ place, as }: Git): Promise<void> => {
  const found = await ifThere(() => lstat(join(place, '.git')));
  const own = as?.uid ?? process.getuid?.();
  if (found === null || found.uid === own) return;
  const whose = `the working copy belongs to the user with the id ${String(found.uid)}`;
  throw new Error(`${whose}, not ${String(own)}: name its owner as "user", or give it back`);
};

const ask = (git: Git, ...words: readonly string[]): Promise<Answer> =>
  askTool(inPlace(git, ...words), { ...git, timeoutSeconds: ASK_SECONDS });

/** Null: there is no working copy. */
const here = async (git: Git): Promise<string | null> => {
  if ((await ifThere(() => lstat(join(git.place, '.git')))) === null) return null;
  const { code, stdout } = await ask(git, 'rev-parse', '--verify', '--quiet', 'HEAD');
  return code === 0 ? stdout.trim() : null;
};

/** One whose state cannot be told, as after a power cut, is not. */
const isClean = async (git: Git): Promise<boolean> => {
  const { code, stdout } = await ask(git, 'status', '--porcelain', '--untracked-files=no');
  return code === 0 && stdout === '';
};

/** A tag that is an object of its own is asked for by the commit it names: that line comes last. */
const ORDER = ['refs/heads/', 'refs/tags/'];

/** What the repository has under this name now. */
const there = async (git: Git, { repository, revision }: GitResource): Promise<string> => {
  if (COMMIT.test(revision)) return revision;
  const names = ORDER.flatMap((prefix) => [`${prefix}${revision}`, `${prefix}${revision}^{}`]);
  const command = ['git', 'ls-remote', '--', repository, ...names];
  const { code, stdout, ended } = await askTool(command, { ...git, timeoutSeconds: ASK_SECONDS });
  if (code !== 0) throw new Error(endedText(command, ended, null));
  const found = new Map(stdout.split('\n').map((line) => line.split('\t').reverse() as [string, string]));
  const commit = [...names]
    .reverse()
    .map((name) => found.get(name))
    .find((one) => one !== undefined);
  if (commit === undefined)
    throw new Error(`${repository} has no branch or tag "${revision}"; a commit is named by all its digits`);
  return commit;
};

/** By its id where the server gives single commits; else everything. */
const fetchCommit = async (git: Git, { repository }: GitResource, commit: string): Promise<void> => {
  const options = { ...git, timeoutSeconds: FETCH_SECONDS };
  const fetch = (...words: readonly string[]): readonly string[] =>
    inPlace(git, 'fetch', '--quiet', '--force', ...words);
  const one = await runTool(fetch('--depth', '1', '--', repository, commit), options);
  if (one.code !== 0) await mustRun(fetch('--', repository, '+refs/*:refs/remotes/origin/*'), options);
};

/** What a git that was killed leaves; nobody else is at it, as events run one at a time. */
const LOCKS = ['index.lock', 'HEAD.lock', 'shallow.lock', 'config.lock'];

const begin = async (git: Git): Promise<void> => {
  await makeParents(git.place);
  if ((await ifThere(() => lstat(join(git.place, '.git')))) !== null) {
    for (const lock of LOCKS) await rm(join(git.place, '.git', lock), { force: true });
  } else {
    const others = (await ifThere(() => readdir(git.place))) ?? [];
    if (others.length > 0) throw new Error('there is something else already, and it is no working copy');
    await mkdir(git.place, { recursive: true });
    if (git.as !== undefined) await chown(git.place, git.as.uid, git.as.gid);
  }
  // also of one that is there: it may have been cut short
  await mustRun(['git', 'init', '--quiet', git.place], git);
};

const bring = async (git: Git, resource: GitResource, commit: string, scene: Scene): Promise<void> => {
  await begin(git);
  await fetchCommit(git, resource, commit);
  const listener = listenerOf(resourceId(resource), scene);
  const checkout = inPlace(git, 'checkout', '--quiet', '--force', '--detach', commit);
  await mustRun(checkout, { ...git, timeoutSeconds: FETCH_SECONDS, listener });
};

export const git: Check<GitResource> = async (resource, scene) => {
  refuseOdd(resource);
  const [now, commit, clean] = await withGit(resource, scene, async (with_) => {
    await refuseForeign(with_);
    const found = await here(with_);
    return [found, await there(with_, resource), found === null || (await isClean(with_))];
  });
  if (now === commit && clean) return null;
  const from = now ?? 'nothing';
  return change(`${resource.path}: ${from}${clean ? '' : ' with changes'} → ${commit}`, () =>
    withGit(resource, scene, (with_) => bring(with_, resource, commit, scene)),
  );
};
