/** create and replace. */
import * as E from 'fp-ts/lib/Either.js';
import { isDeepStrictEqual } from 'node:util';
import { ownersOfLive, ownersSent } from '../apply/owners.js';
import { snapshotDigest } from '../../api-types/snapshot-digest.js';
import type { Status } from '../../api-types/status.js';
import type { Live } from '../../store/objects/objects.js';
import type { Answer } from '../context.js';
import { statusOfFailure } from '../statuses.js';
import { type Admission, housed, isPlain } from './admission.js';
import { type Demand, changed, createdObject, isThere } from './commit.js';
import { type Owning, ownersOfNew, ownersOfUpdate, standing, wantedOf } from './wanted.js';
import { type Writing, aboutOf } from './writing.js';

/** Letters that make no words, as in Kubernetes. */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const LONGEST_NAME = 63;

/** `generateName` with five letters after it, other ones at each revision and moment. */
const generated = ({ context }: Writing, prefix: string, attempt: number): string => {
  const { objects, clock } = context;
  const digest = snapshotDigest([prefix, objects.revision(), clock.monotonic(), attempt]);
  const letters = Array.from({ length: SUFFIX_LENGTH }, (_, index) => {
    const byte = Number.parseInt(digest.slice(2 * index, 2 * index + 2), 16);
    return SUFFIX_LETTERS[byte % SUFFIX_LETTERS.length] ?? 'x';
  });
  return `${prefix.slice(0, LONGEST_NAME - SUFFIX_LENGTH)}${letters.join('')}`;
};

interface Named {
  readonly body: unknown;
  /** The name was made up: another one will do as well. */
  readonly generated: boolean;
}

const withName = (writing: Writing, body: unknown, attempt: number): Named => {
  const metadata = isPlain(body) ? body['metadata'] : undefined;
  if (!isPlain(body) || !isPlain(metadata)) return { body, generated: false };
  const { name, generateName, ...rest } = metadata;
  const given = name !== undefined && name !== '';
  if (given || typeof generateName !== 'string' || generateName === '') return { body, generated: false };
  const made = generated(writing, generateName, attempt);
  return { body: { ...body, metadata: { ...rest, generateName, name: made } }, generated: true };
};

const NAMES_TRIED = 5;

const created = async (writing: Writing, { body, generated }: Named): Promise<Answer | null> => {
  const { context } = writing;
  const admission = housed(writing, body);
  if (E.isLeft(admission)) return admission;
  const { ref } = admission.right;
  const there = context.objects.get(ref);
  if (there !== null) return generated ? null : E.left(isThere(ref, there));
  const owning = ownersOfNew(writing, admission.right, body);
  const wanted = wantedOf(writing, admission.right, null, owning);
  if (E.isLeft(wanted)) return wanted;
  const answer = await createdObject(writing, ref, wanted.right);
  if (E.isRight(answer)) return answer.right;
  if (answer.left._tag !== 'Conflict') return E.left(statusOfFailure(answer.left, aboutOf(ref)));
  return generated ? null : E.left(isThere(ref, context.objects.get(ref)));
};

/** POST to a collection. */
export const createObject = async (writing: Writing, body: unknown): Promise<Answer> => {
  let named = withName(writing, body, 1);
  for (let attempt = 1; ; attempt += 1) {
    const answer = await created(writing, { ...named, generated: named.generated && attempt < NAMES_TRIED });
    if (answer !== null) return answer;
    named = withName(writing, body, attempt + 1);
  }
};

/** Owners other than those that are there are written: only onto what was seen. */
const claims = ({ manifest }: Admission, live: Live): boolean => {
  const sent = ownersSent(manifest.metadata.managedFields);
  return sent !== null && !isDeepStrictEqual(sent, ownersOfLive(live));
};

/** What an update wants of the object that is there. */
export const updating = (
  writing: Writing,
  admission: Admission,
  live: Live,
  body: unknown,
): E.Either<Status, Demand> => {
  const owning: Owning =
    standing(live) === null
      ? ownersOfNew(writing, admission, body)
      : ownersOfUpdate(writing, admission, live);
  const wanted = wantedOf(writing, admission, live, owning);
  if (E.isLeft(wanted)) return wanted;
  const { uid, resourceVersion } = admission.manifest.metadata;
  const exact = claims(admission, live);
  return E.right({ wanted: wanted.right, demands: { uid, resourceVersion, exact } });
};

/** PUT of an object. */
export const replaceObject = async (writing: Writing, body: unknown): Promise<Answer> => {
  const admission = housed(writing, body);
  if (E.isLeft(admission)) return admission;
  return changed(writing, admission.right.ref, (live) => updating(writing, admission.right, live, body));
};
