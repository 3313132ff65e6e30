/** What EC2 says of an instance, read into a Machine. */
import type { Instance } from '@aws-sdk/client-ec2';
import { MACHINE_STATES, type MachineState } from '../../api-types/kinds/instance.js';
import { timestamp } from '../../runtime/clock.js';
import type { Machine, Tags } from '../cloud.js';

const isState = (name: string): name is MachineState => MACHINE_STATES.some((state) => state === name);

const tagsOf = (tags: Instance['Tags']): Tags =>
  Object.fromEntries(
    (tags ?? []).flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? '']])),
  );

const present = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : text;

const placed = (instance: Instance): Pick<Machine, 'zone' | 'instanceType' | 'imageId'> => ({
  zone: instance.Placement?.AvailabilityZone ?? '',
  instanceType: instance.InstanceType ?? '',
  imageId: instance.ImageId ?? '',
});

const reasonOf = (instance: Instance): string | null =>
  present(instance.StateReason?.Message) ?? present(instance.StateTransitionReason);

/** The machine, or null when the answer lacks an id or a state we know: then it is no answer to build on. */
export const machineOf = (instance: Instance): Machine | null => {
  const state = instance.State?.Name;
  if (instance.InstanceId === undefined || state === undefined || !isState(state)) return null;
  return {
    id: instance.InstanceId,
    state,
    ...placed(instance),
    launchedAt: timestamp(instance.LaunchTime?.getTime() ?? 0),
    launchIndex: instance.AmiLaunchIndex ?? 0,
    privateAddress: present(instance.PrivateIpAddress),
    publicAddress: present(instance.PublicIpAddress),
    clientToken: present(instance.ClientToken),
    tags: tagsOf(instance.Tags),
    stateReason: reasonOf(instance),
  };
};
