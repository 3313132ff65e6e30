/** Which revision a read is for, and the objects that were there at it. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../../api-types/status.js';
import { seconds } from '../../api-types/units.js';
import type { Live, Ref } from '../../store/objects/objects.js';
import type { Caller } from '../access/access.js';
import type { Context } from '../context.js';
import type { ResourceRoute } from '../routes.js';
import { badRequest, lagging } from '../statuses.js';
import type { Selector } from './selectors.js';

/** Longest wait for the cache to reach a revision. */
const CATCH_UP = seconds(10);

/** Waits until the cache has reached `revision`; false when it took too long. */
export const reached = async (context: Context, revision: number): Promise<boolean> => {
  if (revision <= context.objects.revision()) return true;
  const stop = new AbortController();
  const inTime = await Promise.race([
    context.objects.caughtUp(revision, stop.signal).then(() => true),
    context.clock.sleep(CATCH_UP, stop.signal).then(() => false),
  ]);
  stop.abort();
  return inTime;
};

/** A whole number of a query; null where there is none. */
export const numberAsked = (query: URLSearchParams, name: string): E.Either<Status, number | null> => {
  const text = query.get(name) ?? '';
  if (text === '') return E.right(null);
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return E.right(number);
  return E.left(badRequest(`${name}: expected a whole number, got "${text.slice(0, 80)}"`));
};

/** `resourceVersion` of a query: a revision, or 0 where there is none. */
export const revisionAsked = (query: URLSearchParams): E.Either<Status, number> =>
  E.map((revision: number | null) => revision ?? 0)(numberAsked(query, 'resourceVersion'));

/** Makes sure the cache is at least as new as what was asked for. */
export const freshEnough = async (context: Context, revision: number): Promise<Status | null> => {
  if (await reached(context, revision)) return null;
  const now = String(context.objects.revision());
  return lagging(`resourceVersion ${String(revision)} is not there yet; this server is at ${now}`);
};

/** The stored object behind a name of this collection. */
export const refOf = (route: ResourceRoute, name: string): Ref => ({
  kind: route.view.source,
  cluster: route.cluster,
  name,
});

/** The order of lists. */
export const placeOf = ({ cluster, name }: Ref): string => `${cluster ?? ''}/${name}`;

const inOrder = (left: Live, right: Live): number => {
  const [here, there] = [left.ref.cluster ?? '', right.ref.cluster ?? ''];
  if (here !== there) return here < there ? -1 : 1;
  return left.ref.name < right.ref.name ? -1 : left.ref.name > right.ref.name ? 1 : 0;
};

/** A collection as it was at a revision that is not below the ring's floor: today's, with the changes since taken back. */
const storedAt = (context: Context, { view, cluster }: ResourceRoute, revision: number): readonly Live[] => {
  const today = context.objects.list(view.source, cluster ?? undefined);
  const before = new Map<string, Live | null>();
  for (const { ref, before: was } of context.ring.since(revision)) {
    const concerns = ref.kind === view.source && (cluster === null || ref.cluster === cluster);
    // the first change since is the one that began from there
    if (concerns && !before.has(placeOf(ref))) before.set(placeOf(ref), was);
  }
  if (before.size === 0) return today;
  const unchanged = today.filter(({ ref }) => !before.has(placeOf(ref)));
  return [...unchanged, ...[...before.values()].flatMap((live) => live ?? [])].sort(inOrder);
};

const withFixed = ({ view }: ResourceRoute, stored: readonly Live[]): readonly Live[] => {
  if (view.fixed.length === 0) return stored;
  const names = new Set(stored.map(({ ref }) => ref.name));
  return [...stored, ...view.fixed.filter(({ ref }) => !names.has(ref.name))].sort(inOrder);
};

/** Which objects of a collection a request is about. */
export interface Choice {
  readonly route: ResourceRoute;
  readonly selects: Selector;
  readonly caller: Caller;
}

/** Whether the caller may see an object: what is there for everybody, everybody sees. */
export const seenBy = ({ access }: Context, { route, caller }: Choice, live: Live): boolean =>
  route.view.fixed.includes(live) || access.sees(caller, live);

/** Those that were there at a revision. */
export const chosenAt = (context: Context, choice: Choice, revision: number): readonly Live[] => {
  const { route, selects } = choice;
  return withFixed(route, storedAt(context, route, revision)).filter(
    (live) =>
      (route.name === null || live.ref.name === route.name) && selects(live) && seenBy(context, choice, live),
  );
};

/** One object, or null. */
export const objectAt = (context: Context, route: ResourceRoute, name: string): Live | null =>
  context.objects.get(refOf(route, name)) ?? route.view.fixed.find(({ ref }) => ref.name === name) ?? null;
