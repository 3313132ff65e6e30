/** A real OpenID Connect provider on loopback, and the part of a person with a browser. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { calculatePKCECodeChallenge, randomPKCECodeVerifier } from 'openid-client';
import { freePort } from './free-port.js';

export const CLIENT = 'scalarium';

/** What it says of a person, besides who they are. */
export type Claims = Readonly<Record<string, unknown>>;

export interface TestProvider {
  readonly issuer: string;
  /** Opens the URL of a login, says who it is and consents; gives the URL it is sent back to, unvisited. */
  readonly consent: (url: string, login: string) => Promise<URL>;
  /** The same, and visits it; gives what the page there says. */
  readonly browse: (url: string, login: string) => Promise<string>;
  /** An ID token, as another program of this client gets it. */
  readonly idToken: (login: string) => Promise<string>;
  /** Answers nobody any more, until `back`. */
  readonly away: () => Promise<void>;
  readonly back: () => Promise<void>;
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve();
    });
  });

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });

const configuration = async (people: Readonly<Record<string, Claims>>): Promise<object> => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const scopes = {
    profile: ['name', 'preferred_username'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  };
  return {
    clients: [
      {
        client_id: CLIENT,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        // a native application may come back at any port of the machine it runs on
        redirect_uris: ['http://127.0.0.1/callback'],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { openid: ['sub'], ...scopes },
    conformIdTokenClaims: false,
    cookies: { keys: ['a test'] },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'one', use: 'sig', alg: 'RS256' }] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...people[id] }),
    }),
    ttl: { Interaction: 600, Session: 600, Grant: 600, IdToken: 600, AccessToken: 600 },
  };
};

/** Follows redirects with the cookies of one browser, until one leads elsewhere. */
class Browser {
  private readonly cookies = new Map<string, string>();

  constructor(private readonly issuer: string) {}

  async go(url: string, form?: Readonly<Record<string, string>>): Promise<URL> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const body = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) };
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie }, ...body });
    await answer.arrayBuffer();
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null && answer.status !== 200)
      throw new Error(`${url} answered ${String(answer.status)}`);
    if (location === null) return new URL(url);
    const next = new URL(location, url);
    return next.origin === this.issuer ? this.go(next.href) : next;
  }
}

const consenting =
  (issuer: string) =>
  async (url: string, login: string): Promise<URL> => {
    const browser = new Browser(issuer);
    const form = await browser.go(url);
    const asked = await browser.go(form.href, { prompt: 'login', login, password: 'any' });
    return asked.origin === issuer ? browser.go(asked.href, { prompt: 'consent' }) : asked;
  };

const idTokenOf = async (issuer: string, login: string): Promise<string> => {
  const verifier = randomPKCECodeVerifier();
  const shared = { client_id: CLIENT, redirect_uri: 'http://127.0.0.1:9/callback' };
  const query = new URLSearchParams({
    ...shared,
    response_type: 'code',
    scope: 'openid profile email groups',
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const back = await consenting(issuer)(`${issuer}/auth?${query.toString()}`, login);
  const code = back.searchParams.get('code') ?? '';
  const sent = { ...shared, grant_type: 'authorization_code', code, code_verifier: verifier };
  const answer = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(sent) });
  const { id_token: token } = (await answer.json()) as { readonly id_token?: string };
  if (token === undefined) throw new Error(`the provider gave ${login} no ID token`);
  return token;
};

/** Says on each of its lines that it is for tests and wants a newer Node. */
const quietly = async <A>(make: () => Promise<A>): Promise<A> => {
  const { warn, info } = console;
  Object.assign(console, { warn: () => undefined, info: () => undefined });
  try {
    return await make();
  } finally {
    Object.assign(console, { warn, info });
  }
};

/** Starts one that knows these people, by the name they log in with. */
export const testProvider = async (people: Readonly<Record<string, Claims>>): Promise<TestProvider> => {
  let handler: RequestListener = () => undefined;
  const serve = (): Server =>
    createServer((request, response) => {
      handler(request, response);
    });
  let server = serve();
  const port = await freePort();
  await listen(server, port);
  const issuer = `http://127.0.0.1:${String(port)}`;
  await quietly(async () => {
    const { Provider } = await import('oidc-provider');
    const answer = new Provider(issuer, await configuration(people)).callback();
    handler = (request, response) => void answer(request, response);
  });
  const consent = consenting(issuer);
  return {
    issuer,
    consent,
    browse: async (url, login) => (await fetch(await consent(url, login))).text(),
    idToken: (login) => idTokenOf(issuer, login),
    away: () => closed(server),
    back: async () => {
      server = serve();
      await listen(server, port);
    },
  };
};
