/** `scalarium login URL`: a token of one's own, and a kubeconfig that says where it is good. */
import * as E from 'fp-ts/lib/Either.js';
import { homedir } from 'node:os';
import type { Command } from 'commander';
import { kubeconfigFiles } from '../../client/connection.js';
import { requester, type Requester } from '../../client/http.js';
import { API_PATH } from '../../client/paths.js';
import { lineOf } from '../answers.js';
import { CliError, UsageError, type CliContext, type GlobalFlags } from '../context.js';
import { fileText } from '../file-text.js';
import { plain, shownBy } from '../login/authority.js';
import { changeKubeconfig, withLogin } from '../login/kubeconfig-file.js';
import type { Patience, Provider } from '../login/provider.js';
import { type PasswordFlags, givenPassword, takesPassword } from '../passwords.js';

interface LoginFlags extends GlobalFlags, PasswordFlags {
  readonly user?: string;
  readonly ca?: string;
  readonly fingerprint?: string;
  readonly tokenName?: string;
  readonly oidc?: boolean;
  readonly callbackPort?: string;
  readonly wait?: string;
}

/** What is shown for a token. */
type Shown = { readonly user: string; readonly password: string } | { readonly idToken: string };

interface Session {
  readonly user: string;
  readonly name: string;
  readonly token: string;
  readonly expiresAt?: string;
}

const urlOf = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ['https:', 'http:'].includes(url.protocol)) return url;
  throw new UsageError(`login: expected the URL of a control plane, as https://HOST:7420, got "${text}"`);
};

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const confirmed = async (context: CliContext, url: URL, fingerprint: string): Promise<boolean> => {
  const answer = await context.ask(
    `The certificate of ${url.origin} is signed by an authority that is not known here. Its SHA-256 fingerprint is\n  ${fingerprint}\nCompare it with what "scalarium up" printed there. Trust it? [y/N] `,
  );
  if (answer === null)
    throw new CliError(
      `the authority of ${url.origin} is not known here (its SHA-256 fingerprint is ${fingerprint}), and there is no terminal to ask at: give --fingerprint or --ca FILE`,
    );
  return /^y(es)?$/i.test(answer.trim());
};

/** PEM of whom to trust at this server; null: whom this machine trusts. Nothing secret has been sent yet. */
const authorityFor = async (context: CliContext, url: URL, flags: LoginFlags): Promise<string | null> => {
  if (url.protocol === 'http:') {
    if (LOOPBACK.test(url.hostname)) return null;
    throw new UsageError(
      `login: a password is never sent over http to another machine: use https://${url.host}`,
    );
  }
  if (flags.ca !== undefined) return fileText(flags.ca, '--ca');
  const shown = await shownBy(url, null);
  if (flags.fingerprint !== undefined) {
    if (plain(flags.fingerprint) === shown.fingerprint) return shown.authority;
    throw new CliError(
      `the authority of ${url.origin} has another fingerprint (${shown.fingerprint}) than --fingerprint says: this is another server than the one you mean, or its authority is new`,
    );
  }
  if (shown.trusted) return null;
  if (await confirmed(context, url, shown.fingerprint)) return shown.authority;
  throw new CliError('not logged in: the authority was not trusted');
};

const passwordFor = async (context: CliContext, user: string, flags: LoginFlags): Promise<string> => {
  const password =
    (await givenPassword(context, flags)) ?? (await context.askSecret(`Password of ${user}: `));
  if (password !== null) return password;
  throw new CliError('there is no terminal to ask at: give --password-file FILE (- for standard input)');
};

const userFor = async (context: CliContext, flags: LoginFlags): Promise<string> => {
  const user = flags.user ?? (await context.ask('User: '))?.trim() ?? '';
  if (user !== '') return user;
  throw new UsageError('login: who are you? Give --user NAME');
};

const byPassword = async (context: CliContext, flags: LoginFlags): Promise<Shown> => {
  const user = await userFor(context, flags);
  return { user, password: await passwordFor(context, user, flags) };
};

const wholeNumber = (option: string, text: string | undefined, fallback: number, most: number): number => {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new UsageError(`login: ${option}: expected a whole number up to ${String(most)}, got "${text}"`);
};

const patienceOf = (flags: LoginFlags): Patience => {
  if ([flags.user, flags.passwordFile, flags.passwordStdin].some((given) => given !== undefined))
    throw new UsageError(
      'login: with --oidc the provider says who you are: leave --user and the password out',
    );
  return {
    port: wholeNumber('--callback-port', flags.callbackPort, 0, 65_535),
    seconds: wholeNumber('--wait', flags.wait, 300, 3_600),
  };
};

const byProvider = async (
  context: CliContext,
  { server, request }: { readonly server: string; readonly request: Requester },
  patience: Patience,
): Promise<Shown> => {
  const ways = await request('GET', `${API_PATH}/login`);
  if (E.isLeft(ways)) throw new CliError(lineOf(ways.left), { cause: ways.left });
  const { oidc = null } = ways.right.json as { readonly oidc?: Provider | null };
  if (oidc === null)
    throw new CliError(
      `${server} knows no OpenID Connect provider (it would be started with --oidc-issuer and --oidc-client-id): log in with a password, without --oidc`,
    );
  // loaded only here: it costs a start-up
  const { idTokenFrom } = await import('../login/provider.js');
  return { idToken: await idTokenFrom(context, oidc, patience) };
};

const sessionFor = async (
  context: CliContext,
  flags: LoginFlags,
  { server, ca }: { readonly server: string; readonly ca: string | null },
): Promise<Session> => {
  const request = requester({ url: server, token: '', ...(ca === null ? {} : { ca }) });
  const shown = await (flags.oidc === true
    ? byProvider(context, { server, request }, patienceOf(flags))
    : byPassword(context, flags));
  const tokenName = flags.tokenName === undefined ? {} : { tokenName: flags.tokenName };
  const answer = await request('POST', `${API_PATH}/login`, { body: { ...shown, ...tokenName } });
  if (E.isLeft(answer)) throw new CliError(lineOf(answer.left), { cause: answer.left });
  return answer.right.json as Session;
};

const run = async (context: CliContext, text: string, flags: LoginFlags): Promise<void> => {
  const url = urlOf(text);
  const server = url.origin;
  const ca = await authorityFor(context, url, flags);
  const session = await sessionFor(context, flags, { server, ca });
  const [file = ''] = kubeconfigFiles(flags, context.env, context.env['HOME'] ?? homedir());
  const name = flags.context ?? `scalarium-${url.hostname.replace(/^\[(.*)\]$/, '$1')}`;
  const entry = { name, url: server, ca, token: session.token, user: session.user, tokenName: session.name };
  changeKubeconfig(file, (before) => withLogin(file, before, entry));
  const until = session.expiresAt === undefined ? '' : `, until ${session.expiresAt}`;
  context.out(`logged in at ${server} as ${session.user}${until}; context ${name} of ${file} is current\n`);
};

export const register = (program: Command, context: CliContext): void => {
  const login = program
    .command('login <url>')
    .description('log in at a control plane, and note it in the kubeconfig')
    .option('--user <name>', 'who you are; asked for when it is not given');
  takesPassword(login)
    .option('--ca <file>', 'whom to trust there (PEM)')
    .option('--fingerprint <sha256>', 'of the authority to trust there, as "scalarium up" prints it')
    .option('--token-name <name>', 'what the new token is to be called')
    .option('--oidc', 'log in at the OpenID Connect provider that the control plane names, in a browser')
    .option('--callback-port <port>', 'of this machine, where the provider sends the browser; default: any')
    .option('--wait <seconds>', 'how long the browser is waited for; default: 300')
    .action(async (url: string, _flags: unknown, command: Command) => {
      await run(context, url, command.optsWithGlobals<LoginFlags>());
    });
};
