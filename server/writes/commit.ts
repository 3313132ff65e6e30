/** The end of a write: one conditional write to the store, or on a dry run none, and the answer. */
import * as E from 'fp-ts/lib/Either.js';
import { isDeepStrictEqual } from 'node:util';
import { entriesOf, noteOf, sameOwners } from '../../api-types/managed-fields.js';
import type { ApiObject } from '../../api-types/metadata.js';
import { millis } from '../../api-types/units.js';
import type { Failure } from '../../runtime/failure.js';
import { timestamp } from '../../runtime/clock.js';
import type { Status } from '../../api-types/status.js';
import { kindEntry } from '../../api-types/kinds.js';
import {
  type Live,
  type Ref,
  type SpecDocument,
  type Write,
  unstoredObject,
} from '../../store/objects/objects.js';
import { ownersOfLive } from '../apply/owners.js';
import type { Answer, Context, Reply } from '../context.js';
import { reached } from '../reads/asked.js';
import { alreadyExists, lagging, notFound, statusOfFailure } from '../statuses.js';
import { standing } from './wanted.js';
import { type Preconditions, type Wanted, type Writing, aboutOf, audited, violated } from './writing.js';

/** Tries of a write that names no resourceVersion, against others who write at the same time. */
const TRIES = 5;

const NEXT_INCARNATION =
  'the object is being deleted; the new spec is stored and takes effect once the deletion has ended';

/** The Status of something done that leaves no object to show. */
export const success = (details?: Status['details']): Reply => ({
  code: 200,
  body: {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Success',
    code: 200,
    ...(details === undefined ? {} : { details }),
  },
});

/** Waits until this server sees what was written; Left: it takes too long. */
export const seen = async (context: Context, revision: number): Promise<Status | null> =>
  (await reached(context, revision))
    ? null
    : lagging(`written at revision ${String(revision)}, which this server has not seen yet`);

interface Told {
  readonly code: number;
  readonly before: Live | null;
  readonly warnings: readonly string[];
}

/** The object as it is now, for the one who wrote it. */
export const objectReply = ({ route }: Writing, live: Live, { code, before, warnings }: Told): Reply => {
  const body = route.view.object(live);
  const was = before === null ? null : audited(route.view.object(before));
  const shown = warnings.length === 0 ? {} : { warnings };
  return { code, body, ...shown, audit: { before: was, after: audited(body) } };
};

/** What the object would be: for dry runs. */
const imagined = (context: Context, ref: Ref, live: Live | null, { document, owners }: Wanted): Live => {
  const { labels = {}, annotations = {}, owner = null, spec } = document;
  const was = live ?? { ...unstoredObject(ref), createdAt: timestamp(context.clock.now()) };
  const note = noteOf(document, entriesOf(owners));
  return {
    ...was,
    generation: was.generation + 1,
    labels,
    annotations,
    owner,
    spec: kindEntry(ref.kind).defaults(spec),
    owners: { note, noted: null, document },
  };
};

/** What was never stored has no revision. */
const unstored = (object: ApiObject): unknown => {
  const metadata = Object.entries(object.metadata).filter(([key]) => key !== 'resourceVersion');
  return { ...object, metadata: Object.fromEntries(metadata) };
};

const dryReply = (writing: Writing, ref: Ref, live: Live | null, wanted: Wanted): Reply => {
  const next = imagined(writing.context, ref, live, wanted);
  const code = live === null ? 201 : 200;
  const reply = objectReply(writing, next, { code, before: live, warnings: wanted.warnings });
  return live === null ? { ...reply, body: unstored(reply.body as ApiObject) } : reply;
};

const whyThere = (live: Live | null): string =>
  live === null || live.deletion === null
    ? 'already exists'
    : 'already exists and is being deleted (terminating); wait for its end, or replace or apply it';

/** What was asked for is there already. */
export const isThere = (ref: Ref, live: Live | null): Status => alreadyExists(aboutOf(ref), whyThere(live));

/** The record of a new object is not there yet when its spec is written: owners follow at once, or belong to `etcdctl`. */
const noteOwners = async ({ context }: Writing, ref: Ref, { owners }: Wanted): Promise<void> => {
  const live = context.objects.get(ref);
  if (live === null || live.deletion !== null) return;
  const write: Write = {
    write: 'owners',
    ref,
    owners: entriesOf(owners),
    unchangedSince: live.specRevision,
  };
  const noted = await context.objects.write(null, [write])();
  if (E.isRight(noted)) await reached(context, noted.right);
  else context.log.debug('the owners of a new object were not noted', { ...ref, cause: noted.left });
};

/** Creates the object; a Conflict means that it is there. */
export const createdObject = async (
  writing: Writing,
  ref: Ref,
  wanted: Wanted,
): Promise<E.Either<Failure, Answer>> => {
  const { context, options } = writing;
  if (options.dryRun) return E.right(E.right(dryReply(writing, ref, null, wanted)));
  const written = await context.objects.write(null, [{ write: 'create', ref, document: wanted.document }])();
  if (E.isLeft(written)) return written;
  const late = await seen(context, written.right);
  if (late !== null) return E.right(E.left(late));
  await noteOwners(writing, ref, wanted);
  const live = context.objects.get(ref);
  // somebody deleted it in between: the write was done all the same
  if (live === null) return E.right(E.right(success()));
  return E.right(E.right(objectReply(writing, live, { code: 201, before: null, warnings: wanted.warnings })));
};

const sameDocument = (live: Live, { labels, annotations, owner, spec }: SpecDocument): boolean =>
  live.deletion === null &&
  live.frozen === null &&
  isDeepStrictEqual(
    [live.labels, live.annotations, live.owner, live.spec],
    [labels, annotations, owner ?? null, kindEntry(live.ref.kind).defaults(spec)],
  );

/** What has to be written for the object to be as wanted; null: nothing. */
const writeFor = (live: Live, { document, owners }: Wanted): Write | null => {
  const { ref, specRevision: unchangedSince } = live;
  if (!sameDocument(live, document))
    return { write: 'replace', ref, document, unchangedSince, owners: entriesOf(owners) };
  return sameOwners(ownersOfLive(live), owners)
    ? null
    : { write: 'owners', ref, owners: entriesOf(owners), unchangedSince };
};

/** What is wanted of the object that is there, and what must hold of it. */
export interface Demand {
  readonly wanted: Wanted;
  readonly demands: Preconditions;
}

const replied = async (writing: Writing, live: Live, wanted: Wanted, revision: number): Promise<Answer> => {
  const late = await seen(writing.context, revision);
  if (late !== null) return E.left(late);
  const now = writing.context.objects.get(live.ref);
  if (now === null) return E.right(success());
  const next = live.deletion === null ? [] : [NEXT_INCARNATION];
  const warnings = [...wanted.warnings, ...next];
  return E.right(objectReply(writing, now, { code: 200, before: standing(live), warnings }));
};

/** One try; null: somebody else wrote in between. */
const attempted = async (
  writing: Writing,
  live: Live,
  { wanted, demands }: Demand,
  final: boolean,
): Promise<Answer | null> => {
  const { context, options } = writing;
  const { warnings } = wanted;
  const refused = violated(live, demands);
  if (refused !== null) return E.left(refused);
  const write = writeFor(live, wanted);
  if (write === null) return E.right(objectReply(writing, live, { code: 200, before: live, warnings }));
  if (options.dryRun)
    return E.right(
      write.write === 'replace'
        ? dryReply(writing, live.ref, live, wanted)
        : objectReply(writing, live, { code: 200, before: live, warnings }),
    );
  const written = await context.objects.write(null, [write])();
  if (E.isRight(written)) return replied(writing, live, wanted, written.right);
  const over = final || demands.resourceVersion !== undefined;
  return written.left._tag === 'Conflict' && !over
    ? null
    : E.left(statusOfFailure(written.left, aboutOf(live.ref)));
};

/** Reads, works out and writes; a conflict is answered when the request named a revision, else tried again. */
export const changed = async (
  writing: Writing,
  ref: Ref,
  change: (live: Live) => E.Either<Status, Demand>,
  absent: () => Promise<Answer> = () => Promise.resolve(E.left(notFound(aboutOf(ref)))),
): Promise<Answer> => {
  const { context } = writing;
  for (let attempt = 1; ; attempt += 1) {
    const live = context.objects.get(ref);
    if (live === null) return absent();
    const demand = change(live);
    if (E.isLeft(demand)) return demand;
    const answer = await attempted(writing, live, demand.right, attempt >= TRIES);
    if (answer !== null) return answer;
    await context.clock.sleep(millis(20 * attempt));
  }
};
