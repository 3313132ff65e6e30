/** What is for sale and never changes: network, images and machine types of the local cloud. */
import { ZONES } from './settings.js';

export const VPC = { id: 'vpc-00000000000000001', cidr: '10.0.0.0/16' } as const;

export interface Subnet {
  readonly id: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly cidr: string;
  /** The first address of the range as a number. */
  readonly base: number;
}

/** Addresses in a subnet. */
export const SUBNET_SIZE = 1 << 14;

const VPC_BASE = 10 * 2 ** 24;

export const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => String((address >>> shift) & 255)).join('.');

export const SUBNETS: readonly Subnet[] = ZONES.map((zone, index) => ({
  id: `subnet-0000000000000000${String(index + 1)}`,
  zone,
  zoneId: `local-az${String(index + 1)}`,
  cidr: `${dotted(VPC_BASE + index * SUBNET_SIZE)}/18`,
  base: VPC_BASE + index * SUBNET_SIZE,
}));

export const subnetOfZone = (zone: string): Subnet | undefined =>
  SUBNETS.find((subnet) => subnet.zone === zone);

export interface Image {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly createdAt: string;
}

const image = (
  id: string,
  name: string,
  description: string,
  architecture: Image['architecture'] = 'x86_64',
): Image => ({
  id,
  name,
  description,
  architecture,
  createdAt: '2025-01-01T00:00:00.000Z',
});

export const IMAGES: readonly Image[] = [
  image('ami-00000000000000012', 'debian-12-amd64', 'Debian 12 (bookworm)'),
  image('ami-00000000000000013', 'debian-12-arm64', 'Debian 12 (bookworm)', 'arm64'),
  image('ami-00000000000000024', 'ubuntu-24.04-amd64', 'Ubuntu 24.04 LTS'),
];

export interface MachineType {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly architecture: Image['architecture'];
}

const FAMILIES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['c4', 'c5', 'c5a', 'c6a', 'c6g', 'c6i', 'c7a', 'c7g', 'c7i'].map((name) => [name, 2]),
  ),
  ...Object.fromEntries(
    ['m4', 'm5', 'm5a', 'm6a', 'm6g', 'm6i', 'm7a', 'm7g', 'm7i', 't2', 't3', 't3a', 't4g'].map((name) => [
      name,
      4,
    ]),
  ),
  ...Object.fromEntries(
    ['r4', 'r5', 'r5a', 'r6a', 'r6g', 'r6i', 'r7a', 'r7g', 'r7i'].map((name) => [name, 8]),
  ),
};

const SIZES: Readonly<Record<string, number>> = {
  medium: 1,
  large: 2,
  xlarge: 4,
  '2xlarge': 8,
  '4xlarge': 16,
  '8xlarge': 32,
};

const SMALL_SIZES: Readonly<Record<string, number>> = { nano: 512, micro: 1024, small: 2048, medium: 4096 };

const architectureOf = (family: string): Image['architecture'] => (/\dg$/.test(family) ? 'arm64' : 'x86_64');

const typesOf = (family: string, gibPerVcpu: number): readonly MachineType[] => {
  const architecture = architectureOf(family);
  const burstable = family.startsWith('t');
  const small = Object.entries(burstable ? SMALL_SIZES : {}).map(([size, memoryMib]) => ({
    name: `${family}.${size}`,
    vcpus: 2,
    memoryMib,
    architecture,
  }));
  const large = Object.entries(SIZES)
    .filter(([size]) => !(burstable && size === 'medium'))
    .map(([size, vcpus]) => ({
      name: `${family}.${size}`,
      vcpus,
      memoryMib: vcpus * gibPerVcpu * 1024,
      architecture,
    }));
  return [...small, ...large];
};

export const MACHINE_TYPES: readonly MachineType[] = Object.entries(FAMILIES).flatMap(([family, ratio]) =>
  typesOf(family, ratio),
);

const TYPE_NAMES: ReadonlySet<string> = new Set(MACHINE_TYPES.map((type) => type.name));

export const isMachineType = (name: string): boolean => TYPE_NAMES.has(name);
