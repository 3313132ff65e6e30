/** What a server certificate is good for, and where this machine can be reached. */
import { hostname, networkInterfaces } from 'node:os';

const ANY = ['0.0.0.0', '::'];

/** Of addresses that mean "all of this machine's", the first that others can use; else the address itself. */
export const reachable = (host: string): string => (ANY.includes(host) ? (external()[0] ?? host) : host);

const external = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0)
    .sort((left, right) => left.family.localeCompare(right.family))
    .map(({ address }) => address);

/** Every name and address that clients may call this server by. */
export const serverNames = (listen: string, advertised: readonly string[]): readonly string[] => {
  const own = ANY.includes(listen) ? external() : [listen];
  return [...new Set(['127.0.0.1', '::1', 'localhost', hostname(), ...own, ...advertised])];
};
