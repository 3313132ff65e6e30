/** DescribeInstances, DescribeInstanceStatus and DescribeInstanceAttribute. */
import * as E from 'fp-ts/lib/Either.js';
import { apiError, invalidValue, missingParameter, type Result } from '../api-error.js';
import { VPC } from '../catalogue.js';
import type { Action, LocalCloud } from '../context.js';
import { filterOf, type FilterTable } from '../filters.js';
import { STATE_CODES } from '../life.js';
import type { MachineRecord } from '../model.js';
import { pageOf, type Page } from '../pages.js';
import { isTrue, list, one, type Params } from '../query.js';
import type { Xml } from '../xml.js';
import { machinesOf } from './ids.js';
import { reservationOf, reservationXml, stateXml } from './machine-xml.js';

const unlessGone =
  (value: (machine: MachineRecord) => string) =>
  (machine: MachineRecord): readonly string[] =>
    machine.state === 'terminated' ? [] : [value(machine)];

const filtersFor = (cloud: LocalCloud): FilterTable<MachineRecord> => ({
  'instance-id': ({ id }) => [id],
  'instance-state-name': ({ state }) => [state],
  'instance-state-code': ({ state }) => [String(STATE_CODES[state])],
  'instance-type': ({ instanceType }) => [instanceType],
  'image-id': ({ imageId }) => [imageId],
  'availability-zone': ({ zone }) => [zone],
  'reservation-id': ({ reservation }) => [reservation],
  'launch-index': ({ launchIndex }) => [String(launchIndex)],
  'client-token': (machine) => [reservationOf(cloud, machine).clientToken ?? ''],
  'key-name': (machine) => [reservationOf(cloud, machine).keyName ?? ''],
  'instance.group-id': (machine) => reservationOf(cloud, machine).groups,
  'network-interface.group-id': (machine) => reservationOf(cloud, machine).groups,
  'subnet-id': unlessGone(({ subnetId }) => subnetId),
  'vpc-id': unlessGone(() => VPC.id),
  'private-ip-address': unlessGone(({ privateAddress }) => privateAddress),
});

const byOrdinal = (left: MachineRecord, right: MachineRecord): number => left.ordinal - right.ordinal;

/** The machines that ids and filters name, a page of them. */
const selected = (
  cloud: LocalCloud,
  params: Params,
  filters: FilterTable<MachineRecord>,
  also: (machine: MachineRecord) => boolean,
): Result<Page<MachineRecord>> => {
  const ids = list(params, 'InstanceId');
  if (ids.length > 0 && one(params, 'MaxResults') !== undefined)
    return E.left(
      apiError(
        'InvalidParameterCombination',
        'The parameter instancesSet cannot be used with the parameter maxResults',
      ),
    );
  const shown = cloud.faults.shown();
  const machines = ids.length > 0 ? machinesOf(ids, shown) : E.right([...shown.values()]);
  if (E.isLeft(machines)) return machines;
  const matches = filterOf(params, filters, ({ tags }) => tags);
  if (E.isLeft(matches)) return matches;
  const found = machines.right.filter((machine) => matches.right(machine) && also(machine)).sort(byOrdinal);
  return pageOf(params, found, ({ ordinal }) => ordinal);
};

const byReservation = (machines: readonly MachineRecord[]): ReadonlyMap<string, readonly MachineRecord[]> => {
  const groups = new Map<string, MachineRecord[]>();
  for (const machine of machines) {
    const group = groups.get(machine.reservation);
    if (group === undefined) groups.set(machine.reservation, [machine]);
    else group.push(machine);
  }
  return groups;
};

export const DescribeInstances: Action = {
  handle: (cloud, params) => {
    const page = selected(cloud, params, filtersFor(cloud), () => true);
    if (E.isLeft(page)) return page;
    return E.right({
      reservationSet: [...byReservation(page.right.items)].map(([id, machines]) =>
        reservationXml(cloud, id, machines),
      ),
      nextToken: page.right.nextToken,
    });
  },
};

const checksOf = (cloud: LocalCloud, machine: MachineRecord) => {
  if (machine.state !== 'running') return { system: 'not-applicable', instance: 'not-applicable' };
  const impaired = cloud.faults.impairmentOf(machine.id);
  if (impaired !== null) return impaired;
  const fresh = cloud.clock.now() - machine.runningAt < cloud.settings.initializing;
  const status = fresh ? 'initializing' : 'ok';
  return { system: status, instance: status };
};

const checkXml = (status: string): Xml => {
  const passed: Readonly<Record<string, string>> = { ok: 'passed', impaired: 'failed' };
  const details =
    status === 'not-applicable' ? [] : [{ name: 'reachability', status: passed[status] ?? status }];
  return { status, details };
};

const statusXml = (cloud: LocalCloud, machine: MachineRecord): Xml => {
  const checks = checksOf(cloud, machine);
  return {
    instanceId: machine.id,
    availabilityZone: machine.zone,
    instanceState: stateXml(machine.state),
    systemStatus: checkXml(checks.system),
    instanceStatus: checkXml(checks.instance),
  };
};

export const DescribeInstanceStatus: Action = {
  handle: (cloud, params) => {
    const filters: FilterTable<MachineRecord> = {
      'instance-state-name': ({ state }) => [state],
      'instance-state-code': ({ state }) => [String(STATE_CODES[state])],
      'availability-zone': ({ zone }) => [zone],
      'system-status.status': (machine) => [checksOf(cloud, machine).system],
      'instance-status.status': (machine) => [checksOf(cloud, machine).instance],
    };
    const all = isTrue(params, 'IncludeAllInstances');
    const page = selected(cloud, params, filters, ({ state }) => all || state === 'running');
    if (E.isLeft(page)) return page;
    return E.right({
      instanceStatusSet: page.right.items.map((machine) => statusXml(cloud, machine)),
      nextToken: page.right.nextToken,
    });
  },
};

type Attribute = (cloud: LocalCloud, machine: MachineRecord) => Xml;

const value = (content: string | boolean | undefined): Xml =>
  content === undefined ? '' : { value: content };

const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  userData: (cloud, machine) => value(reservationOf(cloud, machine).userData ?? undefined),
  instanceType: (_, machine) => value(machine.instanceType),
  disableApiTermination: () => value(false),
  disableApiStop: () => value(false),
  instanceInitiatedShutdownBehavior: () => value('stop'),
  sourceDestCheck: () => value(true),
  ebsOptimized: () => value(false),
  rootDeviceName: () => value('/dev/xvda'),
};

export const DescribeInstanceAttribute: Action = {
  handle: (cloud, params) => {
    const id = one(params, 'InstanceId');
    const name = one(params, 'Attribute');
    if (id === undefined) return E.left(missingParameter('InstanceId'));
    if (name === undefined) return E.left(missingParameter('Attribute'));
    const attribute = Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name] : undefined;
    if (attribute === undefined)
      return E.left(invalidValue(`Value (${name}) for parameter attribute is invalid.`));
    const machines = machinesOf([id], cloud.faults.shown());
    if (E.isLeft(machines)) return machines;
    const machine = machines.right[0];
    return E.right({
      instanceId: id,
      [name]: machine === undefined ? undefined : attribute(cloud, machine),
    });
  },
};
