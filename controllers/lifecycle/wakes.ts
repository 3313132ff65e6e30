/** Which clusters a change concerns: pure. */
import { isAbout } from '../../api-types/accounts.js';
import { isOpen } from '../../api-types/kinds/deployment.js';
import type { Change, Live, Objects } from '../../store/objects/objects.js';

const OWN: readonly string[] = ['Instance', 'Role', 'Grant', 'Run'];

const isUser = (live: Live | null): live is Live<'User'> => live?.ref.kind === 'User';

const isThere = ({ specGeneration, specRevision, deletion }: Live<'User'>): boolean =>
  specGeneration > 0 && specRevision > 0 && deletion === null;

/** What hosts get to see of a user; logins and passwords are in the record and wake nobody. */
const seenByHosts = (live: Live | null): string => {
  if (!isUser(live)) return '';
  const { groups, disabled, sshKeys } = live.spec;
  return JSON.stringify([isThere(live), groups, disabled, sshKeys]);
};

/** Users are of no cluster: those with a Grant that was or is about this one. */
const clustersOfUser = (objects: Objects, { before, after }: Change): readonly string[] => {
  if (seenByHosts(before) === seenByHosts(after)) return [];
  const holders = [before, after].filter(isUser).map(({ ref, spec }) => ({ name: ref.name, spec }));
  return objects
    .list('Grant')
    .filter(({ spec }) => holders.some((holder) => isAbout(spec, holder)))
    .flatMap(({ ref }) => ref.cluster ?? []);
};

const isApplication = (live: Live | null): live is Live<'Application'> => live?.ref.kind === 'Application';
const isDeployment = (live: Live | null): live is Live<'Deployment'> => live?.ref.kind === 'Deployment';

/** What of it is in snapshots. Its counts of hosts and its conditions change often and concern nobody. */
const seenOfApplication = (live: Live | null): string => {
  if (!isApplication(live)) return '';
  // releases never change
  const { current, releases = [] } = live.status;
  const numbers = [current, ...releases].map((release) => release?.number);
  return JSON.stringify([live.deletion === null, live.specRevision > 0, live.succeeded, numbers]);
};

/** Each host has a step every few seconds: only what load balancers are to be told of counts. */
const seenOfDeployment = (live: Live | null): string => {
  if (!isDeployment(live)) return '';
  const { change, moved, release, hosts = {} } = live.status;
  const out = Object.entries(hosts).filter(([, host]) => host.out === true);
  return JSON.stringify([
    isOpen(live),
    change,
    moved,
    release?.number,
    out.map(([name, { machine }]) => [name, machine]),
  ]);
};

const isSeen = ({ ref, before, after }: Change): boolean => {
  const seen = ref.kind === 'Application' ? seenOfApplication : seenOfDeployment;
  return seen(before) !== seen(after);
};

const clustersOfOne = (objects: Objects, change: Change): readonly string[] => {
  const { kind, cluster, name } = change.ref;
  if (kind === 'Cluster') return [name];
  if (kind === 'User') return clustersOfUser(objects, change);
  if (kind === 'Application' || kind === 'Deployment')
    return cluster !== null && isSeen(change) ? [cluster] : [];
  return OWN.includes(kind) && cluster !== null ? [cluster] : [];
};

/** Each once. */
export const clustersOf = (objects: Objects, changes: readonly Change[]): readonly string[] => [
  ...new Set(changes.flatMap((change) => clustersOfOne(objects, change))),
];
