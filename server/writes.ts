/** create, replace, merge-patch and delete: admission, preconditions, then one conditional write to the spec key. */
import * as E from 'fp-ts/lib/Either.js';
import { isDeepStrictEqual } from 'node:util';
import { kindEntry } from '../api-types/kinds.js';
import { type SentManifest, decodeManifest } from '../api-types/manifest.js';
import { mergePatch } from '../api-types/merge-patch.js';
import { API_VERSION, type ApiObject } from '../api-types/metadata.js';
import type { Problem } from '../api-types/problems.js';
import type { Status } from '../api-types/status.js';
import { millis } from '../api-types/units.js';
import type { Failure } from '../runtime/failure.js';
import type { Live, Ref, SpecDocument, Write } from '../store/objects/objects.js';
import type { Answer, Context, Reply } from './context.js';
import { presented } from './present.js';
import { reached, refOf } from './reads/asked.js';
import type { ResourceRoute } from './routes.js';
import {
  type About,
  alreadyExists,
  badRequest,
  conflicted,
  invalid,
  lagging,
  noNamespace,
  notFound,
  statusOfFailure,
} from './statuses.js';

/** Tries of a write that names no resourceVersion, against others who write at the same time. */
const TRIES = 5;

const NEXT_INCARNATION =
  'the object is being deleted; the new spec is stored and takes effect once the deletion has ended';

const aboutOf = (ref: Ref): About => ({ plural: kindEntry(ref.kind).plural, name: ref.name });

const mismatch = (path: string, expected: string | undefined, got: string | undefined): readonly Problem[] =>
  expected === got
    ? []
    : [{ path, expected: expected ?? 'nothing', got: got === undefined ? 'nothing' : `"${got}"` }];

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const misplaced = (route: ResourceRoute, { kind, metadata }: SentManifest): readonly Problem[] => [
  ...mismatch('kind', route.view.kind, kind),
  ...mismatch('metadata.namespace', route.cluster ?? undefined, metadata.namespace),
  ...(route.name === null ? [] : mismatch('metadata.name', route.name, metadata.name)),
];

const nameSent = (body: unknown): string => {
  const metadata = isPlain(body) ? body['metadata'] : undefined;
  const name = isPlain(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : '';
};

/** The body as a manifest of this route's kind, place and (where the route has one) name. */
const admitted = (route: ResourceRoute, body: unknown): E.Either<Status, SentManifest> => {
  const input = isPlain(body) ? { apiVersion: API_VERSION, kind: route.view.source, ...body } : body;
  const decoded = decodeManifest(input, route.cluster);
  const problems = E.isLeft(decoded) ? decoded.left : misplaced(route, decoded.right);
  if (E.isRight(decoded) && problems.length === 0) return decoded;
  return E.left(invalid(route.view.kind, route.name ?? nameSent(body), problems));
};

const documentOf = ({ metadata, spec }: SentManifest, live: Live | null): SpecDocument => {
  const sent = metadata.ownerReferences?.[0];
  const owner = live?.owner ?? (sent && { kind: sent.kind, name: sent.name, uid: sent.uid });
  return {
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    ...(owner ? { owner } : {}),
    spec,
  };
};

/** The cluster an object is put into must be there, and stay. */
const namespaceProblem = (context: Context, ref: Ref): Status | null => {
  if (ref.cluster === null) return null;
  const cluster: Ref<'Cluster'> = { kind: 'Cluster', cluster: null, name: ref.cluster };
  const live = context.objects.get(cluster);
  if (live === null) return noNamespace(ref.cluster);
  if (live.deletion === null) return null;
  return conflicted(aboutOf(cluster), 'is being deleted (terminating); nothing new can be put into it');
};

interface Admission {
  readonly manifest: SentManifest;
  readonly ref: Ref;
}

/** What was sent, admitted, and the place for it. */
const housed = (context: Context, route: ResourceRoute, body: unknown): E.Either<Status, Admission> => {
  const manifest = admitted(route, body);
  if (E.isLeft(manifest)) return manifest;
  const ref = refOf(route, manifest.right.metadata.name);
  const homeless = namespaceProblem(context, ref);
  return homeless === null ? E.right({ manifest: manifest.right, ref }) : E.left(homeless);
};

const answered = async (context: Context, revision: number, reply: () => Reply | null): Promise<Answer> => {
  if (!(await reached(context, revision)))
    return E.left(lagging(`written at revision ${String(revision)}, which this server has not seen yet`));
  const now = reply();
  if (now !== null) return E.right(now);
  // somebody deleted it in between: the write was done all the same
  return E.right({
    code: 200,
    body: { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success', code: 200 },
  });
};

const objectReply = (context: Context, ref: Ref, code: number, warning?: string) => (): Reply | null => {
  const live = context.objects.get(ref);
  if (live === null) return null;
  return { code, body: presented(live), ...(warning === undefined ? {} : { warnings: [warning] }) };
};

/** POST to a collection. */
export const createObject = async (
  context: Context,
  route: ResourceRoute,
  body: unknown,
): Promise<Answer> => {
  const admission = housed(context, route, body);
  if (E.isLeft(admission)) return admission;
  const { manifest, ref } = admission.right;
  const there = context.objects.get(ref);
  if (there !== null) return E.left(alreadyExists(aboutOf(ref), whyThere(there)));
  const write: Write = { write: 'create', ref, document: documentOf(manifest, null) };
  const written = await context.objects.write(null, [write])();
  if (E.isLeft(written)) return E.left(createFailed(context, ref, written.left));
  return answered(context, written.right, objectReply(context, ref, 201));
};

const whyThere = (live: Live): string =>
  live.deletion === null
    ? 'already exists'
    : 'already exists and is being deleted (terminating); wait for its end, or replace or apply it';

const createFailed = (context: Context, ref: Ref, failure: Failure): Status => {
  if (failure._tag !== 'Conflict') return statusOfFailure(failure, aboutOf(ref));
  const live = context.objects.get(ref);
  return alreadyExists(aboutOf(ref), live === null ? 'already exists' : whyThere(live));
};

interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

const violated = (live: Live, { uid, resourceVersion }: Preconditions): Status | null => {
  if (uid !== undefined && uid !== live.uid)
    return conflicted(aboutOf(live.ref), `expected uid ${uid}, got ${live.uid}`);
  if (resourceVersion !== undefined && Number(resourceVersion) !== live.resourceVersion)
    return conflicted(
      aboutOf(live.ref),
      `it was changed since resourceVersion ${resourceVersion} (now ${String(live.resourceVersion)}); read it again and apply your change to that`,
    );
  return null;
};

/** Right: the spec key's new document or its deletion; null: nothing to write. */
type Change = (
  live: Live,
) => E.Either<Status, { readonly write: Write | null; readonly demands: Preconditions }>;

const afterwards = (context: Context, live: Live, revision: number): Promise<Answer> => {
  const warning = live.deletion === null ? undefined : NEXT_INCARNATION;
  return answered(context, revision, objectReply(context, live.ref, 200, warning));
};

/** Reads, changes and writes; a conflict is answered when the request named a revision, else tried again. */
const changed = async (context: Context, ref: Ref, change: Change): Promise<Answer> => {
  for (let attempt = 1; ; attempt += 1) {
    const live = context.objects.get(ref);
    if (live === null) return E.left(notFound(aboutOf(ref)));
    const wanted = change(live);
    if (E.isLeft(wanted)) return wanted;
    const refused = violated(live, wanted.right.demands);
    if (refused !== null) return E.left(refused);
    if (wanted.right.write === null) return E.right({ code: 200, body: presented(live) });
    const written = await context.objects.write(null, [wanted.right.write])();
    if (E.isRight(written)) return afterwards(context, live, written.right);
    const final = attempt >= TRIES || wanted.right.demands.resourceVersion !== undefined;
    if (written.left._tag !== 'Conflict' || final) return E.left(statusOfFailure(written.left, aboutOf(ref)));
    await context.clock.sleep(millis(20 * attempt));
  }
};

const same = (live: Live, { labels, annotations, spec }: SpecDocument): boolean =>
  live.deletion === null &&
  live.frozen === null &&
  isDeepStrictEqual([live.labels, live.annotations, live.spec], [labels, annotations, spec]);

const replacing = (
  live: Live,
  manifest: SentManifest,
): E.Right<{ write: Write | null; demands: Preconditions }> => {
  const document = documentOf(manifest, live.deletion === null ? live : null);
  const { uid, resourceVersion } = manifest.metadata;
  const write: Write = { write: 'replace', ref: live.ref, document, unchangedSince: live.specRevision };
  return {
    _tag: 'Right',
    right: { write: same(live, document) ? null : write, demands: { uid, resourceVersion } },
  };
};

/** PUT of an object. */
export const replaceObject = async (
  context: Context,
  route: ResourceRoute,
  body: unknown,
): Promise<Answer> => {
  const admission = housed(context, route, body);
  if (E.isLeft(admission)) return admission;
  const { manifest, ref } = admission.right;
  return changed(context, ref, (live) => replacing(live, manifest));
};

/** What a patch is merged into: the object without what only the server says. */
const patchBase = (live: Live): Readonly<Record<string, unknown>> => {
  const { apiVersion, kind, metadata, spec }: ApiObject = presented(live);
  const { name, namespace, labels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels, annotations },
    spec,
  };
};

const WAITING_SPEC = 'is being deleted and its next spec is already waiting; replace it, or wait for the end';

/** PATCH (RFC 7386) of an object. */
export const patchObject = async (
  context: Context,
  route: ResourceRoute,
  patch: unknown,
): Promise<Answer> => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch))
    return E.left(badRequest('the merge patch is not an object'));
  const ref = refOf(route, route.name ?? '');
  return changed(context, ref, (live) => {
    if (live.succeeded) return E.left(conflicted(aboutOf(ref), WAITING_SPEC));
    const base = JSON.parse(JSON.stringify(patchBase(live))) as unknown;
    const manifest = admitted(route, mergePatch(base, patch));
    return E.isLeft(manifest) ? manifest : replacing(live, manifest.right);
  });
};

/** DELETE of an object: begins the deletion; asked again, it answers how it stands. */
export const deleteObject = (
  context: Context,
  route: ResourceRoute,
  demands: Preconditions,
): Promise<Answer> =>
  changed(context, refOf(route, route.name ?? ''), (live) => {
    const unchangedSince = live.specRevision;
    const write: Write = { write: 'delete', ref: live.ref, unchangedSince };
    return E.right({ write: live.deletion !== null && !live.succeeded ? null : write, demands });
  });
