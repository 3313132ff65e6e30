/** Packs of cookbooks as hosts are given them: by digest, over their own credential, only what their cluster names. */
import * as E from 'fp-ts/lib/Either.js';
import { packDigests } from '../../api-types/cookbooks.js';
import { isDigest } from '../../api-types/snapshot-digest.js';
import type { Shelf, ShelfFile } from '../../runtime/shelf.js';
import type { Objects } from '../../store/objects/objects.js';
import type { Place } from './places.js';

/** The file, or why there is none, for people. */
export type ReadPack = (place: Place, digest: string) => Promise<E.Either<string, ShelfFile>>;

export interface PacksDependencies {
  readonly objects: Objects;
  readonly shelf: Shelf;
}

const isNamed = (objects: Objects, cluster: string, digest: string): boolean => {
  const live = objects.get({ kind: 'Cluster', cluster: null, name: cluster });
  return live !== null && packDigests(live.status).includes(digest);
};

/** Where a pack is lost, whoever owns the cluster is told so; another control plane may have it meanwhile. */
export const openPacks =
  ({ objects, shelf }: PacksDependencies): ReadPack =>
  async ({ cluster }, digest) => {
    if (!isDigest(digest) || !isNamed(objects, cluster, digest))
      return E.left(`cluster ${cluster} names no pack ${digest}`);
    const file = await shelf.get(digest);
    if (file !== null) return E.right(file);
    shelf.lack(cluster);
    return E.left(
      `this control plane does not have the pack ${digest}: ask another one, or again in a while`,
    );
  };

export const isFile = (body: string | Buffer | ShelfFile): body is ShelfFile =>
  typeof body === 'object' && 'stream' in body;
