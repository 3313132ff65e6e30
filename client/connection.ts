/**
 * Where the control plane is, and the token for it. In this order: `--server`; `--kubeconfig` or `--context`;
 * `SCALARIUM_SERVER`; what a running one left in its data directory; KUBECONFIG or ~/.kube/config. A token goes only to
 * the server it was given for: one from a file is used with the server of that file.
 */
import * as E from 'fp-ts/lib/Either.js';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from './http.js';
import { contextOf, type Kubeconfig, type ReadFile, readKubeconfig } from './kubeconfig.js';

export interface ConnectionFlags {
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly data?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** The machine, as far as it says where control planes are. */
export interface Surroundings {
  readonly readFile: ReadFile;
  readonly home: string;
  /** Called as `kubectl scalarium`: what kubectl talks to comes before what is in the working directory. */
  readonly plugin: boolean;
}

export const readFile: ReadFile = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const HERE: Surroundings = { readFile, home: homedir(), plugin: false };

type Found = E.Either<string, Endpoint>;

const urlIn = (text: string | null): string | null => {
  try {
    const value = JSON.parse(text ?? 'null') as { readonly url?: unknown } | null;
    return typeof value?.url === 'string' ? value.url : null;
  } catch {
    return null;
  }
};

const isUrl = (text: string): boolean => {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
};

const NOT_RUNNING = (data: string): string =>
  `no control plane is running with the data directory ${data}: start it with "npm start" or "scalarium up", or name another with --data, --context or --server`;

const NO_TOKEN = (url: string): string =>
  `no token for ${url}: log in with "scalarium login ${url}", give one with --token or SCALARIUM_TOKEN, or name its data directory with --data`;

const given = (text: string | null | undefined): string | null =>
  text === undefined || text === null || text === '' ? null : text;

/** The kubeconfig files that are meant: those of KUBECONFIG, or the one in the home directory. */
export const kubeconfigFiles = (flags: ConnectionFlags, env: Env, home: string): readonly string[] => {
  const named = given(flags.kubeconfig);
  if (named !== null) return [named];
  const listed = (env['KUBECONFIG'] ?? '').split(':').filter((file) => file !== '');
  return listed.length > 0 ? listed : [join(home, '.kube', 'config')];
};

class Search {
  private readonly data: string;
  private readonly token: string | null;

  constructor(
    private readonly flags: ConnectionFlags,
    private readonly env: Env,
    private readonly around: Surroundings,
  ) {
    this.data = given(flags.data) ?? given(env['SCALARIUM_DATA']) ?? '.scalarium';
    this.token = given(flags.token);
  }

  found(): Found {
    const { flags, env } = this;
    const server = given(flags.server);
    if (server !== null) return this.at(server, '--server', this.envTokenFor(server));
    if (given(flags.kubeconfig) !== null || given(flags.context) !== null) return this.chosen();
    const named = given(env['SCALARIUM_SERVER']);
    if (named !== null) return this.at(named, 'SCALARIUM_SERVER', given(env['SCALARIUM_TOKEN']));
    return this.lookedFor();
  }

  /** What is lying around, by habit. */
  private lookedFor(): Found {
    const explicit = given(this.flags.data) ?? given(this.env['SCALARIUM_DATA']);
    const beside = explicit !== null || !this.around.plugin ? this.inData() : null;
    if (beside !== null) return beside;
    if (explicit !== null) return E.left(NOT_RUNNING(this.data));
    return this.current() ?? this.inData() ?? E.left(NOT_RUNNING(this.data));
  }

  /** A token in the environment goes with the server there; without one there, with any that is named. */
  private envTokenFor(url: string): string | null {
    const server = given(this.env['SCALARIUM_SERVER']);
    return server === null || sameServer(server, url) ? given(this.env['SCALARIUM_TOKEN']) : null;
  }

  private at(url: string, option: string, envToken: string | null): Found {
    if (!isUrl(url)) return E.left(`${option}: expected an http or https URL, got "${url}"`);
    const clean = url.replace(/\/+$/, '');
    const known = this.knownFor(clean);
    const token = this.token ?? envToken ?? known?.token ?? null;
    if (token === null) return E.left(NO_TOKEN(clean));
    return E.right({ url: clean, token, ...(known?.ca === undefined ? {} : { ca: known.ca }) });
  }

  /** Token and authority that some file holds for this very server. */
  private knownFor(url: string): Endpoint | null {
    const beside = this.inData();
    // --data beside --server says that its token is meant
    const paired = given(this.flags.data) !== null && this.flags.data !== this.env['SCALARIUM_DATA'];
    if (beside !== null && E.isRight(beside) && (paired || sameServer(beside.right.url, url)))
      return beside.right;
    const config = this.kubeconfig();
    if (E.isLeft(config)) return null;
    for (const { name } of config.right.contexts) {
      const context = contextOf(config.right, name, this.around.readFile);
      if (E.isRight(context) && context.right.endpoint.url === url) return context.right.endpoint;
    }
    return null;
  }

  /** A data directory with a control plane's notes in it; null: there are none. */
  private inData(): Found | null {
    const read = (file: string): string | null => this.around.readFile(join(this.data, file));
    const url = urlIn(read('endpoint.json'))?.replace(/\/+$/, '') ?? null;
    if (url === null) return null;
    const token = this.token ?? given(this.env['SCALARIUM_TOKEN']) ?? given(read('token')?.trim());
    if (token === null) return E.left(NO_TOKEN(url));
    const ca = read('tls/ca.crt');
    return E.right({ url, token, ...(ca === null ? {} : { ca }) });
  }

  private kubeconfig(): E.Either<string, Kubeconfig> {
    const files = kubeconfigFiles(this.flags, this.env, this.around.home);
    return readKubeconfig(files, this.around.readFile);
  }

  /** The context that a person named, or the current one of a file that they named. */
  private chosen(): Found {
    const config = this.kubeconfig();
    if (E.isLeft(config)) return config;
    const name = given(this.flags.context) ?? config.right.current;
    if (name === null)
      return E.left('--kubeconfig: the file names no current context: name one with --context');
    const context = contextOf(config.right, name, this.around.readFile);
    return E.map(({ endpoint }: { readonly endpoint: Endpoint }) => this.withToken(endpoint))(context);
  }

  private withToken(endpoint: Endpoint): Endpoint {
    return this.token === null ? endpoint : { ...endpoint, token: this.token };
  }

  /** The current context, when it is of a Scalarium control plane; null: there is no such file or context. */
  private current(): Found | null {
    const config = this.kubeconfig();
    if (E.isLeft(config)) return config;
    const name = config.right.current;
    if (name === null) return null;
    const context = contextOf(config.right, name, this.around.readFile);
    if (E.isRight(context) && context.right.ours) return E.right(this.withToken(context.right.endpoint));
    if (E.isLeft(context) && name.startsWith('scalarium')) return context;
    return E.left(
      `the current context "${name}" of the kubeconfig is not known to be a Scalarium control plane, so its token is not sent there: say --context ${name} if it is one, or name another`,
    );
  }
}

/** One host and port; a data directory names its plain door, which is the TLS one too. */
const sameServer = (known: string, asked: string): boolean => {
  if (!isUrl(known) || !isUrl(asked)) return false;
  const [left, right] = [new URL(known), new URL(asked)];
  // what was given for https is never sent in the clear
  if (left.protocol === 'https:' && right.protocol === 'http:') return false;
  return left.host === right.host;
};

/** The endpoint, or one line that says what to do. */
export const findEndpoint = (flags: ConnectionFlags, env: Env, around: Partial<Surroundings> = {}): Found =>
  new Search(flags, env, { ...HERE, ...around }).found();
