/** Packs as hosts are given them: by digest, over their own credential, only what is meant for them. */
import * as E from 'fp-ts/lib/Either.js';
import { packDigests } from '../../api-types/cookbooks.js';
import { isEnded } from '../../api-types/kinds/deployment.js';
import { isDigest } from '../../api-types/snapshot-digest.js';
import type { Clock } from '../../runtime/clock.js';
import { HeldFiles } from '../../runtime/held-files.js';
import type { Shelf, ShelfFile } from '../../runtime/shelf.js';
import type { Objects } from '../../store/objects/objects.js';
import type { Place } from './places.js';

/** The file, or where it is to be had without us. */
export type GivenPack =
  { readonly _tag: 'File'; readonly file: ShelfFile } | { readonly _tag: 'Link'; readonly url: string };

/** Or why there is none, for people. `direct`: the host could not have it from where it was sent. */
export type ReadPack = (
  place: Place,
  digest: string,
  direct: boolean,
) => Promise<E.Either<string, GivenPack>>;

export interface PacksDependencies {
  readonly objects: Objects;
  /** Of cookbooks. */
  readonly shelf: Shelf;
  /** Of applications. */
  readonly artifacts: Shelf;
  readonly clock: Clock;
}

const isOfCookbooks = (objects: Objects, cluster: string, digest: string): boolean => {
  const live = objects.get({ kind: 'Cluster', cluster: null, name: cluster });
  return live !== null && packDigests(live.status).includes(digest);
};

/** Of a release that hosts of its roles run, may go back to, or are brought now. */
const isOfRelease = (objects: Objects, { cluster, role, roles }: Place, digest: string): boolean => {
  const open = objects.list('Deployment', cluster).filter(({ status }) => !isEnded(status));
  const releases = [
    ...objects
      .list('Application', cluster)
      .flatMap(({ status }) => [status.current, ...(status.releases ?? [])]),
    ...open.flatMap(({ status }) => [status.release, status.from]),
  ];
  return releases.some(
    (release) =>
      release?.digest === digest && release.roles.some((one) => one === role || roles.includes(one)),
  );
};

const shelfFor = (on: PacksDependencies, place: Place, digest: string): Shelf | null => {
  if (!isDigest(digest)) return null;
  if (isOfCookbooks(on.objects, place.cluster, digest)) return on.shelf;
  return isOfRelease(on.objects, place, digest) ? on.artifacts : null;
};

/** Where a pack is lost, whoever owns the cluster is told so; another control plane may have it meanwhile. */
export const openPacks = (on: PacksDependencies): ReadPack => {
  const held = new HeldFiles(on.clock);
  return async (place, digest, direct) => {
    const { cluster } = place;
    const shelf = shelfFor(on, place, digest);
    if (shelf === null) return E.left(`cluster ${cluster} names no pack ${digest}`);
    // a bucket that does not answer must keep nobody from what is here
    const url = direct ? null : await shelf.link(digest).catch(() => null);
    if (url !== null) return E.right({ _tag: 'Link', url });
    const file = await shelf.get(digest);
    if (file !== null) return E.right({ _tag: 'File', file: await held.share(digest, file) });
    shelf.lack(cluster);
    return E.left(
      `this control plane does not have the pack ${digest}: ask another one, or again in a while`,
    );
  };
};

export const isFile = (body: string | Buffer | ShelfFile): body is ShelfFile =>
  typeof body === 'object' && 'stream' in body;
