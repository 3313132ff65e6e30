/** list: a collection as it was at one revision, whole or page by page. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../../api-types/status.js';
import type { Live } from '../../store/objects/objects.js';
import type { Caller } from '../access/access.js';
import type { Answer, Context } from '../context.js';
import type { Asked } from '../door.js';
import type { ResourceRoute } from '../routes.js';
import { answerTexts } from './answers.js';
import { type Choice, chosenAt, freshEnough, placeOf } from './asked.js';
import { type Page, continuation, pageAsked } from './pages.js';
import { selectorOf } from './selectors.js';
import { type ListMeta, type Shape, shapeOf } from './shapes.js';

interface Told {
  readonly meta: ListMeta;
  readonly lives: readonly Live[];
}

const told = (page: Page, revision: number, chosen: readonly Live[]): Told => {
  const { after, limit } = page;
  const from = after === null ? 0 : chosen.findIndex(({ ref }) => placeOf(ref) > after);
  const rest = from === -1 ? [] : chosen.slice(from);
  const lives = limit === null ? rest : rest.slice(0, limit);
  const last = lives.at(-1);
  const resourceVersion = String(revision);
  const more = rest.length - lives.length;
  if (more === 0 || last === undefined) return { meta: { resourceVersion }, lives };
  const token = continuation(page, revision, placeOf(last.ref));
  return { meta: { resourceVersion, continue: token, remainingItemCount: more }, lives };
};

function* textsOf(shape: Shape, { meta, lives }: Told, now: number): Generator<string> {
  yield shape.head(meta);
  for (const [index, live] of lives.entries())
    yield index === 0 ? shape.item(live, now) : shape.between + shape.item(live, now);
  yield shape.foot(lives.length);
}

interface Understood {
  readonly shape: Shape;
  readonly choice: Choice;
  readonly page: Page;
}

const understood = (
  route: ResourceRoute,
  { query, path, request }: Asked,
  caller: Caller,
): E.Either<Status, Understood> => {
  const shape = shapeOf(route.view, 'list', { accept: request.headers.accept, query });
  if (E.isLeft(shape)) return shape;
  const selects = selectorOf(route.view, query);
  if (E.isLeft(selects)) return selects;
  const page = pageAsked(path, query);
  if (E.isLeft(page)) return page;
  return E.right({
    shape: shape.right,
    choice: { route, selects: selects.right, caller },
    page: page.right,
  });
};

/** Answers with the objects of a collection that are asked for and that the caller may see. */
export const listObjects = async (
  context: Context,
  route: ResourceRoute,
  asked: Asked,
  caller: Caller,
): Promise<Answer | null> => {
  const request = understood(route, asked, caller);
  if (E.isLeft(request)) return request;
  const { shape, choice, page } = request.right;
  const behind = await freshEnough(context, page.atLeast);
  if (behind !== null) return E.left(behind);
  const { exactly } = page;
  if (exactly !== null && exactly.revision < context.ring.floor()) return E.left(exactly.tooOld);
  const revision = exactly?.revision ?? context.objects.revision();
  const answer = told(page, revision, chosenAt(context, choice, revision));
  return answerTexts(context, asked, shape.type, textsOf(shape, answer, context.clock.now()));
};
