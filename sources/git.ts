/** Fetches one commit of a repository, with its submodules. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PACK_BYTES, PACK_FILES } from '../api-types/cookbooks.js';
import { askTool, runTool, type Answer } from '../recipes/tools.js';
import type { Ended } from '../recipes/command.js';
import { Complaint } from './complaint.js';
import { gitEnvironment } from './git-access.js';
import { withoutPassword, wantsSubmodules, type Fetched, type Fetcher, type Fetching } from './source.js';
import type { Words } from './words.js';

const ASK_SECONDS = 60;
const FETCH_SECONDS = 900;
const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
/** A repository is not asked what an abbreviation stands for: tomorrow it may stand for two. */
const SHORT = /^[0-9a-f]{7,39}$/;

/** No file that git writes may be larger than 1 GiB. */
const BOUNDED = ['sh', '-c', 'ulimit -f 2097152; exec "$@"', 'sh', 'git'];
/** Nothing of a repository is run; a server that says next to nothing for a minute is left. */
const CAREFUL = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'protocol.ext.allow=never',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=60',
  'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting]);

interface Git {
  readonly fetching: Fetching;
  readonly env: Readonly<Record<string, string>>;
  /** The working copy. */
  readonly top: string;
}

/** What to do about what git says. */
const ADVICE: readonly (readonly [RegExp, (words: Words) => string])[] = [
  [
    /Authentication failed|could not read (Username|Password)|Permission denied|returned error: 40[13]|Invalid username/,
    () =>
      'it wants to know who asks: name a Secret in the source that holds sshKey, or user and password (a token)',
  ],
  [
    /Could not resolve host|Connection (refused|timed out|reset)|Failed to connect|unable to connect|Operation timed out|timed out/,
    ({ fetcher }) => `it does not answer: check url, and that ${fetcher} can reach it`,
  ],
  [
    /transport '\w+' not allowed/,
    ({ localSources }) => `expected an https, http, ssh or git address; ${localSources}`,
  ],
  [
    /Host key verification failed/,
    ({ knownHosts }) =>
      `the host has another key than it had: if that is right, remove its line from ${knownHosts}`,
  ],
  [
    /not found|does not exist|does not appear to be a git repository|not a git repository/i,
    () => 'check url',
  ],
  [
    /certificate/,
    ({ fetcher }) =>
      `its certificate is not trusted here: check url, or ${fetcher}'s authorities (SSL_CERT_FILE)`,
  ],
];

const adviceOn = (output: string, words: Words): string =>
  ADVICE.find(([pattern]) => pattern.test(output))?.[1](words) ?? 'check url and revision';

/** Of the shell that sets the bound: there is no such program. */
const NO_PROGRAM = 127;

const problem = ({ fetching }: Git, what: string, { code, output }: Ended): Error => {
  const { words } = fetching;
  if (code === NO_PROGRAM) return new Error(`there is no git on ${words.machine}: install it`);
  const said = output === '' ? 'it said nothing' : withoutPassword(output);
  const failed = `git could not ${what} (exit code ${String(code)})`;
  return new Complaint(failed, said, adviceOn(output, words));
};

const refuseOdd = ({ source }: Fetching): void => {
  for (const word of [source.url, source.revision ?? 'HEAD'])
    if (word.startsWith('-') || /[\s\0]/.test(word))
      throw new Error(`"${word}" is no repository or revision`);
};

const commandOf = ({ top }: Git, inside: boolean, more: readonly string[]): readonly string[] => [
  ...BOUNDED,
  ...(inside ? ['-C', top] : []),
  ...CAREFUL,
  ...more,
];

const ask = ({ env, fetching }: Git, command: readonly string[]): Promise<Answer> =>
  askTool(command, { env, signal: fetching.signal, cwd: fetching.folder, timeoutSeconds: ASK_SECONDS });

const run = ({ env, fetching }: Git, command: readonly string[]): Promise<Ended> =>
  runTool(command, { env, signal: fetching.signal, cwd: fetching.folder, timeoutSeconds: FETCH_SECONDS });

const must = async (git: Git, what: string, ...more: readonly string[]): Promise<void> => {
  const ended = await run(git, commandOf(git, true, more));
  if (ended.code !== 0) throw problem(git, what, ended);
};

/** The line of a tag that is an object of its own names the tag; the commit is behind `^{}`. */
const namesOf = (revision: string | undefined): readonly string[] =>
  revision === undefined
    ? ['HEAD']
    : [`refs/heads/${revision}`, `refs/tags/${revision}`, `refs/tags/${revision}^{}`];

interface Resolved {
  readonly commit: string;
  /** By which it can be asked for where single commits are not given. */
  readonly name: string | null;
}

/** What the repository has under these names: the first that it has. */
const lookedUp = async (git: Git, names: readonly string[]): Promise<Resolved | null> => {
  const { url } = git.fetching.source;
  const { code, stdout, ended } = await ask(git, commandOf(git, false, ['ls-remote', '--', url, ...names]));
  if (code !== 0) throw problem(git, `ask ${withoutPassword(url)} for its revisions`, ended);
  const found = new Map(stdout.split('\n').map((line) => line.split('\t').reverse() as [string, string]));
  const name = names.find((one) => found.has(one));
  if (name === undefined) return null;
  return { commit: found.get(`${name}^{}`) ?? found.get(name) ?? '', name };
};

const resolved = async (git: Git): Promise<Resolved> => {
  const { source, pinned } = git.fetching;
  const { url, revision } = source;
  const exact = pinned ?? revision ?? '';
  if (COMMIT.test(exact)) return { commit: exact, name: null };
  const found = await lookedUp(git, namesOf(revision));
  if (found !== null) return found;
  if (revision === undefined) throw new Error(`${withoutPassword(url)} is empty: push something to it`);
  const short = SHORT.test(revision) ? ' (the id of a commit has 40 digits)' : '';
  throw new Error(
    `${withoutPassword(url)} has no branch, tag or whole commit id "${revision}"${short}: push it, or change the source's revision`,
  );
};

const holds = async (git: Git, commit: string): Promise<boolean> =>
  (await run(git, commandOf(git, true, ['cat-file', '-e', `${commit}^{commit}`]))).code === 0;

/** By its id; where the server gives no single commits, by the name that stands for it; else everything. */
const fetchCommit = async (git: Git, { commit, name }: Resolved): Promise<void> => {
  const { url } = git.fetching.source;
  const shallow = ['fetch', '--quiet', '--no-tags', '--depth', '1', '--', url];
  if ((await run(git, commandOf(git, true, [...shallow, commit]))).code === 0) return;
  if (name !== null && (await run(git, commandOf(git, true, [...shallow, name]))).code === 0) {
    if (await holds(git, commit)) return;
  }
  await must(
    git,
    `fetch ${commit.slice(0, 12)} from ${withoutPassword(url)}`,
    ...['fetch', '--quiet', '--no-tags', '--', url, '+refs/*:refs/remotes/origin/*'],
  );
  if (await holds(git, commit)) return;
  throw new Error(
    `${withoutPassword(url)} has no commit "${commit}": push it, or change the source's revision`,
  );
};

/** Before anything is laid out: a repository can hold far more than it is large. */
const refuseLarge = async (git: Git, commit: string): Promise<void> => {
  const listed = await ask(
    git,
    commandOf(git, true, ['ls-tree', '-r', '-l', '--full-tree', '--format=%(objectsize)', commit]),
  );
  if (listed.code !== 0) return;
  const sizes = listed.stdout.split('\n').filter((line) => line !== '');
  const bytes = sizes.reduce((sum, size) => sum + (Number(size) || 0), 0);
  if (sizes.length > PACK_FILES || bytes > PACK_BYTES)
    throw new Error(
      `it holds ${String(sizes.length)} files with ${String(bytes)} bytes: expected at most ${String(PACK_FILES)} with ${String(PACK_BYTES)}`,
    );
};

const layOut = async (git: Git, commit: string): Promise<void> => {
  await refuseLarge(git, commit);
  await must(git, `check ${commit.slice(0, 12)} out`, 'checkout', '--quiet', '--force', '--detach', commit);
  if (!wantsSubmodules(git.fetching.source)) return;
  await must(
    git,
    'fetch its submodules',
    ...['submodule', '--quiet', 'update', '--init', '--recursive', '--depth', '1', '--jobs', '2'],
  );
};

export const git: Fetcher = async (fetching): Promise<Fetched> => {
  refuseOdd(fetching);
  const top = join(fetching.folder, 'repository');
  await mkdir(top);
  const work: Git = { fetching, env: await gitEnvironment(fetching), top };
  const found = await resolved(work);
  await must(work, 'begin a repository', 'init', '--quiet');
  await fetchCommit(work, found);
  await layOut(work, found.commit);
  return { revision: found.commit, top };
};
