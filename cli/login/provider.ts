/**
 * Logging in at an OpenID Connect provider (authorization code with PKCE): a person's browser goes there and comes back to
 * a port of this machine that is open only meanwhile.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type Configuration,
  discovery,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
} from 'openid-client';
import { CliError, type CliContext } from '../context.js';

/** As a control plane names it. */
export interface Provider {
  readonly issuer: string;
  readonly clientId: string;
}

export interface Patience {
  /** Where the browser comes back to; 0: any free port. */
  readonly port: number;
  readonly seconds: number;
}

const CALLBACK = '/callback';
const SCOPES = ['profile', 'email', 'groups'];
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const ANSWER_WITHIN_SECONDS = 15;

/** What went wrong underneath: `fetch failed` alone helps nobody. */
const deepest = (error: unknown): string => {
  let at = error as Error;
  while (at.cause instanceof Error) at = at.cause;
  return at.message === '' ? ((at as NodeJS.ErrnoException).code ?? at.name) : at.message;
};

const discovered = async ({ issuer, clientId }: Provider): Promise<Configuration> => {
  const url = new URL(issuer);
  const plain = url.protocol === 'http:' && LOOPBACK.test(url.hostname);
  if (url.protocol !== 'https:' && !plain)
    throw new CliError(`the control plane names a provider that is not https: ${issuer}`);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so as a warning; only for loopback
  const more = plain ? { execute: [allowInsecureRequests] } : {};
  try {
    return await discovery(url, clientId, undefined, None(), { timeout: ANSWER_WITHIN_SECONDS, ...more });
  } catch (error) {
    throw new CliError(
      `the OpenID Connect provider ${issuer} cannot be asked: ${deepest(error)} (an authority that only you know can be named by NODE_EXTRA_CA_CERTS)`,
      { cause: error },
    );
  }
};

interface Return {
  readonly url: string;
  /** The address that the browser came back with. */
  readonly arrived: Promise<URL>;
  close(): void;
}

const PAGE = 'Scalarium has your answer: go back to the terminal. This window can be closed.\n';

const listening = (server: Server, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new CliError(`--callback-port ${String(port)}: ${error.message}`, { cause: error }));
    });
    server.listen(port, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}${CALLBACK}`);
    });
  });

/** Takes the one answer that knows `state`: any page in the browser can send others here. */
const openReturn = async (state: string, port: number): Promise<Return> => {
  let arrive: (url: URL) => void = () => undefined;
  const arrived = new Promise<URL>((resolve) => (arrive = resolve));
  const server = createServer((request, response) => {
    const sent = new URL(request.url ?? '/', url);
    const ours = sent.pathname === CALLBACK && sent.searchParams.get('state') === state;
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
    response.writeHead(ours ? 200 : 400, { ...headers, connection: 'close' });
    // also when the browser did not wait for the page
    response.once('close', () => {
      if (ours) arrive(sent);
    });
    response.end(ours ? PAGE : 'This is not the answer of the login that is under way.\n');
  });
  const url = await listening(server, port);
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url, arrived, close };
};

/** Everything asked for, of what the provider has: some refuse a whole login for a scope they do not know. */
const scopesOf = (config: Configuration): string => {
  const known = config.serverMetadata().scopes_supported ?? ['profile', 'email'];
  return ['openid', ...SCOPES.filter((scope) => known.includes(scope))].join(' ');
};

const come = async (context: CliContext, { arrived }: Return, seconds: number): Promise<URL> => {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, context.interrupted]);
  const late = context.pause(seconds * 1000, signal).then(() => null);
  const url = await Promise.race([arrived, late]);
  over.abort();
  if (url !== null) return url;
  const why = context.interrupted.aborted
    ? 'interrupted'
    : `the browser did not come back within ${String(seconds)} s (--wait)`;
  throw new CliError(`not logged in: ${why}`);
};

/** What the provider or the library said, and never what was sent. */
const refusal = (error: unknown): string =>
  error instanceof AuthorizationResponseError || error instanceof ResponseBodyError
    ? `${error.error}${error.error_description === undefined ? '' : `: ${error.error_description}`}`
    : deepest(error);

const tellWhere = (context: CliContext, url: URL, port: string): void => {
  context.err(
    `Open this address in a browser on this machine and log in there (from elsewhere, forward the port first: ssh -L ${port}:127.0.0.1:${port} …):\n\n  ${url.href}\n\n`,
  );
};

/** An ID token for who logs in at the provider; says on stderr where to go. */
export const idTokenFrom = async (
  context: CliContext,
  provider: Provider,
  { port, seconds }: Patience,
): Promise<string> => {
  const config = await discovered(provider);
  const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
  const back = await openReturn(state, port);
  try {
    const url = buildAuthorizationUrl(config, {
      redirect_uri: back.url,
      scope: scopesOf(config),
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    tellWhere(context, url, new URL(back.url).port);
    const arrived = await come(context, back, seconds);
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier };
    const tokens = await authorizationCodeGrant(config, arrived, { ...checks, idTokenExpected: true });
    return tokens.id_token ?? '';
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`not logged in: ${provider.issuer} said ${refusal(error)}`, { cause: error });
  } finally {
    back.close();
  }
};
