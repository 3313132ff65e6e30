/** Where a host's log is to be had: here, at another gateway, or nowhere now. */
import type { Observed } from '../../store/observed/observed.js';
import type { OpenLog } from '../logs/port.js';
import type { Directory } from './directory.js';
import type { HostLogs } from './host-logs.js';
import type { Links } from './links.js';
import { askPeer } from './peer-logs.js';

const NOTHING = (): void => undefined;

/** Of hosts that are connected to this gateway. */
export const logsHere =
  (links: Links, hostLogs: HostLogs): OpenLog =>
  (machine, asked, reader) => {
    const link = links.of(machine);
    if (link !== null) return hostLogs.ask(link, asked, reader);
    reader.end('it is not connected to the gateway that it was last seen at');
    return NOTHING;
  };

export interface Everywhere {
  readonly id: string;
  readonly token: string;
  readonly authority?: string | null;
  readonly observed: Observed;
  readonly directory: Directory;
  readonly openHere: OpenLog;
}

const absence = ({ observed }: Everywhere, machine: string): string => {
  const host = observed.get(machine);
  if (host === null)
    return `machine ${machine} is not connected, and was not heard of since this control plane began`;
  return `machine ${machine} is not connected; it was last heard ${String(Math.round(host.silentFor / 1000))} s ago`;
};

/** Of any host: asked of the gateway that holds its connection. */
export const logsEverywhere =
  (on: Everywhere): OpenLog =>
  (machine, asked, reader) => {
    const { id, token, observed, directory, openHere } = on;
    const at = observed.get(machine)?.connected === true ? observed.gatewayOf(machine) : null;
    if (at === id) return openHere(machine, asked, reader);
    const url = at === null ? undefined : directory.live().get(at);
    if (url !== undefined)
      return askPeer({ url, id, token, authority: on.authority ?? null }, machine, asked, reader);
    reader.end(
      at === null ? absence(on, machine) : 'the gateway that it is connected to is not in the directory',
    );
    return NOTHING;
  };
