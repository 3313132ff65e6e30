/** Hosts that were told to fetch a source for all others: while that is open they may bring its pack. */
import { isEnded } from '../../api-types/kinds/deployment.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import type { Place } from './places.js';

const isFor = ({ status }: Live<'LifecycleEvent'>, { instance, machine }: Place): boolean =>
  status.deployment?.step === 'fetch' &&
  status.targets.some((target) => target.machine === machine && target.instance === instance);

/** With a release there is a pack; one that has ended wants none. */
const waitsForPack = ({ status }: Live<'Deployment'>): boolean =>
  !isEnded(status) && status.release === undefined;

/** Whether this machine is to fetch something now. */
export const mayBringPacks = (objects: Objects, place: Place): boolean => {
  const { cluster } = place;
  const orders = objects.list('LifecycleEvent', cluster).filter((event) => isFor(event, place));
  if (orders.length === 0) return false;
  const open = new Set(
    objects
      .list('Deployment', cluster)
      .filter(waitsForPack)
      .map(({ uid }) => uid),
  );
  return orders.some(({ status }) => open.has(status.deployment?.uid ?? ''));
};
