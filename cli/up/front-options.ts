/** What `scalarium up` is told of its front: where it listens, what it is called, TLS, and who else logs people in. */
import { isIP } from 'node:net';
import type { GivenFiles } from '../../server/tls/given.js';
import { isLoopback } from '../../server/tls/loopback.js';
import { fileText } from '../file-text.js';

export interface Advertised {
  readonly host: string;
  /** Null: the one listened on. */
  readonly port: number | null;
}

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly usernameClaim?: string;
  readonly groupsClaim?: string;
  /** PEM. */
  readonly ca?: string;
}

export interface FrontOptions {
  readonly listen: string;
  readonly advertise: Advertised | null;
  /** False: plain HTTP only, on loopback. */
  readonly tls: boolean;
  readonly given: GivenFiles | null;
  readonly oidc: OidcOptions | null;
}

export interface RawFrontOptions {
  readonly listen?: string;
  readonly advertise?: string;
  /** Commander's name for --no-tls. */
  readonly tls?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly oidcIssuer?: string;
  readonly oidcClientId?: string;
  readonly oidcUsernameClaim?: string;
  readonly oidcGroupsClaim?: string;
  readonly oidcCa?: string;
}

const HOST_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/i;

const isHost = (text: string): boolean => isIP(text) !== 0 || HOST_NAME.test(text);

const wrong = (option: string, expected: string, got: string): Error =>
  new Error(`${option}: expected ${expected}, got "${got}"`);

const parseListen = (text: string): string => {
  const host = text.replace(/^\[(.*)\]$/, '$1');
  if (isHost(host)) return host;
  throw wrong('--listen', 'an address or a name of this machine (the port is --port)', text);
};

const FORM = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/;

const splitAdvertised = (text: string): Advertised => {
  if (isIP(text) === 6) return { host: text, port: null };
  const [, bracketed, bare, port] = FORM.exec(text) ?? [];
  return { host: bracketed ?? bare ?? '', port: port === undefined ? null : Number(port) };
};

const parseAdvertise = (text: string | undefined): Advertised | null => {
  if (text === undefined) return null;
  const advertised = splitAdvertised(text);
  const { host, port } = advertised;
  const inRange = port === null || (port > 0 && port < 65_536);
  if (isHost(host) && inRange && !['0.0.0.0', '::'].includes(host)) return advertised;
  throw wrong('--advertise', 'HOST or HOST:PORT that agents and people can reach', text);
};

const parseGiven = (raw: RawFrontOptions): GivenFiles | null => {
  const { tlsCert: cert, tlsKey: key, tlsCa: ca } = raw;
  if ([cert, key, ca].every((file) => file === undefined)) return null;
  if (cert !== undefined && key !== undefined) return { cert, key, ca: ca ?? null };
  const missing = cert === undefined ? '--tls-cert' : '--tls-key';
  throw new Error(
    `${missing} is missing: a certificate is given by --tls-cert FILE and --tls-key FILE together; with neither, the control plane makes its own`,
  );
};

/** Throws where TLS is left out and somebody could listen. */
const parseTls = (raw: RawFrontOptions, listen: string): boolean => {
  if (raw.tls !== false) return true;
  if (!isLoopback(listen))
    throw new Error(
      `--no-tls with --listen ${listen} is refused: tokens and secrets would cross the network in the clear; leave --no-tls out (the control plane makes its own certificates), or listen on 127.0.0.1`,
    );
  if (raw.tlsCert !== undefined || raw.tlsKey !== undefined)
    throw new Error('--no-tls and --tls-cert exclude each other: leave one of them out');
  return false;
};

/** What was given of the rest, under its own name. */
const claimsOf = (raw: RawFrontOptions): Omit<OidcOptions, 'issuer' | 'clientId'> => ({
  ...(raw.oidcUsernameClaim === undefined ? {} : { usernameClaim: raw.oidcUsernameClaim }),
  ...(raw.oidcGroupsClaim === undefined ? {} : { groupsClaim: raw.oidcGroupsClaim }),
  ...(raw.oidcCa === undefined ? {} : { ca: fileText(raw.oidcCa, '--oidc-ca') }),
});

const parseOidc = (raw: RawFrontOptions): OidcOptions | null => {
  const { oidcIssuer: issuer, oidcClientId: clientId } = raw;
  if (issuer === undefined && clientId === undefined) return null;
  if (issuer === undefined || clientId === undefined)
    throw new Error('--oidc-issuer URL and --oidc-client-id ID belong together: one of them is missing');
  if (!/^https?:\/\/[^\s]+$/.test(issuer)) throw wrong('--oidc-issuer', 'an https URL', issuer);
  return { issuer, clientId, ...claimsOf(raw) };
};

/** Throws an Error with one line for a person when an option is not of its form, or would be unsafe. */
export const parseFront = (raw: RawFrontOptions): FrontOptions => {
  const listen = parseListen(raw.listen ?? '127.0.0.1');
  const tls = parseTls(raw, listen);
  return {
    listen,
    advertise: parseAdvertise(raw.advertise),
    tls,
    given: parseGiven(raw),
    oidc: parseOidc(raw),
  };
};
