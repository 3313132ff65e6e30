/** The bridge between the hosts of one directory and this machine. What is not ours is never touched. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { freeNetwork, indexOf, networkIn, routerOf, type Network } from './addresses.js';
import { runProgram, runProgramNow } from './programs.js';
import { namespaceSurvivors } from './survivors.js';

export interface Bridge {
  readonly name: string;
  readonly network: Network;
}

/** An interface's name has at most 15 characters. */
const nameOf = (directory: string): string => {
  const { dev, ino } = statSync(directory);
  return `scl${createHash('sha256')
    .update(`${String(dev)} ${String(ino)}`)
    .digest('hex')
    .slice(0, 10)}`;
};

const seedOf = (name: string): number => parseInt(name.slice(-8), 16);

interface Link {
  readonly ifname: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

const linksNow = async (): Promise<readonly Link[]> =>
  JSON.parse(await runProgram(['ip', '-4', '-json', 'address', 'show'])) as readonly Link[];

const addressesOf = (link: Link): readonly string[] =>
  (link.addr_info ?? []).map(({ local = '', prefixlen = 32 }) => `${local}/${String(prefixlen)}`);

/** Addresses and routes of this machine, in all its tables. */
const rangesInUse = async (links: readonly Link[]): Promise<readonly string[]> => {
  const text = await runProgram(['ip', '-4', '-json', 'route', 'show', 'table', 'all']);
  const routes = JSON.parse(text === '' ? '[]' : text) as readonly { readonly dst?: string }[];
  return [...routes.map(({ dst = '' }) => dst), ...links.flatMap(addressesOf)];
};

/** The network that an earlier driver gave the bridge; null: there is no bridge, or it has no address yet. */
const networkOf = (link: Link | undefined): Network | null => {
  const [address = ''] = link === undefined ? [] : addressesOf(link);
  return networkIn(address);
};

/** The network that hosts of an earlier driver have their addresses in. */
const networkOfHosts = (hosts: readonly { readonly address: string }[]): Network | null =>
  networkIn(hosts[0]?.address ?? '');

const chooseNetwork = (name: string, before: Network | null, inUse: readonly string[]): Network => {
  const network = freeNetwork(before === null ? seedOf(name) : indexOf(before), inUse);
  if (network === null)
    throw new Error('there is no private network 10.64.0.0 to 10.255.255.0 left on this machine for hosts');
  if (before === null || network === before) return network;
  throw new Error(
    `the hosts that are there have addresses in ${before}.0/24, which something else on this machine uses now: end that, or delete the clusters of these hosts`,
  );
};

/**
 * Makes the bridge of this directory, or finds it as an earlier driver left it. `hosts`: those that are there already.
 * Rejects for people.
 */
export const openBridge = async (
  directory: string,
  hosts: readonly { readonly address: string }[],
): Promise<Bridge> => {
  const name = nameOf(directory);
  const links = await linksNow();
  const found = networkOf(links.find(({ ifname }) => ifname === name));
  if (found !== null) return { name, network: found };
  const network = chooseNetwork(name, networkOfHosts(hosts), await rangesInUse(links));
  if (!links.some(({ ifname }) => ifname === name))
    await runProgram(['ip', 'link', 'add', name, 'type', 'bridge']);
  await runProgram(
    ['ip', '-batch', '-'],
    `address add ${routerOf(network)}/24 dev ${name}\nlink set ${name} up\n`,
  );
  return { name, network };
};

const PREFIX = 11;

/** The name of a host's interface on this machine. */
const interfaceOf = (bridge: string, address: string): string =>
  `${bridge.slice(0, PREFIX)}h${address.slice(address.lastIndexOf('.') + 1)}`;

/**
 * Removes the bridge of this directory when no host lives there, and interfaces of hosts that died: a connection that
 * nobody closed any more may hold a dead host's network for minutes.
 */
export const closeBridge = (directory: string): void => {
  const links = runProgramNow(['ip', '-json', 'link', 'show']);
  if (links === null || namespaceSurvivors(directory).size > 0) return;
  const bridge = nameOf(directory);
  const names = (JSON.parse(links) as readonly Link[]).map(({ ifname }) => ifname);
  const left = names.filter((name) => name.startsWith(interfaceOf(bridge, '')));
  for (const name of [...left, ...names.filter((each) => each === bridge)])
    runProgramNow(['ip', 'link', 'delete', name]);
};

/** Puts a host's `eth0`, in the network namespace of this process, on the bridge. */
export const plugIn = async (bridge: Bridge, address: string, pid: number): Promise<void> => {
  const name = interfaceOf(bridge.name, address);
  // of a host that has just died and whose namespace the kernel has not taken down yet
  runProgramNow(['ip', 'link', 'delete', name]);
  await runProgram(
    ['ip', '-batch', '-'],
    `link add ${name} type veth peer name eth0 netns ${String(pid)}\nlink set ${name} master ${bridge.name} up\n`,
  );
};

/** Takes a dead host's interface away. */
export const unplug = async (bridge: Bridge, address: string): Promise<void> => {
  // it mostly went with the host
  await runProgram(['ip', 'link', 'delete', interfaceOf(bridge.name, address)]).catch(() => undefined);
};
