/** What a host does with the applications that it is told of. */
import type { DeployOrder, DeployStep } from '../../api-types/deploy-order.js';
import type { HostReleases, Release } from '../../api-types/release.js';
import type { Applied } from '../apply.js';
import { together } from '../custom.js';
import { messageOf } from '../reasons.js';
import { NOTHING } from '../runners/work.js';
import { activate, targetOf } from './activate.js';
import { withInForce } from './in-force.js';
import { migrate } from './migrate.js';
import { prepare } from './prepare.js';
import { finish, restart, start, stopThem } from './processes.js';
import { StageFailure, type Stage } from './stages.js';
import type { Running } from './state.js';
import { Subject, type DeployOptions } from './subject.js';
import { undeploy } from './undeploy.js';

export interface Deployed extends Applied {
  /** At which it failed. */
  readonly stage?: Stage;
  /** What the host has in force now of what this was about. */
  readonly releases: HostReleases;
}

/** A step that a host carries out with what it has. */
export type HostStep = Exclude<DeployStep, 'fetch'>;

type Step = (subject: Subject, order: DeployOrder) => Promise<void>;

const released = ({ release, step }: DeployOrder): Release => {
  if (release !== undefined) return release;
  throw new Error(`an order to ${step} names no release`);
};

const beside = async (subject: Subject, release: Release) =>
  targetOf(subject, { release, slot: (await subject.state()).inForce?.slot ?? 'a' });

const STEPS: Readonly<Record<HostStep, Step>> = {
  prepare: async (subject, order) => {
    await prepare(await beside(subject, released(order)));
  },
  migrate: async (subject, order) => {
    await migrate(await beside(subject, released(order)));
  },
  activate: (subject, order) => activate(subject, released(order), order.overlap === true),
  finish,
  restart,
  start,
  stop: stopThem,
  undeploy,
};

/** After these people's recipes run, as after an activation, which runs them itself: it goes back when they fail. */
const WITH_RECIPES: readonly HostStep[] = ['restart', 'start', 'undeploy'];

const carryOut = async (subject: Subject, order: DeployOrder, step: HostStep): Promise<void> => {
  await STEPS[step](subject, order);
  if (WITH_RECIPES.includes(step))
    await subject.stage('recipes', null, () => subject.recipes(subject.on.snapshot));
};

/** In the other slot it listens somewhere else than its release says; null: not so, or its roles cannot tell any more. */
const otherPort = (subject: Subject, inForce: Running): number | null => {
  if (inForce.slot === 'a') return null;
  try {
    const { at } = subject.part(inForce);
    return typeof at === 'number' ? at : null;
  } catch {
    return null;
  }
};

const inForceOf = async (subject: Subject): Promise<HostReleases> => {
  const { inForce } = await subject.state();
  if (inForce === undefined) return {};
  const { number, revision } = inForce.release;
  const port = otherPort(subject, inForce);
  return { [subject.application]: { release: number, revision, ...(port === null ? {} : { port }) } };
};

const failureOf = (error: unknown, subject: Subject): Pick<Deployed, 'failure' | 'stage'> =>
  error instanceof StageFailure
    ? { failure: error.message, stage: error.stage }
    : { failure: subject.mask(messageOf(error)) };

/** What ends something needs no secret, and what was there before may have had one that nobody has any more. */
const NEEDS_SECRETS: readonly HostStep[] = ['prepare', 'migrate', 'activate', 'restart', 'start'];

const knowSecrets = async (subject: Subject, order: DeployOrder, step: HostStep): Promise<void> => {
  const { inForce, beside: other } = await subject.state();
  const wanted = order.release ?? inForce?.release;
  for (const release of [inForce?.release, other?.release])
    if (release !== undefined && release !== wanted) await subject.know(release).catch(() => undefined);
  if (wanted === undefined) return;
  const known = subject.know(wanted);
  await (NEEDS_SECRETS.includes(step) ? known : known.catch(() => undefined));
};

/** Never rejects: a host whose disk cannot be read says so, too. */
const carriedOut = async (subject: Subject, work: () => Promise<void>): Promise<Deployed> => {
  const outcome = await work().then(
    () => ({ failure: null }),
    (error: unknown) => failureOf(error, subject),
  );
  const releases = await inForceOf(subject).catch(() => ({}));
  return { ...subject.changes, ...outcome, releases };
};

/** Carries out what a Deployment wants of this host. Never rejects. */
export const carryOutOrder = (
  order: DeployOrder & { readonly step: HostStep },
  options: DeployOptions,
): Promise<Deployed> => {
  const subject = new Subject(options, order);
  return carriedOut(subject, async () => {
    await knowSecrets(subject, order, order.step);
    await carryOut(subject, order, order.step);
  });
};

/** Among others it is told of which it is. */
const named = (application: string, deployed: Deployed): Deployed => {
  const { failure, stage } = deployed;
  if (failure === null) return deployed;
  const where = stage === undefined ? '' : `${stage}: `;
  return { ...deployed, failure: `application ${application}: ${where}${failure}` };
};

const bothOf = (one: Deployed, other: Deployed): Deployed => {
  const stage = one.stage ?? other.stage;
  return {
    ...together(one, other),
    releases: { ...one.releases, ...other.releases },
    ...(stage === undefined ? {} : { stage }),
  };
};

/** A host that is new is given what is in force in its cluster, without migrations. Never rejects; one that fails keeps none of the others from it. */
export const deployAll = async (options: DeployOptions): Promise<Deployed> => {
  const { root, snapshot, instance, part, signal } = options;
  let deployed: Deployed = { ...NOTHING, releases: {} };
  for (const [application, { release }] of Object.entries(snapshot.applications ?? {})) {
    if (signal.aborted) break;
    // of those that were brought before it, and of those that are not reached, what is in force counts
    const seen = await withInForce(root, snapshot);
    const subject = new Subject({ ...options, snapshot: seen }, { application, uid: '' });
    const bring = async (): Promise<void> => {
      if (part(snapshot, instance, application) === null) return;
      await subject.know(release);
      await activate(subject, release, false);
    };
    deployed = bothOf(deployed, named(application, await carriedOut(subject, bring)));
  }
  return deployed;
};
