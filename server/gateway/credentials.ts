/** Who asks: agents by their own credential, peers by the installation's. */
import type { IncomingMessage } from 'node:http';
import { MACHINE_HEADER } from '../../api-types/agent-protocol.js';
import { machineCredential, sameToken } from '../../runtime/tokens.js';
import type { Place, Places } from './places.js';

/** The token of `Authorization: Bearer …`, or empty. */
export const bearer = ({ headers }: IncomingMessage): string =>
  /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? '';

export type Asker =
  | { readonly _tag: 'Host'; readonly machine: string; readonly place: Place }
  /** No record names the machine: whether it has a credential cannot be said. */
  | { readonly _tag: 'Unknown'; readonly machine: string }
  | { readonly _tag: 'Stranger'; readonly machine: string };

/** Says who an agent's request is from; wrong and missing credentials take the same time. */
export const askerOf = (request: IncomingMessage, key: Buffer, places: Places): Asker => {
  const machine = String(request.headers[MACHINE_HEADER] ?? '');
  const place = places.get(machine);
  if (place === null) return { _tag: 'Unknown', machine };
  const holds = sameToken(bearer(request), machineCredential(key, machine, place.uid));
  return holds ? { _tag: 'Host', machine, place } : { _tag: 'Stranger', machine };
};

/** The address a request comes from, IPv4 in its own form. */
export const remoteOf = ({ socket }: IncomingMessage): string =>
  (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
