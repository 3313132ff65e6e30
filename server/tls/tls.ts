/** The front of a control plane: what it shows to clients of TLS, and what they call it. */
import { orThrow } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { type AuthoritySources, ensureAuthority } from './authority.js';
import { type GivenFiles, openGivenIdentity } from './given.js';
import type { TlsIdentity } from './identity.js';
import { isLoopback } from './loopback.js';
import { reachable, serverNames } from './names.js';
import { openOwnIdentity } from './own.js';

export interface FrontSettings {
  /** The address listened on. */
  readonly host: string;
  /** What agents, other gateways and kubeconfigs call this one; none: the address listened on, and its port. */
  readonly advertise?: { readonly host: string; readonly port: number | null } | null;
  /** Where its certificates are kept, and those it was given; none: plain HTTP, on loopback only. */
  readonly tls?: { readonly folder: string; readonly given: GivenFiles | null } | null;
}

export interface Front {
  readonly identity: TlsIdentity | null;
  /** PEM of what clients must trust; null: no TLS, or an issuer that everybody trusts. */
  readonly authority: string | null;
  /** For clients anywhere: https, unless no TLS is spoken. */
  readonly advertised: (port: number) => string;
  /** For agents and other gateways: plain HTTP where nobody else can come, which spares thousands of agents TLS. */
  readonly gateway: (server: { readonly url: string; readonly port: number }) => string;
  readonly close: () => void;
}

const openIdentity = async (
  { host, tls }: FrontSettings,
  advertised: string,
  sources: AuthoritySources & { readonly log: Log },
): Promise<TlsIdentity | null> => {
  if (tls === undefined || tls === null) return null;
  if (tls.given !== null) return openGivenIdentity(tls.given, sources.clock, sources.log);
  const authority = await orThrow(ensureAuthority(sources));
  const names = (): readonly string[] => serverNames(host, [advertised]);
  return openOwnIdentity({ ...sources, authority, folder: tls.folder, names });
};

/** Rejects with one line for a person when given files are of no use. */
export const openFront = async (
  settings: FrontSettings,
  sources: AuthoritySources & { readonly log: Log },
): Promise<Front> => {
  const name = settings.advertise?.host ?? reachable(settings.host);
  const identity = await openIdentity(settings, name, sources);
  const scheme = identity === null ? 'http' : 'https';
  const shown = name.includes(':') ? `[${name}]` : name;
  const advertised = (port: number): string =>
    `${scheme}://${shown}:${String(settings.advertise?.port ?? port)}`;
  const within = (settings.advertise ?? null) === null && isLoopback(settings.host);
  return {
    identity,
    authority: identity?.authority ?? null,
    advertised,
    gateway: ({ url, port }) => (within ? url : advertised(port)),
    close: () => identity?.close(),
  };
};
