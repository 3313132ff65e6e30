/** delete and deletecollection, with their options. */
import * as E from 'fp-ts/lib/Either.js';
import { kindEntry } from '../../api-types/kinds.js';
import { type Problem, shown } from '../../api-types/problems.js';
import type { Status } from '../../api-types/status.js';
import { millis } from '../../api-types/units.js';
import type { Live, Ref, Write } from '../../store/objects/objects.js';
import type { Answer } from '../context.js';
import { chosenAt, refOf } from '../reads/asked.js';
import type { Selector } from '../reads/selectors.js';
import { refusedAs } from '../refusal.js';
import { notFound, statusOfFailure } from '../statuses.js';
import { objectReply, seen, success } from './commit.js';
import { dryRunProblems, invalidOptions } from './options.js';
import { type Preconditions, type Writing, aboutOf, audited, violated } from './writing.js';

export interface Deleting {
  readonly demands: Preconditions;
  readonly dryRun: boolean;
  readonly warnings: readonly string[];
}

type Options = Readonly<Record<string, unknown>>;

const POLICIES = ['Background', 'Foreground'];

const isWhole = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';
const given = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

const problem = (path: string, expected: string, got: unknown): readonly Problem[] => [
  { path, expected, got: shown(got) },
];

const orphans = ({ propagationPolicy, orphanDependents }: Options): boolean =>
  propagationPolicy === 'Orphan' || orphanDependents === true;

const policyProblems = (options: Options, bare: boolean): readonly Problem[] => {
  const { propagationPolicy: policy } = options;
  if (orphans(options) && !bare)
    return problem(
      'propagationPolicy',
      'Background or Foreground: what is below goes too, since a host without its owner would be left running by nobody',
      policy ?? 'Orphan',
    );
  if (!given(policy) || POLICIES.includes(policy as string) || orphans(options)) return [];
  return problem('propagationPolicy', POLICIES.join(' or '), policy);
};

const preconditionProblems = (preconditions: unknown): readonly Problem[] => {
  if (!given(preconditions)) return [];
  if (typeof preconditions !== 'object' || Array.isArray(preconditions))
    return problem('preconditions', 'an object', preconditions);
  return Object.entries(preconditions as Options).flatMap(([key, value]) =>
    value === null || (['uid', 'resourceVersion'].includes(key) && isText(value))
      ? []
      : problem(`preconditions.${key}`, 'a text, uid or resourceVersion', value),
  );
};

const textsOf = (value: unknown): readonly string[] | null => {
  if (!given(value)) return [];
  const texts = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return texts.every(isText) ? texts : null;
};

const SHUTDOWN =
  "gracePeriodSeconds is not followed: a host is given what its role's shutdownTimeoutSeconds says";

const graceProblems = ({ gracePeriodSeconds: grace }: Options): readonly Problem[] =>
  given(grace) && !isWhole(grace) ? problem('gracePeriodSeconds', 'a whole number', grace) : [];

const demandsOf = ({ preconditions }: Options): Preconditions => {
  const { uid, resourceVersion } = (preconditions ?? {}) as Record<string, string | null | undefined>;
  return { uid: uid ?? undefined, resourceVersion: resourceVersion ?? undefined };
};

/** DeleteOptions of a body, where the query does not say them already. */
export const deleteOptions = (
  { route, options }: Writing,
  query: URLSearchParams,
  body: Options,
): E.Either<Status, Deleting> => {
  const { bare } = kindEntry(route.view.source);
  const policy = query.get('propagationPolicy');
  const all: Options = policy === null ? body : { propagationPolicy: policy, ...body };
  const dryRun = textsOf(all['dryRun']);
  const problems = [
    ...policyProblems(all, bare),
    ...preconditionProblems(all['preconditions']),
    ...(dryRun === null ? problem('dryRun', '["All"]', all['dryRun']) : dryRunProblems(dryRun)),
    ...graceProblems(all),
  ];
  if (problems.length > 0) return E.left(invalidOptions('DeleteOptions', problems));
  return E.right({
    demands: demandsOf(all),
    dryRun: options.dryRun || dryRun?.length !== 0,
    warnings: given(all['gracePeriodSeconds']) && !bare ? [SHUTDOWN] : [],
  });
};

/** Tries against others who write at the same time. */
const TRIES = 5;

/** The deletion of this incarnation has begun and no next one waits. */
const isGoing = (live: Live): boolean => live.deletion !== null && !live.succeeded;

const MOST_NAMED = 10;

/** Grants outlive the User they name: whoever is given the name next would have what they give. */
const leftBehind = ({ context }: Writing, { ref }: Live): readonly string[] => {
  if (ref.kind !== 'User') return [];
  const naming = context.objects
    .list('Grant')
    .filter(({ spec, deletion }) => spec.user === ref.name && deletion === null)
    .map((grant) => `${String(grant.ref.cluster)}/${grant.ref.name}`);
  if (naming.length === 0) return [];
  const more = naming.length > MOST_NAMED ? ` and ${String(naming.length - MOST_NAMED)} more` : '';
  return [
    `grants still name user "${ref.name}", and hold for the next user of that name: ${naming.slice(0, MOST_NAMED).join(', ')}${more}; delete them too`,
  ];
};

/** The object while it is terminating; where nothing has to be torn down, that it is gone. */
const deletedReply = (writing: Writing, was: Live, deleting: Deleting): Answer => {
  const { context, route } = writing;
  const { dryRun } = deleting;
  const warnings = [...deleting.warnings, ...leftBehind(writing, was)];
  const now = context.objects.get(was.ref);
  const stays = now !== null && now.uid === was.uid && !kindEntry(was.ref.kind).bare;
  const reply = stays
    ? objectReply(writing, now, { code: 200, before: null, warnings })
    : success({ name: was.ref.name, kind: route.view.plural, uid: was.uid });
  const shownWarnings = warnings.length === 0 ? {} : { warnings };
  return E.right({
    ...reply,
    ...shownWarnings,
    audit: { before: audited(route.view.object(was)), after: null, dryRun },
  });
};

/** One try; null: somebody else wrote in between. */
const attempted = async (
  writing: Writing,
  live: Live,
  deleting: Deleting,
  final: boolean,
): Promise<Answer | null> => {
  const { context, caller } = writing;
  const refused =
    violated(live, { ...deleting.demands, exact: true }) ??
    context.access.admits(caller, { before: live, after: null });
  if (refused !== null) return E.left(refused);
  if (isGoing(live) || deleting.dryRun) return deletedReply(writing, live, deleting);
  const write: Write = { write: 'delete', ref: live.ref, unchangedSince: live.specRevision };
  const written = await context.objects.write(null, [write])();
  if (E.isLeft(written))
    return written.left._tag === 'Conflict' && !final
      ? null
      : E.left(statusOfFailure(written.left, aboutOf(live.ref)));
  const late = await seen(context, written.right);
  return late === null ? deletedReply(writing, live, deleting) : E.left(late);
};

const deleteOne = async (writing: Writing, ref: Ref, deleting: Deleting): Promise<Answer> => {
  const { context } = writing;
  for (let attempt = 1; ; attempt += 1) {
    const live = context.objects.get(ref);
    if (live === null) return E.left(notFound(aboutOf(ref)));
    const answer = await attempted(writing, live, deleting, attempt >= TRIES);
    if (answer !== null) return answer;
    await context.clock.sleep(millis(20 * attempt));
  }
};

/** DELETE of an object: begins the deletion; asked again, it answers how it stands. */
export const deleteObject = async (writing: Writing, deleting: Deleting): Promise<Answer> => {
  const answer = await deleteOne(writing, refOf(writing.route, writing.route.name ?? ''), deleting);
  return E.isLeft(answer) ? refusedAs(answer.left, { dryRun: deleting.dryRun }) : answer;
};

/** DELETE of a collection: of what the selectors take and the caller sees, one after the other. */
export const deleteCollection = async (
  writing: Writing,
  selects: Selector,
  deleting: Deleting,
): Promise<Answer> => {
  const { context, route, caller } = writing;
  const gone: unknown[] = [];
  const warnings = [...deleting.warnings];
  for (const { ref } of chosenAt(context, { route, selects, caller }, context.objects.revision())) {
    const answer = await deleteOne(writing, ref, { ...deleting, warnings: [] });
    // what went meanwhile is what was wanted
    if (E.isLeft(answer) && answer.left.code !== 404) return answer;
    if (E.isRight(answer)) {
      gone.push(answer.right.body);
      warnings.push(...(answer.right.warnings ?? []));
    }
  }
  const { groupVersion, kind } = route.view;
  const items = gone.filter((one) => (one as { readonly kind: string }).kind === kind);
  const resourceVersion = String(context.objects.revision());
  const body = { apiVersion: groupVersion, kind: `${kind}List`, metadata: { resourceVersion }, items };
  const audit = { before: null, after: null, dryRun: deleting.dryRun };
  return E.right({ code: 200, body, warnings, audit });
};
