/** Admission: what was sent becomes a manifest of the right kind and place, with its defaults, or is refused. */
import * as E from 'fp-ts/lib/Either.js';
import { type SentManifest, decodeManifest } from '../../api-types/manifest.js';
import { API_VERSION, SYSTEM_NAMESPACE } from '../../api-types/metadata.js';
import { type Problem, UNKNOWN_FIELD } from '../../api-types/problems.js';
import type { Status } from '../../api-types/status.js';
import type { Ref } from '../../store/objects/objects.js';
import type { Context } from '../context.js';
import { refOf } from '../reads/asked.js';
import type { ResourceRoute } from '../routes.js';
import { badRequest, conflicted, invalid, noNamespace } from '../statuses.js';
import type { FieldValidation } from './options.js';
import { type Writing, aboutOf } from './writing.js';

export interface Admission {
  readonly manifest: SentManifest;
  readonly ref: Ref;
  /** What was dropped of it. */
  readonly warnings: readonly string[];
}

const mismatch = (path: string, expected: string | undefined, got: string | undefined): readonly Problem[] =>
  expected === got
    ? []
    : [{ path, expected: expected ?? 'nothing', got: got === undefined ? 'nothing' : `"${got}"` }];

/** Whether it is a JSON object. */
export const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
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

/** Without the fields of problems' paths, in one go: a body can have a hundred thousand of them. */
const withoutFields = (value: unknown, paths: ReadonlySet<string>, prefix = ''): unknown => {
  if (Array.isArray(value))
    return value.map((item: unknown, at) => withoutFields(item, paths, `${prefix}${String(at)}.`));
  if (!isPlain(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !paths.has(`${prefix}${key}`));
  return Object.fromEntries(kept.map(([key, held]) => [key, withoutFields(held, paths, `${prefix}${key}.`)]));
};

interface Decoded {
  readonly manifest: SentManifest;
  readonly dropped: readonly string[];
}

/** Unknown fields come to light a level at a time: those of metadata before those below a spec that decodes. */
const ROUNDS = 4;

const decoded = (
  input: unknown,
  cluster: string | null,
  validation: FieldValidation,
): E.Either<readonly Problem[], Decoded> => {
  let current = input;
  let dropped: readonly string[] = [];
  for (let round = 1; ; round += 1) {
    const result = decodeManifest(current, cluster);
    if (E.isRight(result)) return E.right({ manifest: result.right, dropped });
    const unknown = result.left.filter(({ got }) => got === UNKNOWN_FIELD);
    if (validation === 'Strict' || unknown.length === 0 || round > ROUNDS) return result;
    const paths = unknown.map(({ path }) => path);
    current = withoutFields(current, new Set(paths));
    dropped = dropped.concat(paths);
  }
};

const warningsFor = (dropped: readonly string[], validation: FieldValidation): readonly string[] =>
  validation === 'Warn' ? dropped.map((path) => `unknown field "${path}"`) : [];

/** The body as a manifest of this route's kind, place and (where the route has one) name. */
export const admitted = (
  route: ResourceRoute,
  body: unknown,
  validation: FieldValidation,
): E.Either<Status, Omit<Admission, 'ref'>> => {
  const input = isPlain(body) ? { apiVersion: API_VERSION, kind: route.view.source, ...body } : body;
  const result = decoded(input, route.cluster, validation);
  const problems = E.isLeft(result) ? result.left : misplaced(route, result.right.manifest);
  if (E.isRight(result) && problems.length === 0) {
    const { manifest, dropped } = result.right;
    return E.right({ manifest, warnings: warningsFor(dropped, validation) });
  }
  return E.left(invalid(route.view.kind, route.name ?? nameSent(body), problems));
};

/** The cluster an object is put into must be there, and stay. */
const namespaceProblem = (context: Context, ref: Ref): Status | null => {
  // credentials of the installation itself are in a namespace that is no Cluster's
  if (ref.cluster === null || (ref.cluster === SYSTEM_NAMESPACE && ref.kind === 'Secret')) return null;
  const cluster: Ref<'Cluster'> = { kind: 'Cluster', cluster: null, name: ref.cluster };
  const live = context.objects.get(cluster);
  if (live === null) return noNamespace(ref.cluster);
  if (live.deletion === null) return null;
  return conflicted(aboutOf(cluster), 'is being deleted (terminating); nothing new can be put into it');
};

const listProblem = ({ view }: ResourceRoute, body: unknown): Status | null => {
  if (!isPlain(body) || !Array.isArray(body['items'])) return null;
  return badRequest(
    `expected one ${view.kind}, got a list of ${String(body['items'].length)}: send its items one by one`,
  );
};

/** What was sent, admitted, and the place for it. */
export const housed = ({ context, route, options }: Writing, body: unknown): E.Either<Status, Admission> => {
  const listed = listProblem(route, body);
  if (listed !== null) return E.left(listed);
  const admission = admitted(route, body, options.validation);
  if (E.isLeft(admission)) return admission;
  const ref = refOf(route, admission.right.manifest.metadata.name);
  const homeless = namespaceProblem(context, ref);
  return homeless === null ? E.right({ ...admission.right, ref }) : E.left(homeless);
};
