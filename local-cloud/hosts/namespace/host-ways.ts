/** In a host: its loopback ports lead to the gateways whose sockets the machine shows it. */
import { existsSync, readdirSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { join as path } from 'node:path';
import { seconds } from '../../../api-types/units.js';
import type { Clock } from '../../../runtime/clock.js';
import { join } from './ways.js';

const LOOK_EVERY = seconds(2);

const portsIn = (folder: string): readonly number[] =>
  (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
    const port = /^(\d+)\.sock$/.exec(name)?.[1];
    return port === undefined ? [] : [Number(port)];
  });

const listen = (folder: string, port: number): Server => {
  const server = createServer((socket) => {
    join(socket, createConnection(path(folder, `${String(port)}.sock`)));
  });
  // a service of the host has the port: what it wants comes first
  server.on('error', () => undefined);
  return server.listen(port, '127.0.0.1');
};

/** Listens for each socket in `folder`, also for those that come later; gives what ends it. */
export const bringWays = (folder: string, clock: Clock): (() => void) => {
  const servers = new Map<number, Server>();
  let ended = false;
  const look = (): void => {
    if (ended) return;
    for (const port of portsIn(folder)) {
      if (servers.get(port)?.listening !== true) servers.set(port, listen(folder, port));
    }
    clock.after(LOOK_EVERY, look);
  };
  look();
  return () => {
    ended = true;
    for (const server of servers.values()) server.close();
  };
};
