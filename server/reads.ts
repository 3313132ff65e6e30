/** get and list, from the cache. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../api-types/status.js';
import { seconds } from '../api-types/units.js';
import type { Live, Ref } from '../store/objects/objects.js';
import type { Caller } from './access/access.js';
import type { Answer, Context } from './context.js';
import type { ResourceRoute } from './routes.js';
import { type Selector, selectorOf } from './selectors.js';
import { badRequest, lagging, notFound } from './statuses.js';

/** Longest wait for the cache to reach a revision. */
const CATCH_UP = seconds(10);

/** Waits until the cache has reached `revision`; false when it took too long. */
export const reached = async (context: Context, revision: number): Promise<boolean> => {
  if (revision <= context.objects.revision()) return true;
  const stop = new AbortController();
  const inTime = await Promise.race([
    context.objects.caughtUp(revision).then(() => true),
    context.clock.sleep(CATCH_UP, stop.signal).then(() => false),
  ]);
  stop.abort();
  return inTime;
};

/** `resourceVersion` of a query: a revision, or 0 where there is none. */
export const revisionAsked = (query: URLSearchParams): E.Either<Status, number> => {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return E.right(0);
  const revision = Number(text);
  if (Number.isSafeInteger(revision) && revision >= 0 && /^\d+$/.test(text)) return E.right(revision);
  return E.left(badRequest(`resourceVersion: expected a revision, got "${text.slice(0, 80)}"`));
};

/** Makes sure the cache is at least as new as what was asked for. */
export const freshEnough = async (context: Context, revision: number): Promise<Status | null> => {
  if (await reached(context, revision)) return null;
  const now = String(context.objects.revision());
  return lagging(`resourceVersion ${String(revision)} is not there yet; this server is at ${now}`);
};

export const refOf = (route: ResourceRoute, name: string): Ref => ({
  kind: route.view.source,
  cluster: route.cluster,
  name,
});

/** The objects of a collection that a selector takes and the caller may see. */
export const selected = (
  context: Context,
  { view, cluster, name }: ResourceRoute,
  selects: Selector,
  caller: Caller,
): readonly Live[] =>
  context.objects
    .list(view.source, cluster ?? undefined)
    .filter(
      (live) =>
        (name === null || live.ref.name === name) && selects(live) && context.access.sees(caller, live),
    );

export const getObject = async (
  context: Context,
  route: ResourceRoute,
  query: URLSearchParams,
): Promise<Answer> => {
  const name = route.name ?? '';
  const revision = revisionAsked(query);
  if (E.isLeft(revision)) return revision;
  const behind = await freshEnough(context, revision.right);
  if (behind !== null) return E.left(behind);
  const live = context.objects.get(refOf(route, name));
  if (live === null) return E.left(notFound({ plural: route.view.plural, name }));
  return E.right({ code: 200, body: route.view.text(live), type: 'application/json' });
};

export const listObjects = async (
  context: Context,
  route: ResourceRoute,
  query: URLSearchParams,
  caller: Caller,
): Promise<Answer> => {
  const revision = revisionAsked(query);
  if (E.isLeft(revision)) return revision;
  const selects = selectorOf(query);
  if (E.isLeft(selects)) return selects;
  const behind = await freshEnough(context, revision.right);
  if (behind !== null) return E.left(behind);
  const { text, groupVersion, kind } = route.view;
  const items = selected(context, route, selects.right, caller).map(text).join(',');
  const resourceVersion = String(context.objects.revision());
  const head = JSON.stringify({
    apiVersion: groupVersion,
    kind: `${kind}List`,
    metadata: { resourceVersion },
  });
  return E.right({
    code: 200,
    body: `${head.slice(0, -1)},"items":[${items}]}`,
    type: 'application/json',
  });
};
