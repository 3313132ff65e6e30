/** From an admitted manifest to what the store is given: the document, its owners, and a last look at the rights. */
import * as E from 'fp-ts/lib/Either.js';
import { isDeepStrictEqual } from 'node:util';
import { fieldsOf } from '../../api-types/field-sets.js';
import { kindEntry } from '../../api-types/kinds.js';
import {
  type Ownership,
  type Writer,
  changedFields,
  ownedTree,
  updatedOwners,
} from '../../api-types/managed-fields.js';
import type { SentManifest } from '../../api-types/manifest.js';
import type { Status } from '../../api-types/status.js';
import { timestamp } from '../../runtime/clock.js';
import type { Live, SpecDocument } from '../../store/objects/objects.js';
import { ownersOfLive, ownersSent, treeOf } from '../apply/owners.js';
import { invalid } from '../statuses.js';
import { sealedDocument } from '../secrets/documents.js';
import type { Admission } from './admission.js';
import { noticesOf } from './notices.js';
import { stamped } from './stamps.js';
import type { Wanted, Writing } from './writing.js';

/** The object whose fields are written: one that is being deleted is not it, the next one is new. */
export const standing = (live: Live | null): Live | null =>
  live === null || live.deletion !== null ? null : live;

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

interface Stored {
  readonly document: SpecDocument;
  readonly warnings: readonly string[];
}

const mayReveal = ({ context, route, caller }: Writing): boolean =>
  context.access.decide(caller, { verb: 'reveal', path: '', resource: { ...route, sub: null } }).allowed;

const stored = (
  writing: Writing,
  { manifest, ref, warnings }: Admission,
  live: Live | null,
): E.Either<Status, Stored> => {
  const stampedDocument = stamped(writing, ref, documentOf(manifest, standing(live)), standing(live));
  if (E.isLeft(stampedDocument)) return E.left(invalid(ref.kind, ref.name, stampedDocument.left));
  const document = stampedDocument.right;
  if (ref.kind !== 'Secret')
    return E.right({ document, warnings: [...warnings, ...noticesOf(writing, manifest)] });
  const kept = { live, compared: mayReveal(writing) };
  const sealed = sealedDocument(ref, document, kept, writing.context.sealer);
  if (E.isLeft(sealed)) return E.left(invalid(ref.kind, ref.name, sealed.left));
  return E.right({ document: sealed.right.document, warnings: [...warnings, ...sealed.right.warnings] });
};

/** The fields a document would have in force. */
export const treeOfDocument = (kind: SentManifest['kind'], document: SpecDocument): unknown =>
  ownedTree({ ...document, spec: kindEntry(kind).defaults(document.spec) });

/** Why the spec cannot become that; null: it can. */
const unchangeable = ({ ref }: Admission, { spec }: SpecDocument, live: Live | null): Status | null => {
  const before = standing(live);
  const { fixed, kind, defaults } = kindEntry(ref.kind);
  if (fixed !== true || before === null || before.frozen !== null) return null;
  if (isDeepStrictEqual(before.spec, defaults(spec))) return null;
  const expected = `what it was made with: a ${kind} is carried out once; make another one`;
  return invalid(kind, ref.name, [{ path: 'spec', expected, got: 'a change of it' }]);
};

/** Works the owners out, from the document as it will be. */
export type Owning = (document: SpecDocument) => E.Either<Status, readonly Ownership[]>;

/** What the store is given, if the caller may do that. */
export const wantedOf = (
  writing: Writing,
  admission: Admission,
  live: Live | null,
  owning: Owning,
): E.Either<Status, Wanted> => {
  const { context, caller } = writing;
  const { manifest } = admission;
  const made = stored(writing, admission, live);
  if (E.isLeft(made)) return made;
  const refused =
    context.access.admits(caller, { before: live, after: manifest }) ??
    unchangeable(admission, made.right.document, live);
  if (refused !== null) return E.left(refused);
  const owners = owning(made.right.document);
  return E.isLeft(owners) ? owners : E.right({ manifest, ...made.right, owners: owners.right });
};

/** Who writes, as managed fields name them. */
export const writerOf = ({ context, options, route }: Writing): Writer => ({
  manager: options.manager,
  ...(route.sub === null ? {} : { subresource: route.sub }),
  time: timestamp(context.clock.now()).replace(/\.\d+Z$/, 'Z'),
});

/** What was sent, as fields: a default is nobody's until somebody says it. */
export const fieldsSent = ({ metadata }: SentManifest, body: unknown, document: SpecDocument) => {
  const { spec = {} } = body as { readonly spec?: unknown };
  const { labels = {}, annotations = {} } = metadata;
  return fieldsOf(ownedTree({ labels, annotations, ...pick(document), spec }));
};

const pick = ({ owner }: SpecDocument) => (owner === undefined ? {} : { owner });

/** Owners of a new object: who makes it owns what they gave. */
export const ownersOfNew =
  (writing: Writing, { manifest }: Admission, body: unknown): Owning =>
  (document) => {
    const after = treeOfDocument(manifest.kind, document);
    return E.right(updatedOwners([], writerOf(writing), fieldsSent(manifest, body, document), after));
  };

/** Owners after an update: who writes owns what changes. */
export const ownersOfUpdate =
  (writing: Writing, { manifest, ref }: Admission, live: Live): Owning =>
  (document) => {
    const after = treeOfDocument(ref.kind, document);
    const owners = ownersSent(manifest.metadata.managedFields) ?? ownersOfLive(live);
    return E.right(updatedOwners(owners, writerOf(writing), changedFields(treeOf(live), after), after));
  };
