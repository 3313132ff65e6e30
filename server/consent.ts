/** Consent: a person wants the terminations that an edit or a deletion means. Noted on the record by revision. */
import * as E from 'fp-ts/lib/Either.js';
import type { Status } from '../api-types/status.js';
import type { Live } from '../store/objects/objects.js';
import type { Answer, Context } from './context.js';
import { presented } from './present.js';
import { reached, refOf } from './reads/asked.js';
import type { ResourceRoute } from './routes.js';
import { type About, badRequest, conflicted, lagging, notFound, statusOfFailure } from './statuses.js';

/** What the person saw when they consented; both are optional. */
interface Seen {
  readonly uid: unknown;
  readonly generation: unknown;
}

const changedSince = (live: Live, { uid, generation }: Seen): boolean =>
  (uid !== undefined && uid !== live.uid) || (generation !== undefined && generation !== live.generation);

/** Null: it is still what the person saw; a Status when they must look again. */
const refused = (live: Live, about: About, options: Readonly<Record<string, unknown>>): Status | null => {
  const unknown = Object.keys(options).find((key) => key !== 'uid' && key !== 'generation');
  if (unknown !== undefined) return badRequest(`expected uid and generation, got "${unknown}"`);
  if (changedSince(live, { uid: options['uid'], generation: options['generation'] }))
    return conflicted(about, 'it was edited after what you consented to; look again');
  return null;
};

/** POST …/roles/<name>/consent and …/clusters/<name>/consent, with `{uid, generation}` of what was seen. */
export const consent = async (
  context: Context,
  route: ResourceRoute,
  options: Readonly<Record<string, unknown>>,
  { dryRun }: { readonly dryRun: boolean },
): Promise<Answer> => {
  const ref = refOf(route, route.name ?? '');
  const about = { plural: route.view.plural, name: ref.name };
  const live = context.objects.get(ref);
  if (live === null) return E.left(notFound(about));
  const no = refused(live, about, options);
  if (no !== null) return E.left(no);
  if (dryRun) return E.right({ code: 200, body: presented(live) });
  // everything up to now: a cluster's consent covers its roles' edits, a role's the deletions of its instances
  const patch = { consentRevision: context.objects.revision() };
  const written = await context.objects.write(null, [{ write: 'status', ref, patch }])();
  if (E.isLeft(written)) return E.left(statusOfFailure(written.left, about));
  if (!(await reached(context, written.right))) return E.left(lagging('the consent is stored'));
  return E.right({ code: 200, body: presented(context.objects.get(ref) ?? live) });
};
