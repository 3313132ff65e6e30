/**
 * Opens an adapter for each Cloud and says how it stands with it. Adapters are opened on every control plane, a
 * standby too, so that it can take over at once; only the owner of what is cluster-wide writes.
 */
import { isDeepStrictEqual } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { defer, filter, from, merge, mergeMap, type Observable } from 'rxjs';
import { seconds, type Millis } from '../../api-types/units.js';
import type { Clouds } from '../../cloud/cloud.js';
import { timestamp, type Clock } from '../../runtime/clock.js';
import { runAfter, settled, type Controller, type Outcome } from '../../runtime/controller.js';
import { transient, type Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import type { Sealer } from '../../runtime/sealing.js';
import type { Change, Live, Objects, Ref, Write } from '../../store/objects/objects.js';
import { GLOBAL, type Ownership } from '../../store/ownership.js';
import { createAdapters, type AdapterFactories, type Adapters } from './adapters.js';
import { credentialsOf, secretOf } from './credentials.js';
import { statusPatch, type Standing } from './status.js';

export interface CloudsOptions extends AdapterFactories {
  readonly objects: Objects;
  readonly ownership: Ownership;
  /** Opens the Secrets that Clouds name. */
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpenClouds {
  readonly controller: Controller;
  readonly clouds: Clouds;
  readonly close: () => void;
}

const CHECK_EVERY = seconds(30);
/** Without a complete sweep for so long, the endpoint is probed again to say why. */
const SWEEPS_LATE_AFTER = seconds(60);
const RETRY_AFTER = seconds(5);
/** A person must act, perhaps not on the Cloud object (rights, a clock): look whether they have. */
const RETRY_STALLED_AFTER = seconds(60);

const refOf = (name: string): Ref<'Cloud'> => ({ kind: 'Cloud', cluster: null, name });

/** Our own status writes must not wake us: a message that differs each time would make a busy circle. */
const edited = (before: Live, after: Live): boolean =>
  before.specRevision !== after.specRevision || before.deletion?.revision !== after.deletion?.revision;

const cloudsNaming = (objects: Objects, secret: Ref): readonly string[] =>
  objects
    .list('Cloud')
    .filter(({ spec }) => isDeepStrictEqual(secretOf(spec), secret))
    .map(({ ref }) => ref.name);

const cloudsIn = (objects: Objects, changes: readonly Change[]): readonly string[] =>
  changes.flatMap(({ ref, before, after }) => {
    if (ref.kind === 'Secret') return cloudsNaming(objects, ref);
    if (ref.kind === 'Cloud')
      return before === null || after === null || edited(before, after) ? [ref.name] : [];
    // the last cluster of a deleted Cloud lets it go
    return ref.kind === 'Cluster' && after === null && before !== null
      ? [(before as Live<'Cluster'>).spec.cloud]
      : [];
  });

const wakeOn = (objects: Objects, ownership: Ownership): Observable<string> => {
  const every$ = defer(() => from(objects.list('Cloud').map(({ ref }) => ref.name)));
  return merge(
    every$,
    objects.changes$.pipe(mergeMap((changes) => from(cloudsIn(objects, changes)))),
    ownership.changes$.pipe(
      filter((cluster) => cluster === GLOBAL),
      mergeMap(() => every$),
    ),
  );
};

interface Work extends CloudsOptions {
  readonly adapters: Adapters;
}

/** Writes under the fence of what is cluster-wide; a standby writes nothing. */
const write = ({ objects, ownership }: Work, writes: readonly Write[]): TaskEither<Failure, unknown> => {
  const fence = ownership.of(GLOBAL);
  return fence === null || fence.left() <= 0
    ? () => Promise.resolve(E.right(null))
    : objects.write(fence, writes);
};

const tell = (
  work: Work,
  live: Live<'Cloud'>,
  description: string,
  standing: Standing,
): TaskEither<Failure, unknown> => {
  const patch = statusPatch({
    name: live.ref.name,
    description,
    standing,
    generation: live.specGeneration,
    before: live.status,
    now: timestamp(work.clock.now()),
  });
  return write(work, [{ write: 'status', ref: live.ref, patch }]);
};

const sweepsLate = (work: Work, name: string): boolean => {
  const last = work.adapters.lastSign(name);
  return last !== null && work.clock.monotonic() - last > SWEEPS_LATE_AFTER;
};

const listingFails = transient('CloudUnavailable', 'the endpoint answers, but listing our machines fails');

/** Probes an endpoint that is new or whose sweeps fail; one in use is taken at its word. */
const standingOf = async (work: Work, name: string): Promise<Standing> => {
  const open = work.adapters.clouds.get(name);
  const late = sweepsLate(work, name);
  if (open !== null && !late) return { _tag: 'Usable', capabilities: open.capabilities };
  const result = await work.adapters.probe(name)();
  if (E.isLeft(result)) return { _tag: 'Failing', failure: result.left };
  return late ? { _tag: 'Failing', failure: listingFails } : { _tag: 'Usable', capabilities: result.right };
};

interface Stand {
  /** The endpoint, for people. */
  readonly description: string;
  readonly standing: Standing;
}

/** Opens the endpoint with what its Secret holds now, and says how it stands with it. */
const standWith = async (work: Work, { ref, spec }: Live<'Cloud'>): Promise<Stand> => {
  const credentials = credentialsOf(work.objects, work.sealer, spec);
  if (E.isLeft(credentials)) {
    // keys that were taken away are not used any more
    work.adapters.drop(ref.name);
    const description = `${spec.provider} in ${spec.region ?? 'no region'}`;
    return { description, standing: { _tag: 'Failing', failure: credentials.left } };
  }
  const { description } = work.adapters.ensure(ref.name, spec, credentials.right);
  return { description, standing: await standingOf(work, ref.name) };
};

const retryIn = (failure: Failure): Millis => {
  if (failure._tag === 'Stalled') return RETRY_STALLED_AFTER;
  return failure._tag === 'Transient' ? (failure.retryAfter ?? RETRY_AFTER) : RETRY_AFTER;
};

const nextOf = (standing: Standing): Outcome =>
  standing._tag === 'Failing'
    ? runAfter(retryIn(standing.failure), `the endpoint failed: ${standing.failure.reason}`)
    : runAfter(CHECK_EVERY, 'to see that sweeps succeed');

const clustersOn = (objects: Objects, name: string): readonly string[] =>
  objects
    .list('Cluster')
    .filter(({ spec }) => spec.cloud === name)
    .map(({ ref }) => ref.name);

/** A deleted Cloud stays open while clusters have machines to tear down there. */
const leave = async (work: Work, live: Live<'Cloud'>): Promise<E.Either<Failure, Outcome>> => {
  const { adapters, objects } = work;
  const { name } = live.ref;
  const clusters = clustersOn(objects, name);
  if (clusters.length > 0) {
    const { description, standing } = await standWith(work, live);
    const shown: Standing = standing._tag === 'Failing' ? standing : { _tag: 'Leaving', clusters };
    const told = await tell(work, live, description, shown)();
    return E.isLeft(told) ? told : E.right(nextOf(standing));
  }
  adapters.drop(name);
  const forget: Write = { write: 'forget', ref: live.ref, unchangedSince: live.recordRevision };
  const forgotten = await write(work, [forget])();
  return E.isLeft(forgotten) ? forgotten : E.right(settled);
};

/** Once for each reason, not at each try. */
const warn = ({ log }: Work, { ref, status }: Live<'Cloud'>, standing: Standing): void => {
  if (standing._tag !== 'Failing' || status.conditions?.['Ready']?.reason === standing.failure.reason) return;
  const { reason, message } = standing.failure;
  log.warn('cloud is not usable', { cloud: ref.name, reason, problem: message });
};

const reconcile =
  (work: Work, name: string): TaskEither<Failure, Outcome> =>
  async () => {
    const live = work.objects.get(refOf(name));
    if (live === null) {
      work.adapters.drop(name);
      return E.right(settled);
    }
    if (live.deletion !== null) return leave(work, live);
    const { description, standing } = await standWith(work, live);
    warn(work, live, standing);
    const told = await tell(work, live, description, standing)();
    return E.isLeft(told) ? told : E.right(nextOf(standing));
  };

/** Makes the controller and the port it serves. */
export const openClouds = (options: CloudsOptions): OpenClouds => {
  const adapters = createAdapters(options, options.clock);
  const work: Work = { ...options, adapters };
  return {
    controller: {
      name: 'clouds',
      wake$: wakeOn(options.objects, options.ownership),
      reconcile: (name) => reconcile(work, name),
    },
    clouds: adapters.clouds,
    close: adapters.close,
  };
};
