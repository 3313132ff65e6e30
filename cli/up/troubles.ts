/** What stands in the way of a bring-up, a line each: for the live table and for the reason of a missed deadline. */
import type { Condition } from '../../api-types/metadata.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import { shortName } from '../words.js';

/** Reasons that only say that a dependency, which has a line of its own, is not there yet; and the usual progress. */
const QUIET: readonly string[] = ['HostsNotReady', 'CloudNotReady'];

type Watched = 'Cloud' | 'Cluster' | 'Role';

const badOf = ({ status }: Live<Watched>): Condition | undefined => {
  const { Valid, Stalled, Ready } = status.conditions ?? {};
  if (Valid?.status === 'False') return Valid;
  if (Stalled?.status === 'True') return Stalled;
  return Ready?.status === 'False' && !QUIET.includes(Ready.reason) ? Ready : undefined;
};

const lineOf = (live: Live<Watched>): readonly string[] => {
  const bad = badOf(live);
  if (bad === undefined) return [];
  const { kind, cluster, name } = live.ref;
  return [`${cluster === null ? '' : `${cluster} `}${shortName(kind, name)}: ${bad.reason}: ${bad.message}`];
};

/** Clouds, clusters and roles that wait for somebody to do something, in the order they depend on each other. */
export const troublesOf = (objects: Objects): readonly string[] => [
  ...objects.list('Cloud').flatMap(lineOf),
  ...objects.list('Cluster').flatMap(lineOf),
  ...objects.list('Role').flatMap(lineOf),
];
