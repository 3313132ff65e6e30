/**
 * Ways from hosts with a network of their own to gateways that listen on this machine's loopback only: a Unix socket a
 * port, in a folder that hosts see. In the host the supervisor listens on the same loopback port and leads there, so
 * that URLs and certificates stay as they are.
 */
import { mkdirSync, openSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

export interface Ways {
  /** Opens a way to each of these gateways that is on the loopback. */
  open(gateways: readonly string[]): Promise<void>;
  close(): void;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Where the gateway listens, if that is on the loopback. */
const loopbackOf = (gateway: string): { readonly host: string; readonly port: number } | null => {
  const { hostname, port, protocol } = new URL(gateway);
  if (!LOOPBACK.test(hostname)) return null;
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/[[\]]/g, ''), port: port === '' ? usual : Number(port) };
};

/** Everything that comes from one goes to the other, until one of them ends. */
export const join = (one: Socket, other: Socket): void => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
};

class OpenWays implements Ways {
  private readonly servers = new Map<number, Promise<Server>>();
  private readonly sockets = new Set<Socket>();
  /** By its descriptor: the path of a socket is at most 107 bytes long, that of a folder may be longer. */
  private readonly folder: string;

  constructor(folder: string) {
    // the hosts have it mounted: it is never made anew while one of them lives
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.folder = `/proc/self/fd/${String(openSync(folder, 'r'))}`;
  }

  async open(gateways: readonly string[]): Promise<void> {
    for (const gateway of gateways) {
      const place = loopbackOf(gateway);
      if (place === null) continue;
      const known = this.servers.get(place.port) ?? this.listen(place);
      this.servers.set(place.port, known);
      await known;
    }
  }

  close(): void {
    for (const server of this.servers.values()) void server.then((each) => each.close());
    for (const socket of this.sockets) socket.destroy();
  }

  private listen(place: { readonly host: string; readonly port: number }): Promise<Server> {
    const path = `${this.folder}/${String(place.port)}.sock`;
    rmSync(path, { force: true });
    const server = createServer((socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      join(socket, createConnection(place));
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        resolve(server);
      });
    });
  }
}

/** Sockets below `folder`. */
export const openWays = (folder: string): Ways => new OpenWays(folder);
