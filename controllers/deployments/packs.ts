/** Packs on the shelf: those that releases name stay, those that hosts ask for in vain are brought back. */
import * as E from 'fp-ts/lib/Either.js';
import { isEnded } from '../../api-types/kinds/deployment.js';
import type { Release } from '../../api-types/release.js';
import { hours, minutes } from '../../api-types/units.js';
import { messageOf } from '../../api-types/thrown.js';
import { transient, type Failure } from '../../runtime/failure.js';
import { eventWrite } from '../../store/objects/events.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import { bringPack, type FetchDependencies } from './fetches.js';

const KEPT_FOR = hours(24);
/** A source that is gone is not asked at every question of a host. */
const TRY_EVERY = minutes(1);

const releasesIn = (objects: Objects, cluster?: string): readonly Release[] => [
  ...objects
    .list('Application', cluster)
    .flatMap(({ status }) => [status.current ?? [], status.releases ?? []].flat()),
  ...objects
    .list('Deployment', cluster)
    .filter(({ status }) => !isEnded(status))
    .flatMap(({ status }) => [status.release ?? [], status.from ?? []].flat()),
];

/** Digests that some release names. */
const namedDigests = (objects: Objects): ReadonlySet<string> =>
  new Set(releasesIn(objects).map(({ digest }) => digest));

/** Releases that a host of the application may ask for now. */
const wantedOf = (objects: Objects, { ref, status }: Live<'Application'>): readonly Release[] => {
  const open = objects
    .list('Deployment', ref.cluster ?? '')
    .filter((one) => one.spec.application === ref.name && !isEnded(one.status))
    .flatMap((one) => [one.status.release ?? [], one.status.from ?? []].flat());
  const all = [...(status.current === undefined ? [] : [status.current]), ...open];
  return [...new Map(all.map((release) => [release.digest, release])).values()];
};

export class Packs {
  private readonly tried = new Map<string, number>();

  constructor(private readonly on: FetchDependencies) {}

  /** Removes what no release has named for a day. */
  async sweep(): Promise<E.Either<Failure, void>> {
    const { artifacts, objects, log } = this.on;
    try {
      const removed = await artifacts.sweep(namedDigests(objects), KEPT_FOR);
      if (removed.length > 0) log.info('packs that no release names are removed', { digests: removed });
      return E.right(undefined);
    } catch (error) {
      return E.left(transient('ArtifactStoreUnavailable', messageOf(error)));
    }
  }

  /** A host of the cluster has asked in vain: what is gone is packed again, from the very revision. */
  async mend(cluster: string): Promise<void> {
    for (const live of this.on.objects.list('Application', cluster))
      for (const release of wantedOf(this.on.objects, live)) await this.bring(live, release);
  }

  /** Of a store that cannot be asked nothing is known. */
  private async isLost(digest: string): Promise<boolean> {
    try {
      return !(await this.on.artifacts.has(digest));
    } catch (error) {
      this.on.log.warn('the artifact store cannot be asked for a pack', { digest, error: messageOf(error) });
      return false;
    }
  }

  private async bring(live: Live<'Application'>, release: Release): Promise<void> {
    const { clock, stopped, objects } = this.on;
    const { digest } = release;
    const now = clock.monotonic();
    if (!(await this.isLost(digest))) return;
    if (now - (this.tried.get(digest) ?? -Infinity) < TRY_EVERY) return;
    this.tried.set(digest, now);
    try {
      const { source } = live.spec;
      await bringPack(this.on, { live, source, revision: undefined, pinned: release, signal: stopped });
      this.on.log.info('a pack is there again', { application: live.ref.name, digest });
    } catch (error) {
      const message = `release ${String(release.number)}: ${messageOf(error)}`.slice(0, 1000);
      const told = {
        regarding: live.ref,
        type: 'Warning',
        reason: 'PackLost',
        message,
        source: 'deployments',
      } as const;
      const write = eventWrite(objects, told, clock.now());
      const written = write === null ? E.right(0) : await objects.write(null, [write])();
      if (E.isLeft(written)) this.on.log.warn('could not tell an event', { cause: written.left });
    }
  }
}
