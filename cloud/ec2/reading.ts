/** DescribeInstances and its kin: whole answers only. */
import {
  DescribeInstanceAttributeCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  type DescribeInstancesCommandOutput,
  type InstanceStatus,
} from '@aws-sdk/client-ec2';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { transient, type Failure } from '../../runtime/failure.js';
import type { Cloud, Machine, MachineStatus, Tags } from '../cloud.js';
import { MAX_IDS, inBatches } from './batches.js';
import type { CallOptions, Caller } from './client.js';
import { machineOf } from './machine.js';

/** Entries a page; more than that no endpoint gives. */
const PAGE = 1000;
/** Named instances a DescribeInstanceStatus call may carry. */
const STATUS_IDS = 100;
/** From so many ids on, listing every status takes fewer calls than naming them. */
const LIST_STATUSES_FROM = 300;
/** Unpaginated calls drain the bucket twice as fast (peers.md 1.1: 50 and 10/s in place of 100 and 20/s). */
const UNPAGINATED = 2;

type Machines = readonly Machine[];

const unusable = (caller: Caller, what: string): Failure =>
  transient('CloudUnavailable', `${caller.endpoint} gave an answer that cannot be used: ${what}`);

const machinesIn = (caller: Caller, output: DescribeInstancesCommandOutput): E.Either<Failure, Machines> => {
  const instances = (output.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
  const machines = instances.flatMap((instance) => machineOf(instance) ?? []);
  return machines.length === instances.length
    ? E.right(machines)
    : E.left(unusable(caller, 'an instance without id or state'));
};

interface Page<A> {
  readonly items: readonly A[];
  readonly next: string | undefined;
}

/** Every page or a failure; a token that comes twice would go round for ever. */
const everyPage =
  <A>(
    caller: Caller,
    page: (token: string | undefined) => TaskEither<Failure, Page<A>>,
  ): TaskEither<Failure, readonly A[]> =>
  async () => {
    const items: A[] = [];
    const seen = new Set<string>();
    for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
      const result = await page(token)();
      if (E.isLeft(result)) return result;
      items.push(...result.right.items);
      token = result.right.next === '' ? undefined : result.right.next;
      if (token !== undefined && seen.has(token))
        return E.left(unusable(caller, 'a page token that was given before'));
      if (token !== undefined) seen.add(token);
    }
    return E.right(items);
  };

/** One page of a description. */
export const describePage =
  (
    caller: Caller,
    input: DescribeInstancesCommandInput,
    options: CallOptions = {},
  ): TaskEither<Failure, Page<Machine>> =>
  async () => {
    const result = await caller.call('DescribeInstances', options, ({ client, http }) =>
      client.send(new DescribeInstancesCommand(input), http),
    )();
    if (E.isLeft(result)) return result;
    const machines = machinesIn(caller, result.right);
    return E.isLeft(machines) ? machines : E.right({ items: machines.right, next: result.right.NextToken });
  };

/** `*` and `?` are wildcards in filter values. */
const literal = (value: string): string => value.replace(/[*?\\]/g, '\\$&');

const bears = (machine: Machine, tags: Tags): boolean =>
  Object.entries(tags).every(([key, value]) => machine.tags[key] === value);

const describeTagged =
  (caller: Caller, tags: Tags): TaskEither<Failure, Machines> =>
  async () => {
    const Filters = Object.entries(tags).map(([key, value]) => ({
      Name: `tag:${key}`,
      Values: [literal(value)],
    }));
    const result = await everyPage(caller, (NextToken) =>
      describePage(caller, { Filters, MaxResults: PAGE, NextToken }),
    )();
    if (E.isLeft(result)) return result;
    // pages may repeat an entry, and an endpoint that does not filter must not give us strangers
    const byId = new Map(result.right.map((machine) => [machine.id, machine]));
    return E.right([...byId.values()].filter((machine) => bears(machine, tags)));
  };

/** Chunks that failed as a whole leave the answer incomplete: then there is none. */
const describeIds =
  (caller: Caller, ids: readonly string[]): ReturnType<Cloud['describeIds']> =>
  async () => {
    const result = await inBatches(ids, MAX_IDS, (InstanceIds) =>
      describePage(caller, { InstanceIds: [...InstanceIds] }, { requests: UNPAGINATED }),
    )();
    if (E.isLeft(result)) return result;
    const { answers, failed, done, unknown } = result.right;
    const malformed = failed.filter(({ failure }) => failure.reason === 'BadParameter');
    const lost = failed.find(({ failure }) => failure.reason !== 'BadParameter');
    if (lost !== undefined) return E.left(lost.failure);
    const machines = answers.flatMap((page) => page.items);
    const found = new Set(machines.map(({ id }) => id));
    const missing = done.filter((id) => !found.has(id));
    return E.right({ machines, unknown: [...unknown, ...malformed.map(({ id }) => id), ...missing] });
  };

const userData =
  (caller: Caller, id: string): TaskEither<Failure, string | null> =>
  async () => {
    const result = await caller.call('DescribeInstanceAttribute', {}, ({ client, http }) =>
      client.send(new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'userData' }), http),
    )();
    if (E.isLeft(result)) return result;
    const encoded = result.right.UserData?.Value;
    return E.right(
      encoded === undefined || encoded === '' ? null : Buffer.from(encoded, 'base64').toString('utf8'),
    );
  };

const statusOf = (status: InstanceStatus): readonly MachineStatus[] =>
  status.InstanceId === undefined
    ? []
    : [
        {
          id: status.InstanceId,
          system: status.SystemStatus?.Status ?? 'insufficient-data',
          instance: status.InstanceStatus?.Status ?? 'insufficient-data',
        },
      ];

const statusPage =
  (
    caller: Caller,
    input: { readonly InstanceIds?: string[]; readonly NextToken?: string; readonly MaxResults?: number },
  ): TaskEither<Failure, Page<MachineStatus>> =>
  async () => {
    const result = await caller.call('DescribeInstanceStatus', {}, ({ client, http }) =>
      client.send(new DescribeInstanceStatusCommand({ ...input, IncludeAllInstances: true }), http),
    )();
    if (E.isLeft(result)) return result;
    return E.right({
      items: (result.right.InstanceStatuses ?? []).flatMap(statusOf),
      next: result.right.NextToken,
    });
  };

const statuses =
  (caller: Caller, ids: readonly string[]): TaskEither<Failure, readonly MachineStatus[]> =>
  async () => {
    if (ids.length >= LIST_STATUSES_FROM) {
      const wanted = new Set(ids);
      const listed = await everyPage(caller, (NextToken) =>
        statusPage(caller, { MaxResults: PAGE, NextToken }),
      )();
      return E.isLeft(listed) ? listed : E.right(listed.right.filter(({ id }) => wanted.has(id)));
    }
    const result = await inBatches(ids, STATUS_IDS, (InstanceIds) =>
      statusPage(caller, { InstanceIds: [...InstanceIds] }),
    )();
    if (E.isLeft(result)) return result;
    const [lost] = result.right.failed;
    return lost === undefined
      ? E.right(result.right.answers.flatMap((page) => page.items))
      : E.left(lost.failure);
  };

/** The half of the port that only looks. */
export const readingCalls = (
  caller: Caller,
): Pick<Cloud, 'describeTagged' | 'describeIds' | 'userData' | 'statuses'> => ({
  describeTagged: (tags) => describeTagged(caller, tags),
  describeIds: (ids) => describeIds(caller, ids),
  userData: (id) => userData(caller, id),
  statuses: (ids) => statuses(caller, ids),
});
