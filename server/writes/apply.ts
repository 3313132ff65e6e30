/** Server-side apply: what the applier gives is set and becomes theirs, what they no longer give goes. */
import * as E from 'fp-ts/lib/Either.js';
import { type FieldSet, fieldText, minus } from '../../api-types/field-sets.js';
import type { Ownership } from '../../api-types/managed-fields.js';
import { API_VERSION } from '../../api-types/metadata.js';
import { type Status, failureStatus } from '../../api-types/status.js';
import type { Live, Ref, SpecDocument } from '../../store/objects/objects.js';
import {
  type Applied,
  type FieldConflict,
  applied,
  changesOfApply,
  conflictsOf,
  ownersAfter,
  takenOverFrom,
} from '../apply/merge.js';
import { ownersOfLive, treeOf } from '../apply/owners.js';
import type { Answer } from '../context.js';
import { refOf } from '../reads/asked.js';
import { badRequest, conflicted, forbidden, statusOfFailure } from '../statuses.js';
import { type Admission, admitted, housed, isPlain } from './admission.js';
import { type Demand, changed, createdObject, isThere } from './commit.js';
import { invalidOptions } from './options.js';
import { fieldsSent, standing, treeOfDocument, wantedOf, writerOf } from './wanted.js';
import { type Writing, aboutOf } from './writing.js';

const ownerText = ({ manager, operation, subresource, time }: Ownership): string => {
  const where = subresource === undefined ? '' : ` with subresource "${subresource}"`;
  const when = operation === 'Update' ? ` at ${time}` : '';
  return `"${manager}"${where} using ${API_VERSION}${when}`;
};

/** 409 in the words of Kubernetes, with a cause a field, as kubectl prints them. */
const fieldConflicts = (ref: Ref, conflicts: readonly FieldConflict[]): Status => {
  const said = conflicts.map(({ owner, path }) => `conflict with ${ownerText(owner)}: ${fieldText(path)}`);
  const many = conflicts.length === 1 ? '1 conflict' : `${String(conflicts.length)} conflicts`;
  const { plural, name } = aboutOf(ref);
  return failureStatus(409, 'Conflict', `Apply failed with ${many}: ${said.slice(0, 20).join('; ')}`, {
    name,
    kind: plural,
    causes: conflicts.map(({ owner, path }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${ownerText(owner)}`,
      field: fieldText(path),
    })),
  });
};

type Config = Readonly<Record<string, unknown>>;

const optionsProblem = ({ options }: Writing): Status | null =>
  options.named
    ? null
    : invalidOptions('PatchOptions', [
        {
          path: 'fieldManager',
          expected: 'the name of who applies (?fieldManager=…)',
          got: 'nothing',
        },
      ]);

const configOf = (body: unknown): E.Either<Status, Config> => {
  if (!isPlain(body)) return E.left(badRequest('what is applied is not an object'));
  const metadata = body['metadata'];
  const managed = isPlain(metadata) ? metadata['managedFields'] : undefined;
  if (managed !== undefined && managed !== null)
    return E.left(badRequest('metadata.managedFields must be nil in what is applied'));
  const said = Object.entries(body).filter(([key]) => key !== 'status');
  return E.right(Object.fromEntries(said));
};

/** The applied fields that are owned: labels, annotations and spec. */
const ownedPart = (config: Config): Record<string, unknown> => {
  const { labels, annotations } = isPlain(config['metadata']) ? config['metadata'] : {};
  return {
    metadata: {
      ...(isPlain(labels) ? { labels } : {}),
      ...(isPlain(annotations) ? { annotations } : {}),
    },
    spec: config['spec'] ?? {},
  };
};

/** The object as it is shown, as fields that can be merged into. */
const shownPart = ({ route }: Writing, live: Live): unknown => {
  const { metadata, spec } = route.view.object(live);
  const { labels, annotations } = metadata;
  return { metadata: { ...(labels && { labels }), ...(annotations && { annotations }) }, spec };
};

/** The merged fields as a whole object, with what was said of its identity. */
const wholeOf = (config: Config, ref: Ref, { tree }: Applied): unknown => {
  const { metadata, spec } = tree as { readonly metadata?: object; readonly spec?: unknown };
  const sent = isPlain(config['metadata']) ? config['metadata'] : {};
  const merged = ['labels', 'annotations'].filter((key) => isPlain(sent[key]));
  const identity = Object.fromEntries(Object.entries(sent).filter(([key]) => !merged.includes(key)));
  return { ...config, metadata: { name: ref.name, ...metadata, ...identity }, spec: spec ?? {} };
};

interface Merging {
  readonly writing: Writing;
  readonly config: Config;
  readonly live: Live;
  readonly owners: readonly Ownership[];
  readonly applied: Applied;
}

const ownersOfApply = (
  { writing, config, live, owners, applied: { ousted } }: Merging,
  { manifest }: Admission,
  document: SpecDocument,
): E.Either<Status, readonly Ownership[]> => {
  const { manager, time } = writerOf(writing);
  const before = treeOf(live);
  const after = treeOfDocument(live.ref.kind, document);
  const changes = changesOfApply(before, after, ousted);
  const free = takenOverFrom(live.annotations, before, manager);
  const conflicts = conflictsOf(owners, manager, minus(changes, free));
  if (conflicts.length > 0 && writing.options.force !== true)
    return E.left(fieldConflicts(live.ref, conflicts));
  const set: FieldSet = fieldsSent({ ...manifest, metadata: appliedMeta(config) }, config, document);
  return E.right(ownersAfter(owners, { manager, time, set }, changes, after));
};

/** Labels and annotations as they were applied, not as they are after the merge. */
const appliedMeta = (config: Config): Admission['manifest']['metadata'] => {
  const { metadata } = ownedPart(config) as {
    readonly metadata: Pick<Admission['manifest']['metadata'], 'labels' | 'annotations'>;
  };
  return { name: '', ...metadata };
};

const merging = (writing: Writing, config: Config, live: Live): E.Either<Status, Demand> => {
  const { route, options } = writing;
  const owners = ownersOfLive(live);
  const merged = applied(shownPart(writing, live), ownedPart(config), options.manager, owners);
  const whole = wholeOf(config, live.ref, merged);
  const admission = admitted(route, whole, options.validation);
  if (E.isLeft(admission)) return admission;
  const admittedHere = { ...admission.right, ref: live.ref };
  const all: Merging = { writing, config, live, owners, applied: merged };
  const wanted = wantedOf(writing, admittedHere, live, (document) =>
    ownersOfApply(all, admittedHere, document),
  );
  if (E.isLeft(wanted)) return wanted;
  const { uid, resourceVersion } = admission.right.manifest.metadata;
  return E.right({ wanted: wanted.right, demands: { uid, resourceVersion } });
};

const ownersOfFirst =
  (writing: Writing, config: Config, { manifest }: Admission) =>
  (document: SpecDocument): E.Either<Status, readonly Ownership[]> => {
    const { manager, time } = writerOf(writing);
    const set = fieldsSent(manifest, config, document);
    return E.right(
      ownersAfter([], { manager, time, set }, new Set(), treeOfDocument(manifest.kind, document)),
    );
  };

/** The next incarnation of an object that is being deleted is a new object. */
const succeeding = (writing: Writing, config: Config, live: Live): E.Either<Status, Demand> => {
  const admission = admitted(writing.route, config, writing.options.validation);
  if (E.isLeft(admission)) return admission;
  const here = { ...admission.right, ref: live.ref };
  const wanted = wantedOf(writing, here, live, ownersOfFirst(writing, config, here));
  const { uid, resourceVersion } = here.manifest.metadata;
  return E.map((made: Demand['wanted']): Demand => ({ wanted: made, demands: { uid, resourceVersion } }))(
    wanted,
  );
};

/** An apply of what is not there is also a create. */
const creationProblem = (
  { context, route, caller }: Writing,
  { manifest, ref }: Admission,
): Status | null => {
  const asked = { verb: 'create', path: '', resource: { ...route, sub: null } };
  const { allowed, reason } = context.access.decide(caller, asked);
  const { plural, name } = aboutOf(ref);
  if (!allowed) return forbidden(caller.user, `create ${plural} "${name}"`, reason);
  const { uid, resourceVersion } = manifest.metadata;
  if (uid === undefined && resourceVersion === undefined) return null;
  return conflicted(
    { plural, name },
    'it is not there, and the apply names the uid or resourceVersion of one',
  );
};

const creating = async (writing: Writing, config: Config): Promise<Answer> => {
  const { context } = writing;
  const admission = housed(writing, config);
  if (E.isLeft(admission)) return admission;
  const refused = creationProblem(writing, admission.right);
  if (refused !== null) return E.left(refused);
  const wanted = wantedOf(writing, admission.right, null, ownersOfFirst(writing, config, admission.right));
  if (E.isLeft(wanted)) return wanted;
  const { ref } = admission.right;
  const answer = await createdObject(writing, ref, wanted.right);
  if (E.isRight(answer)) return answer.right;
  const { left } = answer;
  return E.left(
    left._tag === 'Conflict' ? isThere(ref, context.objects.get(ref)) : statusOfFailure(left, aboutOf(ref)),
  );
};

/** PATCH with application/apply-patch+yaml. */
export const applyObject = async (writing: Writing, body: unknown): Promise<Answer> => {
  const { route } = writing;
  const unnamed = optionsProblem(writing);
  if (unnamed !== null) return E.left(unnamed);
  const config = configOf(body);
  if (E.isLeft(config)) return config;
  const ref = refOf(route, route.name ?? '');
  return changed(
    writing,
    ref,
    (live) =>
      standing(live) === null
        ? succeeding(writing, config.right, live)
        : merging(writing, config.right, live),
    () => creating(writing, config.right),
  );
};
