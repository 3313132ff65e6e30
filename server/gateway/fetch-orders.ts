/** Hosts that were told to fetch a source for all others: while that is open they may read its Secret, and bring the pack. */
import type { ApplicationSource } from '../../api-types/application-source.js';
import { isEnded } from '../../api-types/kinds/deployment.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import type { Place } from './places.js';

const isFor = ({ status }: Live<'LifecycleEvent'>, { instance, machine }: Place): boolean =>
  status.deployment?.step === 'fetch' &&
  status.targets.some((target) => target.machine === machine && target.instance === instance);

/** With a release there is a pack; one that has ended wants none. */
const waitsForPack = ({ status }: Live<'Deployment'>): boolean =>
  !isEnded(status) && status.release === undefined;

/** The sources that this machine is to fetch now. */
export const sourcesToFetch = (objects: Objects, place: Place): readonly ApplicationSource[] => {
  const { cluster } = place;
  const orders = objects.list('LifecycleEvent', cluster).filter((event) => isFor(event, place));
  if (orders.length === 0) return [];
  const open = new Set(
    objects
      .list('Deployment', cluster)
      .filter(waitsForPack)
      .map(({ uid }) => uid),
  );
  return orders.flatMap(({ status: { deployment } }) =>
    deployment?.source !== undefined && open.has(deployment.uid) ? [deployment.source] : [],
  );
};

/** The names of the Secrets that open them. */
export const secretsToFetch = (objects: Objects, place: Place): ReadonlySet<string> =>
  new Set(sourcesToFetch(objects, place).flatMap(({ secret }) => secret ?? []));
