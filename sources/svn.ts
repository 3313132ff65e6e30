/** Exports one revision of a repository of Subversion. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ended } from '../recipes/command.js';
import { askTool, runTool, type Answer } from '../recipes/tools.js';
import { Complaint } from './complaint.js';
import { sshCommand, surroundings, writeKey } from './access.js';
import { textIn, textNamed, withoutPassword, type Fetched, type Fetcher, type Fetching } from './source.js';
import type { Words } from './words.js';

const ASK_SECONDS = 60;
const EXPORT_SECONDS = 900;

/** No file that is exported may be larger than 1 GiB. */
const BOUNDED = ['sh', '-c', 'ulimit -f 2097152; exec "$@"', 'sh', 'svn'];
/** Nothing is remembered, and nobody is asked. */
const CAREFUL = ['--non-interactive', '--no-auth-cache'];

/** A server that says nothing for a minute is left. */
const SERVERS = `[global]
http-timeout = 60
store-passwords = no
store-auth-creds = no
`;

interface Svn {
  readonly fetching: Fetching;
  readonly env: Readonly<Record<string, string>>;
  readonly config: string;
  readonly user: string | null;
  readonly password: string | null;
}

/** What to do about what svn says. */
const ADVICE: readonly (readonly [RegExp, (words: Words) => string])[] = [
  [
    /Can't get (username|password)|Authentication (failed|error)|Authorization failed|[Aa]ccess .*forbidden|E170001|E215004|Permission denied/,
    () =>
      'it wants to know who asks: name a Secret in the source that holds user and password (svn+ssh: sshKey)',
  ],
  [
    /Connection (refused|timed out|reset)|Name or service not known|Unknown hostname|[Tt]imed out|unreachable|Connection closed/,
    ({ fetcher }) => `it does not answer: check url, and that ${fetcher} can reach it`,
  ],
  [/No such revision|E160006/, () => "it has no such revision: change the source's revision"],
  [
    /Host key verification failed/,
    ({ knownHosts }) =>
      `the host has another key than it had: if that is right, remove its line from ${knownHosts}`,
  ],
  [/certificate/, ({ fetcher }) => `check url, or ${fetcher}'s authorities (SSL_CERT_FILE)`],
  [/non-existent|No repository found|not found|E170000|E160013/, () => 'check url'],
];

const adviceOn = (output: string, words: Words): string =>
  ADVICE.find(([pattern]) => pattern.test(output))?.[1](words) ?? 'check url and revision';

/** Of the shell that sets the bound: there is no such program. */
const NO_PROGRAM = 127;

const problem = ({ fetching }: Svn, what: string, { code, output }: Ended): Error => {
  const { words } = fetching;
  if (code === NO_PROGRAM)
    return new Error(`there is no svn on ${words.machine}: install it (the package "subversion")`);
  const said = output === '' ? 'it said nothing' : withoutPassword(output);
  const failed = `svn could not ${what} (exit code ${String(code)})`;
  return new Complaint(failed, said, adviceOn(output, words));
};

const REMOTE = /^(https?|svn|svn\+ssh):\/\/[^\s\0]+$/;
const LOCAL = /^file:\/\/[^\s\0]+$/;

const refuseOdd = ({ source, local, words }: Fetching): void => {
  const { url, revision } = source;
  if (!REMOTE.test(url) && !(local && LOCAL.test(url)))
    throw new Error(
      `expected an https, http, svn or svn+ssh address, got "${withoutPassword(url)}"; ${words.localSources}`,
    );
  if (revision !== undefined && revision !== 'HEAD' && !/^\d{1,10}$/.test(revision))
    throw new Error(
      `"${revision}" is no revision of svn: expected a number; branches and tags are folders of the repository, and part of url`,
    );
};

const opened = async (fetching: Fetching): Promise<Svn> => {
  const { folder, texts, source } = fetching;
  const config = join(folder, 'config');
  await mkdir(config, { mode: 0o700 });
  await writeFile(join(config, 'servers'), SERVERS, { mode: 0o600 });
  const key = await writeKey(fetching);
  const named = texts !== null && key === null;
  return {
    fetching,
    config,
    env: { ...surroundings(), HOME: folder, TZ: 'UTC', SVN_SSH: sshCommand(fetching, key) },
    user: named ? textNamed(texts, ['user'], source) : textIn(texts, 'user'),
    password: named ? textNamed(texts, ['password', 'token'], source) : textIn(texts, 'password'),
  };
};

/** The password goes through standard input: arguments are for everybody on the machine to read. */
const commandOf = ({ config, user, password }: Svn, words: readonly string[]): readonly string[] => [
  ...BOUNDED,
  ...words.slice(0, 1),
  ...CAREFUL,
  '--config-dir',
  config,
  ...(user === null ? [] : ['--username', user]),
  ...(password === null ? [] : ['--password-from-stdin']),
  ...words.slice(1),
];

const optionsOf = ({ env, password, fetching }: Svn, timeoutSeconds: number) => ({
  env,
  timeoutSeconds,
  signal: fetching.signal,
  cwd: fetching.folder,
  ...(password === null ? {} : { input: `${password}\n` }),
});

const ask = (svn: Svn, ...words: readonly string[]): Promise<Answer> =>
  askTool(commandOf(svn, words), optionsOf(svn, ASK_SECONDS));

/** What is behind the last @ is the revision at which the address is looked up. */
const at = ({ fetching }: Svn, revision: string): string => `${fetching.source.url}@${revision}`;

/** Of the newest: when something below the address was changed last, which stays when others are. */
const resolved = async (svn: Svn): Promise<string> => {
  const { source, pinned } = svn.fetching;
  const asked = pinned ?? source.revision ?? 'HEAD';
  const info = ['info', '--show-item', 'last-changed-revision', '-r', asked, at(svn, asked)];
  const { code, stdout, ended } = await ask(svn, ...info);
  const found = stdout.trim();
  if (code === 0 && /^\d+$/.test(found)) return asked === 'HEAD' ? found : asked;
  throw problem(svn, `ask ${withoutPassword(source.url)} for revision ${asked}`, ended);
};

/** Externals may lead anywhere, so they stay where they are. */
const EXPORT = ['export', '--quiet', '--force', '--ignore-externals'];

const exported = async (svn: Svn, revision: string): Promise<string> => {
  const top = join(svn.fetching.folder, 'content');
  const words = [...EXPORT, '-r', revision, at(svn, revision), `${top}@`];
  const ended = await runTool(commandOf(svn, words), optionsOf(svn, EXPORT_SECONDS));
  if (ended.code === 0) return top;
  throw problem(svn, `export revision ${revision} of ${withoutPassword(svn.fetching.source.url)}`, ended);
};

export const svn: Fetcher = async (fetching): Promise<Fetched> => {
  refuseOdd(fetching);
  const work = await opened(fetching);
  const revision = await resolved(work);
  return { revision, top: await exported(work, revision) };
};
