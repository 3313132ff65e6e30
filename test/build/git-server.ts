/** A Git repository that is served over HTTP on loopback, by Git's own `http-backend`. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { putFiles, type Files } from './repository-files.js';

export interface GitServerOptions {
  /** Whoever asks has to show them, by basic auth. */
  readonly user?: string;
  readonly password?: string;
}

export interface GitServer {
  /** What `git clone` takes. */
  readonly url: string;
  /** The work tree behind it, for what only a file can show. */
  readonly folder: string;
  /** Writes the files into branch `main` and gives the commit. */
  commit(files: Files): Promise<string>;
  /** Git, in the work tree: tags, branches, submodules. */
  git(...words: readonly string[]): string;
  /** How often it was asked for anything. */
  asked(): number;
  /** How often code was fetched from it. */
  fetched(): number;
  /** From now on it does not answer, until told otherwise. */
  silence(silent: boolean): void;
  end(): Promise<void>;
}

const OWN = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
const IDENTITY = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'protocol.file.allow=always'];

const gitIn =
  (folder: string) =>
  (...words: readonly string[]): string =>
    execFileSync('git', [...IDENTITY, ...words], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...OWN },
    }).trim();

const header = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
};

/** What CGI tells of a request. */
const variablesOf = (request: IncomingMessage, top: string): NodeJS.ProcessEnv => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    ...process.env,
    ...OWN,
    GIT_PROJECT_ROOT: top,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: header(request, 'git-protocol'),
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: header(request, 'content-type'),
    CONTENT_LENGTH: header(request, 'content-length'),
    HTTP_CONTENT_ENCODING: header(request, 'content-encoding'),
    REMOTE_ADDR: '127.0.0.1',
  };
};

const HEAD_ENDS = '\r\n\r\n';

/** Headers first, as CGI writes them; then all the rest as it comes. */
const relay = (head: string, response: ServerResponse): void => {
  let status = 200;
  for (const line of head.split('\r\n')) {
    const [name = '', value = ''] = line.split(/:\s*/, 2);
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else if (name !== '') response.setHeader(name, value);
  }
  response.writeHead(status);
};

const backend = (request: IncomingMessage, response: ServerResponse, top: string): void => {
  const child = spawn('git', ['http-backend'], {
    env: variablesOf(request, top),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // a client that goes away, and a backend that does not read to the end, are no harm
  child.stdin.on('error', () => undefined);
  response.on('close', () => child.kill());
  request.pipe(child.stdin);
  let before: Buffer | null = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    if (before === null) {
      response.write(chunk);
      return;
    }
    before = Buffer.concat([before, chunk]);
    const at = before.indexOf(HEAD_ENDS);
    if (at < 0) return;
    relay(before.subarray(0, at).toString('latin1'), response);
    response.write(before.subarray(at + HEAD_ENDS.length));
    before = null;
  });
  child.on('close', () => response.end());
};

/** The last of what a client says that wants objects: `done` ends what it has. */
const isFetch = (chunk: Buffer): boolean => chunk.includes('command=fetch') && chunk.includes('0009done');

const isAllowed = (request: IncomingMessage, { user, password }: GitServerOptions): boolean => {
  if (user === undefined && password === undefined) return true;
  const wanted = Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64');
  return request.headers.authorization === `Basic ${wanted}`;
};

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** With a first commit of `files` on branch `main`. */
export const startGitServer = async (files: Files, options: GitServerOptions = {}): Promise<GitServer> => {
  const top = await mkdtemp(join(tmpdir(), 'scalarium-git-'));
  const folder = join(top, 'app');
  let asked = 0;
  let fetched = 0;
  let silent = false;
  const server = createServer((request, response) => {
    asked += 1;
    request.on('data', (chunk: Buffer) => {
      if (isFetch(chunk)) fetched += 1;
    });
    if (silent) return;
    if (isAllowed(request, options)) backend(request, response, top);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who are you?');
  });
  gitIn(top)('init', '-q', '-b', 'main', folder);
  const git = gitIn(folder);
  const commit = async (changed: Files): Promise<string> => {
    await putFiles(folder, changed);
    git('add', '-A');
    git('commit', '-q', '--allow-empty', '-m', 'x');
    return git('rev-parse', 'HEAD');
  };
  await commit(files);
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${String(port)}/app/.git`,
    folder,
    commit,
    git,
    asked: () => asked,
    fetched: () => fetched,
    silence: (wanted) => {
      silent = wanted;
    },
    end: async () => {
      server.closeAllConnections();
      server.close();
      await rm(top, { recursive: true, force: true });
    },
  };
};
