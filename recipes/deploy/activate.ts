/**
 * Makes a release the one in force. Until it is well the host's state names the one before: whatever ends the work, that is
 * what is gone back to, and an attempt that was cut off is made again from its beginning.
 */
import type { Release } from '../../api-types/release.js';
import type { Notification } from '../resource.js';
import { messageOf } from '../reasons.js';
import { cleanUp } from './cleanup.js';
import { runHook, type Target } from './commands.js';
import { linkTo, switchTo, unlinkCurrent } from './current.js';
import { untilWell } from './health.js';
import { heal, marked, prepare } from './prepare.js';
import { backFiles, filesOf, frontFiles, remove, run, servicesBut, takenUpBeside } from './services.js';
import { StageFailure, type Stage } from './stages.js';
import { isSame, otherSlot, type HostApplication, type Running } from './state.js';
import type { Subject } from './subject.js';
import { currentOf } from './unpack.js';
import { currentTarget } from './layout.js';

export const targetOf = (subject: Subject, { release, slot }: Running): Target => ({
  subject,
  release,
  slot,
  part: subject.part({ release, slot }),
});

/** How a release comes into force. */
interface Plan {
  readonly target: Target;
  /** What is in force until then. */
  readonly from: Target | null;
  /** The processes of before go on. */
  readonly overlap: boolean;
  /** What takes the new code up. */
  readonly wishes: readonly Notification[];
  /** What `current` led to: without a release that was in force, something of somebody else's. */
  readonly was: string | null;
}

const inForceOf = (subject: Subject, { inForce }: HostApplication): Target | null =>
  inForce === undefined ? null : targetOf(subject, inForce);

const wasOf = (subject: Subject): Promise<string | null> =>
  currentOf(subject).catch((error: unknown) => {
    throw new StageFailure('switch', messageOf(error), { cause: error });
  });

/** An overlap needs something to overlap with, and something that can. What runs still in the other slot is not restarted. */
const planOf = async (subject: Subject, release: Release, wanted: boolean): Promise<Plan> => {
  const [state, was] = [await subject.state(), await wasOf(subject)];
  const from = inForceOf(subject, state);
  const plain = targetOf(subject, { release, slot: from?.slot ?? 'a' });
  const { takeUp, mayOverlap } = plain.part;
  if (!wanted || from === null || !mayOverlap || isSame(from.release, release))
    return { target: plain, from, overlap: false, wishes: takeUp, was };
  const { beside } = state;
  const target = targetOf(subject, { release, slot: otherSlot(from.slot) });
  const runs = beside?.slot === target.slot && isSame(beside.release, release);
  const wishes = runs ? takenUpBeside(target.part, from.part) : target.part.takeUp;
  return { target, from, overlap: true, wishes, was };
};

/** In an overlap what the old processes start with is left as it is: they start anew by themselves with their own code. */
const switchOver = async ({ target, overlap, wishes }: Plan): Promise<void> => {
  const { subject, release, part } = target;
  await subject.apply(overlap ? backFiles(part) : filesOf(part));
  await switchTo(subject, release.number);
  await run(target, wishes);
};

/** Processes that the release of before had and this one has not. */
const endOld = async ({ target: { subject, part }, from, overlap }: Plan): Promise<void> => {
  const before = servicesBut(from?.part.services ?? [], part.services, part.others);
  await remove(subject, overlap ? before : [...before, ...part.others]);
};

const settle = async ({ target, from, overlap }: Plan): Promise<void> => {
  const { subject, release, slot } = target;
  await subject.write({
    ...(await subject.state()),
    undeployed: undefined,
    inForce: { release, slot },
    before: from?.release.number,
    beside: overlap && from !== null ? { release: from.release, slot: from.slot } : undefined,
  });
};

const forward = async (plan: Plan): Promise<void> => {
  const { target, overlap } = plan;
  const { subject, release, slot, part } = target;
  await subject.stage('switch', release, () => switchOver(plan));
  await subject.stage('health', release, () => untilWell(target));
  if (overlap) await subject.stage('switch', release, () => subject.apply(frontFiles(part)));
  await subject.stage('after_restart', release, () => runHook(target, 'afterRestart', 'after_restart'));
  await subject.stage('recipes', release, () => subject.recipes(subject.snapshotWith({ release, slot })));
  await subject.stage('switch', release, async () => {
    await endOld(plan);
    await settle(plan);
  });
};

/** At these it is the release's processes that fail. */
const DISTRUSTED: readonly Stage[] = ['switch', 'health'];

/** So long at most, where the release that did not get well has used up the time. */
const BACK_MS = 120_000;

/** Each is done whatever becomes of the others; gives what failed. */
const inAnyCase = async (...steps: readonly (() => Promise<unknown>)[]): Promise<readonly string[]> => {
  const failed: string[] = [];
  for (const step of steps)
    await step().catch((error: unknown) => {
      failed.push(messageOf(error));
    });
  return failed;
};

const backTo = async (target: Target, { target: bad, overlap }: Plan): Promise<string> => {
  const { subject, part, release } = target;
  const failed = await inAnyCase(
    () => switchTo(subject, release.number),
    () => subject.apply(filesOf(part)),
    () => run(target, overlap ? takenUpBeside(part, bad.part) : part.takeUp),
    () => remove(subject, servicesBut(bad.part.services, part.services)),
    () => untilWell(target),
  );
  const number = String(release.number);
  if (failed.length === 0) return `this host has gone back to release ${number}, which is well`;
  return `this host goes back to release ${number}, and: ${failed.join('; ')}`;
};

/** Who brought code here before this is not known: it is in its place again, and taken up. */
const backToForeign = async ({ subject, part }: Target, was: string): Promise<string> => {
  const failed = await inAnyCase(
    () => linkTo(subject, was),
    () => run({ subject, part }, part.takeUp),
  );
  const said = `this host has gone back to what was current before, ${was}`;
  return failed.length === 0 ? said : `${said}; and: ${failed.join('; ')}`;
};

/** There is nothing to go back to: nothing of it is left running, and no link leads to it. */
const backToNothing = async ({ subject, part, release }: Target): Promise<string> => {
  const failed = await inAnyCase(
    () => remove(subject, part.services),
    () => unlinkCurrent(subject),
  );
  const said = `this host had no release before: its processes were ended, release ${String(release.number)} stays in its folder`;
  return failed.length === 0 ? said : `${said}; and: ${failed.join('; ')}`;
};

const backFrom = (plan: Plan, subject: Subject): Promise<string> => {
  const { target, from, was } = plan;
  if (from !== null) return backTo({ ...from, subject }, plan);
  if (was === null || was === currentTarget(target.release.number))
    return backToNothing({ ...target, subject });
  return backToForeign({ ...target, subject }, was);
};

/** Its user owns its folder: what did not get well may be damaged, and is unpacked anew the next time. */
const distrust = async ({ target, from }: Plan): Promise<void> => {
  if (from === null || from.release.number !== target.release.number) await marked(target, false);
};

const goBack = async (plan: Plan, failure: StageFailure): Promise<StageFailure> => {
  const { target } = plan;
  const { on } = target.subject;
  const late = AbortSignal.timeout(BACK_MS);
  const signal = AbortSignal.any([on.stopping, late]);
  const subject = target.subject.afterwards(signal);
  on.log.warn('release is taken back', { application: subject.application, release: target.release.number });
  const said = await backFrom(plan, subject);
  if (DISTRUSTED.includes(failure.stage)) await distrust(plan);
  target.subject.add(subject.changes);
  // looked at, so that it is not collected before: then it would never fire
  if (late.aborted) on.log.warn('the way back has used up its time', { application: subject.application });
  return new StageFailure(failure.stage, subject.mask(`${failure.message}\n${said}`), { cause: failure });
};

/** It is in force already: it runs, and is well. */
const confirm = async ({ target }: Plan): Promise<void> => {
  const { subject, release, part } = target;
  await subject.stage('switch', release, async () => {
    await subject.apply(filesOf(part));
    await switchTo(subject, release.number);
    await run(target, []);
  });
  await subject.stage('health', release, () => untilWell(target));
};

const isInForce = async ({ target, from }: Plan): Promise<boolean> =>
  from !== null &&
  isSame(from.release, target.release) &&
  (await currentOf(target.subject)) === currentTarget(target.release.number);

/** What fails before anything in force is touched needs no way back: what runs goes on. */
const bringIntoForce = async (plan: Plan): Promise<void> => {
  const { subject, release } = plan.target;
  await subject.stage('before_restart', release, () =>
    runHook(plan.target, 'beforeRestart', 'before_restart'),
  );
  try {
    await forward(plan);
  } catch (error) {
    if (!(error instanceof StageFailure) || plan.target.subject.on.stopping.aborted) throw error;
    throw await goBack(plan, error);
  }
};

/** Old releases are no reason to fail: the new one is in force. */
const cleanUpAfter = async (target: Target): Promise<void> => {
  const { subject, release } = target;
  await subject
    .stage('cleanup', release, () => cleanUp(target))
    .catch((error: unknown) => {
      subject.note(`old releases of ${subject.application} were not removed: ${messageOf(error)}`);
    });
};

/** Rejects with a StageFailure; then the release of before is in force. */
export const activate = async (subject: Subject, release: Release, overlap: boolean): Promise<void> => {
  const plan = await planOf(subject, release, overlap);
  if (plan.from !== null) await heal(plan.from);
  await prepare(plan.target);
  if (await isInForce(plan)) await confirm(plan);
  else {
    await bringIntoForce(plan);
    await cleanUpAfter(plan.target);
  }
};
