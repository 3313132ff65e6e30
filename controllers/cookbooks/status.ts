/** The part of a Cluster's status that tells of its cookbooks: pure. */
import type { CookbookPack, CookbookSource, CookbookSourceState } from '../../api-types/cookbooks.js';
import type { ClusterStatus } from '../../api-types/kinds/cluster.js';
import { withCondition, type Condition } from '../../api-types/metadata.js';
import type { NewEvent } from '../../store/objects/events.js';
import type { Live } from '../../store/objects/objects.js';
import { fingerprintsOf, firstOfName } from './plan.js';
import type { StepOutcome } from './steps.js';

const SOURCE = 'cookbooks';
const SHOWN = 12;

export interface StatusInput {
  readonly cluster: Live<'Cluster'>;
  readonly outcomes: readonly StepOutcome[];
  /** RFC 3339. */
  readonly now: string;
}

type States = Readonly<Record<string, CookbookSourceState>>;
type StatePatch = Readonly<Record<string, string | null>>;

const stateAfter = (outcome: StepOutcome, now: string): StatePatch => {
  const { step } = outcome;
  if (outcome._tag === 'Failed') return { problem: outcome.problem };
  const update = step.update === '' ? null : step.update;
  return { fingerprint: step.fingerprint, resolvedAt: now, update, problem: null };
};

const namesOf = (sources: readonly CookbookSource[]): ReadonlySet<string> =>
  new Set(sources.map(({ name }) => name));

/** Of sources as the Cluster has them now: fetching may have taken minutes, and the name may be another one's meanwhile. */
export const stillMeant = (
  { spec }: Live<'Cluster'>,
  outcomes: readonly StepOutcome[],
): readonly StepOutcome[] => {
  const meant = fingerprintsOf(spec.cookbooks ?? []);
  return outcomes.filter(({ step }) => meant.has(step.fingerprint));
};

/** Whether the outcome says how it stands with its source; of what was in force before nobody is told. */
export const isOfNow = ({ step }: StepOutcome): boolean => step.action !== 'recall';

const packsAfter = ({ cluster, outcomes }: StatusInput): readonly CookbookPack[] => {
  const made = outcomes.filter(isOfNow).flatMap((one) => (one._tag === 'Packed' ? [one.pack] : []));
  const known = [...made, ...(cluster.status.cookbooks ?? [])];
  return firstOfName(cluster.spec.cookbooks ?? []).flatMap(
    ({ name }) => known.find((pack) => pack.name === name) ?? [],
  );
};

/** What was in force before, where that is another pack: events that are on their way still name it. */
const previousIn = ({ cluster }: StatusInput, outcome: StepOutcome): StatePatch => {
  const { name } = outcome.step.source;
  const last = (cluster.status.cookbooks ?? []).find((pack) => pack.name === name);
  if (outcome._tag === 'Failed' || last === undefined || last.digest === outcome.pack.digest) return {};
  return { previous: last.digest, previousRevision: last.revision };
};

/** Tried once: an old archive may be gone for good, and hosts that ask for it would have it tried again and again. */
const afterRecall = ({ cluster }: StatusInput, outcome: StepOutcome): StatePatch => {
  const { previous } = cluster.status.cookbookSources?.[outcome.step.source.name] ?? {};
  return outcome._tag === 'Packed' && outcome.pack.digest === previous ? {} : { previousRevision: null };
};

const patchOf = (input: StatusInput, outcome: StepOutcome): StatePatch =>
  isOfNow(outcome)
    ? { ...stateAfter(outcome, input.now), ...previousIn(input, outcome) }
    : afterRecall(input, outcome);

/** As a merge patch: what is gone is null. What nothing had to be done about has no problem. */
const statesPatch = (input: StatusInput): Readonly<Record<string, StatePatch | null>> => {
  const { cluster, outcomes } = input;
  const wanted = namesOf(cluster.spec.cookbooks ?? []);
  const states: States = cluster.status.cookbookSources ?? {};
  const patch: Record<string, StatePatch | null> = {};
  for (const [name, { problem }] of Object.entries(states))
    if (!wanted.has(name)) patch[name] = null;
    else if (problem !== undefined) patch[name] = { problem: null };
  // that of now last: what was before it is now another one
  const ordered = [...outcomes.filter((one) => !isOfNow(one)), ...outcomes.filter(isOfNow)];
  for (const outcome of ordered) {
    const { name } = outcome.step.source;
    patch[name] = { ...patch[name], ...patchOf(input, outcome) };
  }
  return patch;
};

/** Of sources, for people. */
export const problemsIn = (outcomes: readonly StepOutcome[]): readonly string[] =>
  outcomes.filter(isOfNow).flatMap((one) => (one._tag === 'Failed' ? [one.problem] : []));

const saying = (input: StatusInput): Pick<Condition, 'status' | 'reason' | 'message'> => {
  const problems = problemsIn(input.outcomes);
  if (problems.length > 0) return { status: 'False', reason: 'Unresolved', message: problems.join('; ') };
  const packs = packsAfter(input);
  const missing = [...namesOf(input.cluster.spec.cookbooks ?? [])].filter(
    (source) => !packs.some(({ name }) => name === source),
  );
  if (missing.length > 0)
    return { status: 'Unknown', reason: 'Resolving', message: `not looked at yet: ${missing.join(', ')}` };
  const told = packs.map(({ name, revision }) => `${name} ${revision.slice(0, SHOWN)}`).join(', ');
  return { status: 'True', reason: 'Resolved', message: `pinned: ${told}` };
};

const conditionOf = (input: StatusInput): Condition => ({
  type: 'CookbooksReady',
  ...saying(input),
  lastTransitionTime: input.now,
  observedGeneration: input.cluster.specGeneration,
});

/** The merge patch on the status; of a Cluster without sources nothing stays. */
export const statusPatch = (input: StatusInput): Readonly<Record<string, unknown>> => {
  const { spec, status } = input.cluster;
  const had: ClusterStatus['conditions'] = status.conditions ?? {};
  if ((spec.cookbooks ?? []).length === 0)
    return had['CookbooksReady'] === undefined && status.cookbooks === undefined
      ? {}
      : { cookbooks: null, cookbookSources: null, conditions: { CookbooksReady: null } };
  const { CookbooksReady } = withCondition(had, conditionOf(input));
  const states = statesPatch(input);
  return {
    cookbooks: packsAfter(input),
    ...(Object.keys(states).length === 0 ? {} : { cookbookSources: states }),
    conditions: { CookbooksReady },
  };
};

/** What is worth telling of a step. */
export const eventOf = ({ cluster }: Pick<StatusInput, 'cluster'>, outcome: StepOutcome): NewEvent => {
  const common = { regarding: cluster.ref, source: SOURCE };
  if (outcome._tag === 'Failed')
    return { ...common, type: 'Warning', reason: 'CookbooksUnresolved', message: outcome.problem };
  const { name, revision } = outcome.pack;
  const message = `source ${name} is pinned to ${revision}`;
  return { ...common, type: 'Normal', reason: 'CookbooksResolved', message };
};
