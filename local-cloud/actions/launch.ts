/** RunInstances. */
import * as E from 'fp-ts/lib/Either.js';
import { createHash } from 'node:crypto';
import { apiError, invalidValue, missingParameter, type Result } from '../api-error.js';
import { IMAGES, SUBNETS, isMachineType, subnetOfZone, type Subnet } from '../catalogue.js';
import { freshId, type Action, type LocalCloud } from '../context.js';
import { bootTransition, SERVER_ERROR } from '../life.js';
import type { Change, MachineRecord, Reservation, ResourceTags } from '../model.js';
import { list, one, wholeNumber, type Params } from '../query.js';
import { ZONES } from '../settings.js';
import type { Xml } from '../xml.js';
import { addressesIn } from './addresses.js';
import { reservationXml } from './machine-xml.js';
import { specifiedTags } from './tags-xml.js';

interface Order {
  readonly least: number;
  readonly most: number;
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnet: Subnet;
  /** A zone or subnet was asked for: the client token is that zone's own. */
  readonly zonal: boolean;
  readonly keyName: string | null;
  readonly groups: readonly string[];
  readonly tags: ResourceTags;
  readonly userData: string | null;
  readonly clientToken: string | null;
}

const MOST_USER_DATA_BYTES = 16 * 1024;
const MOST_TOKEN_LENGTH = 64;

const countsOf = (params: Params): Result<{ readonly least: number; readonly most: number }> => {
  const least = wholeNumber(params, 'MinCount');
  const most = wholeNumber(params, 'MaxCount');
  if (least === undefined) return E.left(missingParameter('MinCount'));
  if (most === undefined) return E.left(missingParameter('MaxCount'));
  if (!(least >= 1) || !(most >= least))
    return E.left(invalidValue('MinCount must be at least 1 and MaxCount at least MinCount'));
  if (most > 1000) return E.left(apiError('InstanceLimitExceeded', 'At most 1000 instances a call'));
  return E.right({ least, most });
};

const placeOf = (params: Params): Result<{ readonly subnet: Subnet; readonly zonal: boolean }> => {
  const zone = one(params, 'Placement.AvailabilityZone');
  const subnetId = one(params, 'SubnetId') ?? one(params, 'NetworkInterface.1.SubnetId');
  if (subnetId !== undefined) {
    const subnet = SUBNETS.find(({ id }) => id === subnetId);
    if (subnet === undefined)
      return E.left(apiError('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`));
    if (zone !== undefined && zone !== subnet.zone)
      return E.left(invalidValue(`The subnet '${subnetId}' is not in the availability zone '${zone}'`));
    return E.right({ subnet, zonal: true });
  }
  const subnet = subnetOfZone(zone ?? ZONES[0]);
  if (subnet === undefined) return E.left(invalidValue(`Invalid availability zone: [${String(zone)}]`));
  return E.right({ subnet, zonal: zone !== undefined });
};

const kindOf = (params: Params): Result<{ readonly imageId: string; readonly instanceType: string }> => {
  const imageId = one(params, 'ImageId');
  const instanceType = one(params, 'InstanceType') ?? 'm5.large';
  if (imageId === undefined) return E.left(missingParameter('ImageId'));
  if (!IMAGES.some(({ id }) => id === imageId))
    return E.left(apiError('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`));
  if (!isMachineType(instanceType))
    return E.left(invalidValue(`Invalid value '${instanceType}' for InstanceType.`));
  return E.right({ imageId, instanceType });
};

const groupsOf = (cloud: LocalCloud, params: Params): Result<readonly string[]> => {
  const wanted = [...list(params, 'SecurityGroupId'), ...list(params, 'SecurityGroup')];
  const known = [...cloud.world.groups.values()];
  const ids: string[] = [];
  for (const name of wanted) {
    const group = known.find((candidate) => candidate.id === name || candidate.name === name);
    if (group === undefined)
      return E.left(apiError('InvalidGroup.NotFound', `The security group '${name}' does not exist`));
    ids.push(group.id);
  }
  const usual = known.find((group) => group.name === 'default');
  return E.right(ids.length > 0 || usual === undefined ? ids : [usual.id]);
};

const keyOf = (cloud: LocalCloud, params: Params): Result<string | null> => {
  const name = one(params, 'KeyName');
  if (name === undefined) return E.right(null);
  if (cloud.world.keyPairs.has(name)) return E.right(name);
  return E.left(apiError('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`));
};

const userDataOf = (params: Params): Result<string | null> => {
  const userData = one(params, 'UserData');
  if (userData === undefined || userData === '') return E.right(null);
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(userData))
    return E.left(invalidValue('Invalid BASE64 encoding of user data.'));
  if (Buffer.from(userData, 'base64').length > MOST_USER_DATA_BYTES)
    return E.left(invalidValue('User data is limited to 16384 bytes'));
  return E.right(userData);
};

const tokenOf = (params: Params): Result<string | null> => {
  const token = one(params, 'ClientToken');
  if (token === undefined || token === '') return E.right(null);
  if (token.length > MOST_TOKEN_LENGTH || !/^[\x20-\x7e]+$/.test(token))
    return E.left(invalidValue('ClientToken is limited to 64 ASCII characters'));
  return E.right(token);
};

const orderOf = (cloud: LocalCloud, params: Params): Result<Order> => {
  const counts = countsOf(params);
  if (E.isLeft(counts)) return counts;
  const kind = kindOf(params);
  if (E.isLeft(kind)) return kind;
  const place = placeOf(params);
  if (E.isLeft(place)) return place;
  const groups = groupsOf(cloud, params);
  if (E.isLeft(groups)) return groups;
  const keyName = keyOf(cloud, params);
  if (E.isLeft(keyName)) return keyName;
  const userData = userDataOf(params);
  if (E.isLeft(userData)) return userData;
  const clientToken = tokenOf(params);
  if (E.isLeft(clientToken)) return clientToken;
  const tags = specifiedTags(params, 'instance');
  if (E.isLeft(tags)) return tags;
  return E.right({
    ...counts.right,
    ...kind.right,
    ...place.right,
    groups: groups.right,
    keyName: keyName.right,
    userData: userData.right,
    clientToken: clientToken.right,
    tags: tags.right,
  });
};

const NOT_COMPARED: ReadonlySet<string> = new Set(['Action', 'Version', 'ClientToken', 'DryRun']);

/** What must be equal for a repeated token to be a repeated call. */
const parametersHash = (params: Params): string => {
  const compared = [...params].filter(([name]) => !NOT_COMPARED.has(name)).sort();
  return createHash('sha256').update(JSON.stringify(compared)).digest('hex');
};

const tokenKey = (order: Order): string | null =>
  order.clientToken === null ? null : `${order.zonal ? order.subnet.zone : 'region'} ${order.clientToken}`;

const launchedBefore = (cloud: LocalCloud, key: string, params: Params): Result<Xml> | null => {
  const token = cloud.world.tokens.get(key);
  if (token === undefined) return null;
  if (token.parameters !== parametersHash(params))
    return E.left(
      apiError(
        'IdempotentParameterMismatch',
        'The request uses the same client token as a previous, but non-identical request.',
      ),
    );
  const machines = [...cloud.world.machines.values()].filter(
    (machine) => machine.reservation === token.reservation,
  );
  return E.right(reservationXml(cloud, token.reservation, machines));
};

const newMachines = (cloud: LocalCloud, order: Order, reservation: string, count: number) => {
  const { world, clock, chance, settings, faults } = cloud;
  const now = clock.now();
  const addresses = addressesIn(order.subnet, world.machines, count);
  const first = [...world.machines.values()].reduce((most, { ordinal }) => Math.max(most, ordinal), 0) + 1;
  const ids = new Set<string>();
  return addresses.map((privateAddress, launchIndex): MachineRecord => {
    const id = freshId(cloud, 'i', (taken) => world.machines.has(taken) || ids.has(taken));
    ids.add(id);
    const boot = bootTransition(now, settings, chance);
    const stillborn = faults.takeStillborn();
    return {
      id,
      ordinal: first + launchIndex,
      reservation,
      launchIndex,
      imageId: order.imageId,
      instanceType: order.instanceType,
      zone: order.subnet.zone,
      subnetId: order.subnet.id,
      privateAddress,
      launchedAt: now,
      state: 'pending',
      runningAt: 0,
      transition: stillborn ? { to: 'terminated', at: now } : boot,
      stateReason: stillborn ? SERVER_ERROR : null,
      tags: order.tags,
      reboots: 0,
    };
  });
};

const noCapacity = (order: Order) =>
  apiError(
    'InsufficientInstanceCapacity',
    `We currently do not have sufficient ${order.instanceType} capacity in the Availability Zone you requested (${order.subnet.zone}).`,
    500,
  );

const launch = (cloud: LocalCloud, order: Order, params: Params): Result<Xml> => {
  const count = Math.min(order.most, cloud.faults.capacityOf(order.subnet.zone));
  if (count < order.least) return E.left(noCapacity(order));
  const id = freshId(cloud, 'r', (taken) => cloud.world.reservations.has(taken));
  const machines = newMachines(cloud, order, id, count);
  if (machines.length < count)
    return E.left(
      apiError('InsufficientFreeAddressesInSubnet', `Not enough free addresses in '${order.subnet.id}'`),
    );
  cloud.faults.useCapacity(order.subnet.zone, count);
  const { clientToken, userData, keyName, groups } = order;
  const reservation: Reservation = { id, clientToken, userData, keyName, groups };
  const key = tokenKey(order);
  const token: readonly Change[] =
    key === null
      ? []
      : [['tokens', key, { reservation: id, parameters: parametersHash(params), at: cloud.clock.now() }]];
  const launched = machines.map((machine): Change => ['machines', machine.id, machine]);
  cloud.world.commit([['reservations', id, reservation], ...token, ...launched]);
  return E.right(reservationXml(cloud, id, machines));
};

export const RunInstances: Action = {
  machines: (params) => {
    const most = wholeNumber(params, 'MaxCount') ?? 1;
    return Number.isNaN(most) ? 1 : most;
  },
  handle: (cloud, params) => {
    const order = orderOf(cloud, params);
    if (E.isLeft(order)) return order;
    const key = tokenKey(order.right);
    const before = key === null ? null : launchedBefore(cloud, key, params);
    return before ?? launch(cloud, order.right, params);
  },
};
