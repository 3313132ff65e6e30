/** `POST /apis/scalarium.dev/v1/plan`: what would be done about the documents of the body. */
import * as E from 'fp-ts/lib/Either.js';
import type { RoleSpec } from '../api-types/kinds/role.js';
import { type SentManifest, decodeManifest, nameOfManifest } from '../api-types/manifest.js';
import { kindEntry } from '../api-types/kinds.js';
import { API_VERSION } from '../api-types/metadata.js';
import type { Plan } from '../api-types/plan.js';
import type { Status } from '../api-types/status.js';
import type { Problem } from '../api-types/problems.js';
import { inDependencyOrder, referenceProblems } from '../api-types/references.js';
import type { Ref } from '../store/objects/objects.js';
import { bodyDocuments } from './body.js';
import type { Caller } from './access/access.js';
import type { Answer, Context } from './context.js';
import type { Door } from './door.js';
import { API_PATH } from './routes.js';
import { forbidden, invalid, tooLarge } from './statuses.js';
import { findView } from './views/views.js';

const flattened = (bodies: readonly unknown[]): readonly unknown[] =>
  bodies.flatMap((body) => {
    const { kind, items } = (body ?? {}) as { readonly kind?: unknown; readonly items?: unknown };
    return kind === 'List' && Array.isArray(items) ? (items as readonly unknown[]) : [body];
  });

const named = (input: unknown, index: number, problem: Problem): Problem => ({
  ...problem,
  path: `document ${String(index + 1)} (${nameOfManifest(input)}) ${problem.path}`.trim(),
});

const seenBy = (context: Context, caller: Caller | null, ref: Ref): boolean => {
  const live = context.objects.get(ref);
  return live === null || (caller !== null && context.access.sees(caller, live));
};

/** What the caller may see: references to the rest are told to lead nowhere. */
const stored =
  (context: Context, caller: Caller | null) =>
  (kind: Ref['kind'], cluster: string | null, name: string): unknown => {
    const live = context.objects.get({ kind, cluster, name });
    const there = live !== null && (live.deletion === null || live.succeeded);
    return there && caller !== null && context.access.sees(caller, live) ? live.spec : null;
  };

/** Not for this caller to see, whether or not it is there: the plan would tell. */
const isHidden = (context: Context, { kind, metadata }: SentManifest, caller: Caller | null): boolean => {
  const view = findView(API_VERSION, kindEntry(kind).plural);
  if (view === null || caller === null) return true;
  const resource = { view, cluster: metadata.namespace ?? null, name: metadata.name, sub: null };
  return !context.access.decide(caller, { verb: 'get', path: '', resource }).allowed;
};

const hidden = ({ kind, metadata }: SentManifest, caller: Caller | null): Status => {
  const where = metadata.namespace === undefined ? '' : ` in cluster "${metadata.namespace}"`;
  return forbidden(caller?.user ?? '', `plan of ${kind} "${metadata.name}"${where}`, 'they may not see it');
};

/** What one plan may be about: its answer names every host. */
const MOST_DOCUMENTS = 1000;
const MOST_HOSTS = 50_000;

const hostsOf = (manifests: readonly SentManifest[]): number =>
  manifests.reduce((sum, { kind, spec }) => sum + (kind === 'Role' ? (spec as RoleSpec).replicas : 0), 0);

/** Plans a List or the documents of a YAML stream; any problem refuses them all. */
const planDocuments = (context: Context, bodies: readonly unknown[], caller: Caller | null): Answer => {
  const inputs = flattened(bodies);
  if (inputs.length > MOST_DOCUMENTS)
    return E.left(
      tooLarge(`${String(inputs.length)} documents; at most ${String(MOST_DOCUMENTS)} are planned at once`),
    );
  let problems: readonly Problem[] = [];
  const manifests: SentManifest[] = [];
  inputs.forEach((input, index) => {
    const decoded = decodeManifest(input);
    if (E.isLeft(decoded))
      problems = problems.concat(decoded.left.map((problem) => named(input, index, problem)));
    else manifests.push(decoded.right);
  });
  const unseen = manifests.find((manifest) => isHidden(context, manifest, caller));
  if (unseen !== undefined) return E.left(hidden(unseen, caller));
  if (problems.length === 0)
    problems = referenceProblems(manifests, stored(context, caller)).map((problem) =>
      named(inputs[problem.document], problem.document, problem),
    );
  if (problems.length > 0) return E.left(invalid('Plan', 'plan', problems));
  if (hostsOf(manifests) > MOST_HOSTS)
    return E.left(tooLarge(`more than ${String(MOST_HOSTS)} hosts are not planned at once`));
  // edits of some objects end others: those are told to whoever sees them
  const changes = context
    .plan(inDependencyOrder(manifests))
    .filter(({ object: { kind, namespace, name } }) =>
      seenBy(context, caller, { kind, cluster: namespace ?? null, name }),
    );
  const plan: Plan = { apiVersion: API_VERSION, kind: 'Plan', changes };
  return E.right({ code: 200, body: plan });
};

export const planDoor: Door = {
  method: 'POST',
  path: `${API_PATH}/plan`,
  answer: async (context, { request }, caller) => {
    const bodies = await bodyDocuments(request);
    return E.isLeft(bodies) ? bodies : planDocuments(context, bodies.right, caller);
  },
};
