/** RunInstances and the calls that change machines. */
import {
  CreateTagsCommand,
  RebootInstancesCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type RunInstancesCommandInput,
  type Tag,
} from '@aws-sdk/client-ec2';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { seconds } from '../../api-types/units.js';
import { transient, type Failure } from '../../runtime/failure.js';
import type { BatchOutcome, Cloud, LaunchRequest, Machine, Tags } from '../cloud.js';
import { MAX_IDS, inBatches } from './batches.js';
import type { Caller, Sending } from './client.js';
import { machineOf } from './machine.js';

const RUN_TIMEOUT = seconds(30);

const tagList = (tags: Tags): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** Zone always given, so that the client token is zonal as the attempt's record says. */
const runInput = (request: LaunchRequest): RunInstancesCommandInput => ({
  MinCount: 1,
  MaxCount: request.count,
  ClientToken: request.token,
  ImageId: request.imageId,
  InstanceType: request.instanceType as RunInstancesCommandInput['InstanceType'],
  Placement: { AvailabilityZone: request.zone },
  TagSpecifications: [
    { ResourceType: 'instance', Tags: tagList(request.tags) },
    { ResourceType: 'volume', Tags: tagList(request.tags) },
  ],
  ...(request.userData === '' ? {} : { UserData: Buffer.from(request.userData).toString('base64') }),
  ...(request.subnetId === null ? {} : { SubnetId: request.subnetId }),
  ...(request.keyName === null ? {} : { KeyName: request.keyName }),
});

const runInstances =
  (caller: Caller, request: LaunchRequest): TaskEither<Failure, readonly Machine[]> =>
  async () => {
    const options = { resources: request.count, timeout: RUN_TIMEOUT, unsure: true };
    const result = await caller.call('RunInstances', options, ({ client, http }) =>
      client.send(new RunInstancesCommand(runInput(request)), http),
    )();
    if (E.isLeft(result)) return result;
    const instances = result.right.Instances ?? [];
    const machines = instances.flatMap((instance) => machineOf(instance) ?? []);
    if (machines.length === instances.length && machines.length > 0) return E.right(machines);
    const message = `RunInstances may have launched machines, but ${caller.endpoint} did not say which`;
    return E.left(transient('OutcomeUnknown', message));
  };

type BatchAction = 'StartInstances' | 'StopInstances' | 'RebootInstances' | 'TerminateInstances';

const SENDERS: Readonly<Record<BatchAction, (ids: string[], sending: Sending) => Promise<unknown>>> = {
  StartInstances: (InstanceIds, { client, http }) =>
    client.send(new StartInstancesCommand({ InstanceIds }), http),
  StopInstances: (InstanceIds, { client, http }) =>
    client.send(new StopInstancesCommand({ InstanceIds }), http),
  RebootInstances: (InstanceIds, { client, http }) =>
    client.send(new RebootInstancesCommand({ InstanceIds }), http),
  TerminateInstances: (InstanceIds, { client, http }) =>
    client.send(new TerminateInstancesCommand({ InstanceIds }), http),
};

const batch =
  (caller: Caller, action: BatchAction) =>
  (ids: readonly string[]): TaskEither<Failure, BatchOutcome> =>
  async () => {
    const size = Math.min(MAX_IDS, caller.largest(action));
    const result = await inBatches(ids, size, (some) =>
      caller.call(action, { resources: some.length }, (sending) => SENDERS[action]([...some], sending)),
    )();
    if (E.isLeft(result)) return result;
    const { done, failed, unknown } = result.right;
    return E.right({ done, failed, unknown });
  };

/** Machines that get equal tags, together. */
const grouped = (machines: Parameters<Cloud['tag']>[0]): readonly { ids: string[]; tags: Tags }[] => {
  const groups = new Map<string, { ids: string[]; tags: Tags }>();
  for (const { id, tags } of machines) {
    const name = JSON.stringify(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = groups.get(name) ?? { ids: [], tags };
    group.ids.push(id);
    groups.set(name, group);
  }
  return [...groups.values()];
};

const tag =
  (caller: Caller, machines: Parameters<Cloud['tag']>[0]): TaskEither<Failure, BatchOutcome> =>
  async () => {
    const outcomes = await Promise.all(
      grouped(machines).map(({ ids, tags }) =>
        inBatches(ids, MAX_IDS, (some) =>
          caller.call('CreateTags', {}, ({ client, http }) =>
            client.send(new CreateTagsCommand({ Resources: [...some], Tags: tagList(tags) }), http),
          ),
        )().then((outcome) => ({ ids, outcome })),
      ),
    );
    const parts = outcomes.map(({ ids, outcome }) =>
      E.isRight(outcome)
        ? outcome.right
        : { done: [], failed: ids.map((id) => ({ id, failure: outcome.left })), unknown: [] },
    );
    const lost = outcomes.find(({ outcome }) => E.isLeft(outcome))?.outcome;
    if (lost !== undefined && E.isLeft(lost) && parts.every((part) => part.done.length === 0)) return lost;
    return E.right({
      done: parts.flatMap((part) => part.done),
      failed: parts.flatMap((part) => part.failed),
      unknown: parts.flatMap((part) => part.unknown),
    });
  };

type Acting = Pick<Cloud, 'runInstances' | 'start' | 'stop' | 'reboot' | 'terminate' | 'tag'>;

/** The half of the port that has effects. */
export const actingCalls = (caller: Caller): Acting => ({
  runInstances: (request) => runInstances(caller, request),
  start: batch(caller, 'StartInstances'),
  stop: batch(caller, 'StopInstances'),
  reboot: batch(caller, 'RebootInstances'),
  terminate: batch(caller, 'TerminateInstances'),
  tag: (machines) => tag(caller, machines),
});
