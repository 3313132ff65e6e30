/** What must be true of a fleet, said of the cloud's full history and of the records, not of calls. */
import type { Live, Objects } from '../../store/objects/objects.js';
import type { FakeCloud } from '../fake/cloud.js';
import { assert } from '../suite.js';

const boundIds = (instances: readonly Live<'Instance'>[]): readonly string[] =>
  instances.flatMap(({ status }) => status.machine?.id ?? []);

const doomedIds = (instances: readonly Live<'Instance'>[]): readonly string[] =>
  instances.flatMap(({ status }) => (status.doomed ?? []).map(({ machine }) => machine));

const aliveIds = (cloud: FakeCloud): readonly string[] => cloud.alive().map(({ id }) => id);

/** No two slots hold one machine, and none is both in a slot and doomed. */
const noMachineTwice = (objects: Objects, cluster: string): void => {
  const instances = objects.list('Instance', cluster);
  const ids = [...boundIds(instances), ...doomedIds(instances)];
  assert.equal(new Set(ids).size, ids.length, `a machine is named twice: ${ids.join(' ')}`);
};

/** The fleet is at rest: one live machine a slot, and every live machine in a slot. */
export const oneMachineASlot = (objects: Objects, cloud: FakeCloud, cluster: string, slots: number): void => {
  const instances = objects.list('Instance', cluster);
  noMachineTwice(objects, cluster);
  assert.is(instances.length, slots, `slots: ${instances.map(({ ref }) => ref.name).join(' ')}`);
  assert.equal(
    [...boundIds(instances)].sort(),
    [...aliveIds(cloud)].sort(),
    'slots and live machines differ',
  );
  assert.equal(doomedIds(instances), [], 'doomed machines are left');
};

/** At no time lived more machines than slots were wanted (plus those being replaced). */
export const neverMoreThan = (cloud: FakeCloud, most: number): void => {
  assert.ok(
    cloud.launched().length <= most,
    `${String(cloud.launched().length)} machines launched, at most ${String(most)}`,
  );
};
