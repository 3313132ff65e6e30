/** PATCH by merge patch (RFC 7386) and JSON patch (RFC 6902), against the object as the API shows it. */
import * as E from 'fp-ts/lib/Either.js';
import { mergePatch } from '../../api-types/merge-patch.js';
import type { Status } from '../../api-types/status.js';
import type { Live } from '../../store/objects/objects.js';
import type { Answer } from '../context.js';
import { refOf } from '../reads/asked.js';
import { badRequest, conflicted } from '../statuses.js';
import { admitted, isPlain } from './admission.js';
import { changed } from './commit.js';
import { jsonPatchOf, jsonPatched } from './json-patch.js';
import { updating } from './put.js';
import { type Writing, aboutOf } from './writing.js';

/** Makes another object of the one that is shown. */
export type Patching = (object: unknown) => E.Either<Status, unknown>;

const WAITING_SPEC = 'is being deleted and its next spec is already waiting; replace it, or wait for the end';

/** What the server says of an object; a patch of it is of no consequence, but must find it. */
const patched = (
  writing: Writing,
  live: Live,
  patching: Patching,
): E.Either<Status, Readonly<Record<string, unknown>>> => {
  const shown = JSON.parse(writing.route.view.text(live)) as Readonly<Record<string, unknown>>;
  const result = patching(shown);
  if (E.isLeft(result)) return result;
  return isPlain(result.right)
    ? E.right(result.right)
    : E.left(badRequest('the patch does not leave an object'));
};

/** PATCH of an object, whatever the language of the patch. */
export const patchObject = async (writing: Writing, patching: Patching): Promise<Answer> => {
  const { route, options } = writing;
  const ref = refOf(route, route.name ?? '');
  return changed(writing, ref, (live) => {
    if (live.succeeded) return E.left(conflicted(aboutOf(ref), WAITING_SPEC));
    const body = patched(writing, live, patching);
    if (E.isLeft(body)) return body;
    const admission = admitted(route, body.right, options.validation);
    if (E.isLeft(admission)) return admission;
    const demand = updating(writing, { ...admission.right, ref }, live, body.right);
    if (E.isLeft(demand)) return demand;
    const { resourceVersion, ...rest } = demand.right.demands;
    // the one that was shown is no demand: the patch is tried again on whatever is there
    const named = resourceVersion !== String(live.resourceVersion);
    return E.right({ ...demand.right, demands: named ? { ...rest, resourceVersion } : rest });
  });
};

/** Reads a merge patch. */
export const mergePatching = (patch: unknown): E.Either<Status, Patching> =>
  isPlain(patch)
    ? E.right((object) => E.right(mergePatch(object, patch)))
    : E.left(badRequest('the merge patch is not an object'));

/** Reads a JSON patch. */
export const jsonPatching = (patch: unknown, { route }: Writing): E.Either<Status, Patching> => {
  const about = { kind: route.view.kind, name: route.name ?? '' };
  const operations = jsonPatchOf(patch);
  return E.isLeft(operations)
    ? operations
    : E.right((object) => jsonPatched(object, operations.right, about));
};
