/** A machine as DescribeInstances and RunInstances show it. */
import { timestamp } from '../../runtime/clock.js';
import { IMAGES, VPC } from '../catalogue.js';
import type { LocalCloud } from '../context.js';
import { STATE_CODES } from '../life.js';
import type { MachineRecord, Reservation } from '../model.js';
import { OWNER } from '../settings.js';
import type { Xml } from '../xml.js';
import { tagSet } from './tags-xml.js';

export const stateXml = (state: MachineRecord['state']): Xml => ({ code: STATE_CODES[state], name: state });

const dnsName = (address: string): string => `ip-${address.replaceAll('.', '-')}.local.internal`;

const groupsXml = (cloud: LocalCloud, reservation: Reservation): Xml =>
  reservation.groups.map((groupId) => ({
    groupId,
    groupName: cloud.world.groups.get(groupId)?.name ?? groupId,
  }));

/** A terminated machine has lost its network and its disk. */
const networkXml = (
  cloud: LocalCloud,
  machine: MachineRecord,
  reservation: Reservation,
): Record<string, Xml> => {
  if (machine.state === 'terminated') return { privateDnsName: '', dnsName: '' };
  const privateDnsName = dnsName(machine.privateAddress);
  return {
    privateDnsName,
    dnsName: '',
    subnetId: machine.subnetId,
    vpcId: VPC.id,
    privateIpAddress: machine.privateAddress,
    sourceDestCheck: true,
    groupSet: groupsXml(cloud, reservation),
  };
};

const fixedXml = (machine: MachineRecord): Record<string, Xml> => ({
  architecture: IMAGES.find((image) => image.id === machine.imageId)?.architecture ?? 'x86_64',
  rootDeviceType: 'ebs',
  rootDeviceName: '/dev/xvda',
  blockDeviceMapping: [],
  virtualizationType: 'hvm',
  hypervisor: 'xen',
  ebsOptimized: false,
  enaSupport: true,
  monitoring: { state: 'disabled' },
  productCodes: [],
});

const NO_RESERVATION: Reservation = {
  id: 'r-0',
  clientToken: null,
  userData: null,
  keyName: null,
  groups: [],
};

export const reservationOf = (cloud: LocalCloud, machine: MachineRecord): Reservation =>
  cloud.world.reservations.get(machine.reservation) ?? { ...NO_RESERVATION, id: machine.reservation };

const machineXml = (cloud: LocalCloud, machine: MachineRecord, reservation: Reservation): Xml => ({
  instanceId: machine.id,
  imageId: machine.imageId,
  instanceState: stateXml(machine.state),
  reason: machine.stateReason?.message ?? '',
  keyName: reservation.keyName ?? undefined,
  amiLaunchIndex: machine.launchIndex,
  instanceType: machine.instanceType,
  launchTime: timestamp(machine.launchedAt),
  placement: { availabilityZone: machine.zone, groupName: '', tenancy: 'default' },
  ...networkXml(cloud, machine, reservation),
  ...fixedXml(machine),
  stateReason: machine.stateReason ?? undefined,
  clientToken: reservation.clientToken ?? '',
  tagSet: tagSet(machine.tags),
});

/** A reservation with these of its machines. */
export const reservationXml = (
  cloud: LocalCloud,
  id: string,
  machines: readonly MachineRecord[],
): Record<string, Xml> => {
  const reservation = cloud.world.reservations.get(id) ?? { ...NO_RESERVATION, id };
  return {
    reservationId: id,
    ownerId: OWNER,
    groupSet: [],
    instancesSet: machines.map((machine) => machineXml(cloud, machine, reservation)),
  };
};
