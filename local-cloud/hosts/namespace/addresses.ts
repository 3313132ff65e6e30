/** Which private network the hosts of one directory get: one that nothing on this machine uses. Pure. */

/** 10.64.0.0 to 10.255.255.0, in steps of 256 addresses: low tens are what offices and clouds take. */
const FIRST_SECOND = 64;
const SECONDS = 192;
const NETWORKS = SECONDS * 256;
const TRIES = 1024;

/** First three numbers of a network of 256 addresses. */
export type Network = `${string}.${string}.${string}`;

const networkAt = (index: number): Network =>
  `10.${String(FIRST_SECOND + (Math.floor(index / 256) % SECONDS))}.${String(index % 256)}`;

/** The network of an address of a host or a router of ours; null: it is of no such network. */
export const networkIn = (address: string): Network | null => {
  const [, found, second] = /^(10\.(\d+)\.\d+)\.\d+(?:\/24)?$/.exec(address) ?? [];
  return found !== undefined && Number(second) >= FIRST_SECOND ? (found as Network) : null;
};

export const indexOf = (network: Network): number => {
  const [, second, third] = network.split('.').map(Number);
  return ((second ?? 0) - FIRST_SECOND) * 256 + (third ?? 0);
};

interface Range {
  readonly first: number;
  readonly last: number;
}

const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** `10.0.0.0/8` or `10.0.0.1`; null: it is no IPv4 range, or the default route. */
export const rangeOf = (text: string): Range | null => {
  const [, address = '', length = '32'] = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  if (address === '' || Number(length) === 0) return null;
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(numberOf(address) / size) * size;
  return { first, last: first + size - 1 };
};

/** The network for this seed, or the next one that overlaps with none of the ranges in use. */
export const freeNetwork = (seed: number, inUse: readonly string[]): Network | null => {
  const ranges = inUse.flatMap((text) => rangeOf(text) ?? []);
  for (let step = 0; step < TRIES; step += 1) {
    const network = networkAt((seed + step * 257) % NETWORKS);
    const mine = rangeOf(`${network}.0/24`);
    if (mine !== null && ranges.every(({ first, last }) => last < mine.first || first > mine.last))
      return network;
  }
  return null;
};

/** The machine's own address in it, which the hosts know as their router. */
export const routerOf = (network: Network): string => `${network}.1`;

const FIRST_HOST = 2;
const LAST_HOST = 254;

/** Throws, for people, when all are taken. */
export const freeHostAddress = (network: Network, taken: ReadonlySet<string>): string => {
  for (let host = FIRST_HOST; host <= LAST_HOST; host += 1) {
    const address = `${network}.${String(host)}`;
    if (!taken.has(address)) return address;
  }
  throw new Error(
    `all ${String(LAST_HOST - FIRST_HOST + 1)} addresses of ${network}.0/24 are taken: a machine carries no more namespace hosts`,
  );
};
