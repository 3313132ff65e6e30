/** get: one object, from the cache. */
import * as E from 'fp-ts/lib/Either.js';
import type { Caller } from '../access/access.js';
import type { Answer, Context } from '../context.js';
import type { Asked } from '../door.js';
import type { ResourceRoute } from '../routes.js';
import { revealedReply } from '../secrets/reveal.js';
import { notFound } from '../statuses.js';
import { answerTexts } from './answers.js';
import { freshEnough, objectAt, revisionAsked } from './asked.js';
import { shapeOf } from './shapes.js';

/** Answers with the object of a route. */
export const getObject = async (
  context: Context,
  route: ResourceRoute,
  asked: Asked,
  caller: Caller,
): Promise<Answer | null> => {
  const { query, request } = asked;
  const { view } = route;
  const shape = shapeOf(view, 'one', { accept: request.headers.accept, query });
  if (E.isLeft(shape)) return shape;
  const revision = revisionAsked(query);
  if (E.isLeft(revision)) return revision;
  const behind = await freshEnough(context, revision.right);
  if (behind !== null) return E.left(behind);
  const name = route.name ?? '';
  const live = objectAt(context, route, name);
  if (live === null) return E.left(notFound({ plural: view.plural, name }));
  const values = revealedReply(context, live, { route, asked, caller, shape: shape.right });
  if (values !== null) return E.right(values);
  const { type, single } = shape.right;
  return answerTexts(context, asked, type, [single(live, context.clock.now())]);
};
