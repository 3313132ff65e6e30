/** Addresses of process hosts: 127.x.y.z, of which Linux has sixteen million without being asked. */
import { statSync } from 'node:fs';

const FIRST_NET = 16;
const NETS = 200;
const HOSTS = 254 * 254;

/**
 * An address that no host of this directory has. The second number comes from the directory's inode, so that two
 * installations on one machine seldom share addresses.
 */
export const freeAddress = (directory: string, taken: ReadonlySet<string>): string => {
  const net = FIRST_NET + (statSync(directory).ino % NETS);
  for (let host = 0; host < HOSTS; host += 1) {
    const address = `127.${String(net)}.${String(Math.floor(host / 254))}.${String((host % 254) + 1)}`;
    if (!taken.has(address)) return address;
  }
  throw new Error(`${directory}: all ${String(HOSTS)} addresses of 127.${String(net)}.0.0/16 are taken`);
};
