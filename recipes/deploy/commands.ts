/** Commands of an application: builds, hooks, migrations. They run as its user, in the release's folder. */
import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import type { Hook } from '../../api-types/application-parts.js';
import type { Release } from '../../api-types/release.js';
import type { ResourceLog } from '../apply.js';
import { mergeAttributes, type Attributes } from '../attributes.js';
import { endedText, runCommand, type Rights } from '../command.js';
import { writeWhole } from '../files.js';
import { userNamed } from '../owners.js';
import { ifThere, placeOf } from '../place.js';
import type { ApplicationPart } from '../roles/application-part.js';
import { customJson, hostOf, ownRoles } from '../runners/host.js';
import { stopBy } from '../runners/work.js';
import { CLEAN_ENVIRONMENT } from '../tools.js';
import { layoutOf, releaseFolder } from './layout.js';
import type { Stage } from './stages.js';
import type { Slot } from './state.js';
import type { Subject } from './subject.js';

/** A release on this host. */
export interface Target {
  readonly subject: Subject;
  readonly release: Release;
  readonly slot: Slot;
  readonly part: ApplicationPart;
}

/** Null on a host that is a folder: it has no users of its own. */
export interface Who {
  readonly as: Rights;
  readonly env: Readonly<Record<string, string>>;
}

export const whoOf = async ({ subject, part }: Target): Promise<Who | null> => {
  if (subject.folder) return null;
  const { name, uid, gid, home } = await userNamed(part.user);
  return { as: { uid, gid }, env: { HOME: home, USER: name, LOGNAME: name } };
};

/** The release's folder as commands see it. */
export const placeOfRelease = ({ subject, release }: Pick<Target, 'subject' | 'release'>): Promise<string> =>
  placeOf(subject.on.root, releaseFolder(subject.application, release.number));

/** Those of the cluster and its roles, over them those of the release, over them those of the Deployment. */
export const attributesOf = ({ subject, release }: Target): Attributes => {
  const { snapshot, instance } = subject.on;
  const layers = [release.config.attributes ?? {}, subject.about.attributes ?? {}];
  return layers.reduce<Attributes>(mergeAttributes, customJson({ snapshot, instance, event: 'deploy' }));
};

const GROUP_READS = 0o640;

/** What hooks find the path of in their environment. */
export const writeAttributes = async (target: Target): Promise<void> => {
  const { subject } = target;
  const place = await placeOf(subject.on.root, layoutOf(subject.application).attributes);
  const gid = (await whoOf(target))?.as.gid;
  const ids = gid === undefined ? {} : { gid };
  await writeWhole(place, `${JSON.stringify(attributesOf(target), null, 2)}\n`, { mode: GROUP_READS, ids });
};

const ownVariables = async (target: Target, stage: string): Promise<Readonly<Record<string, string>>> => {
  const { subject, release } = target;
  const { root, snapshot, instance } = subject.on;
  const { shared, attributes } = layoutOf(subject.application);
  return {
    SCALARIUM_ROOT: subject.folder ? root : '',
    ...(subject.folder ? { HOST: hostOf({ snapshot, instance, event: 'deploy' }).address } : {}),
    SCALARIUM_APPLICATION: subject.application,
    SCALARIUM_RELEASE: String(release.number),
    SCALARIUM_REVISION: release.revision,
    SCALARIUM_DEPLOYMENT: release.deployment,
    SCALARIUM_INSTANCE: instance,
    SCALARIUM_CLUSTER: snapshot.cluster,
    SCALARIUM_STAGE: stage,
    SCALARIUM_ATTRIBUTES: await placeOf(root, attributes),
    RELEASE_PATH: await placeOfRelease(target),
    SHARED_PATH: await placeOf(root, shared),
  };
};

/** Of whoever runs hosts that are folders: where programs are, and what they take for granted. */
const HANDED_ON = ['PATH', 'HOME', 'LANG', 'TMPDIR'];

const handedOn = (): NodeJS.ProcessEnv =>
  Object.fromEntries(HANDED_ON.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])));

/** Nothing else of the agent's own environment is handed on: there may be keys of a cloud in it. */
const environmentOf = async (target: Target, stage: string): Promise<NodeJS.ProcessEnv> => {
  const { subject, part } = target;
  const values = Object.entries(part.environment).map(
    async ([name, value]) => [name, await subject.secrets.text(value)] as const,
  );
  return {
    ...(subject.folder ? handedOn() : { PATH: CLEAN_ENVIRONMENT.PATH, LANG: 'C.UTF-8' }),
    ...(await whoOf(target))?.env,
    ...Object.fromEntries(await Promise.all(values)),
    ...(await ownVariables(target, stage)),
  };
};

/** Null: it goes on as long as the run may. */
type Seconds = number | null;

export interface Line {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** What people are shown of it. */
  readonly shown: string;
  readonly stage: Stage;
  /** What SCALARIUM_STAGE says. */
  readonly told: string;
  readonly input?: string;
  readonly seconds?: Seconds;
  /** Tried again and again: what it said last is told when it fails, and nothing of it goes to the log. */
  readonly quiet?: boolean;
}

const cutShort = (run: AbortSignal, late: AbortSignal | null, seconds: Seconds): string | null => {
  if (run.aborted) return 'stopped because the run was aborted';
  return late?.aborted === true ? `no end after ${String(seconds)} s, killed` : null;
};

const SILENT: Pick<ResourceLog, 'info'> = { info: () => undefined };

/** Says its output line by line; throws with its exit code and its last lines when it fails. */
export const runLine = async (target: Target, line: Line): Promise<void> => {
  const { subject } = target;
  const { seconds = null, quiet = false } = line;
  const late = seconds === null ? null : AbortSignal.timeout(seconds * 1000);
  const { signal } = subject.on;
  const log = quiet ? SILENT : subject.on.log;
  const who = await whoOf(target);
  const keys = { resource: `application[${subject.application}]`, stage: line.stage };
  log.info('command begins', { ...keys, command: subject.mask(line.shown) });
  const ended = await runCommand(line.command, {
    cwd: await placeOfRelease(target),
    env: await environmentOf(target, line.told),
    signal: late === null ? signal : AbortSignal.any([signal, late]),
    stop: stopBy('SIGTERM'),
    leaves: false,
    ...(who === null ? {} : { as: who.as }),
    ...(line.input === undefined ? {} : { input: line.input }),
    listener: {
      mask: subject.mask,
      say: (text) => {
        log.info('output', { ...keys, line: text });
      },
    },
  });
  const why = cutShort(signal, late, seconds);
  if (ended.code !== 0 || why !== null) throw new Error(subject.mask(endedText([line.shown], ended, why)));
};

/** A command line of a spec; `told`: what SCALARIUM_STAGE says of it. */
export const shellLine = (text: string, stage: Stage, told: string = stage): Line => ({
  command: ['/bin/sh', '-c', text],
  shown: text,
  stage,
  told,
});

/** What a hook reads from its standard input. */
const documentOf = (target: Target, stage: string): string => {
  const { subject, release } = target;
  const { snapshot, instance } = subject.on;
  const seen = { snapshot, instance, event: 'deploy' } as const;
  const { number, revision, deployment } = release;
  return JSON.stringify({
    event: 'deploy',
    stage,
    cluster: snapshot.cluster,
    instance,
    role: hostOf(seen).role,
    roles: ownRoles(seen),
    application: subject.application,
    release: { number, revision, deployment },
    attributes: attributesOf(target),
  });
};

const FILES: Readonly<Record<Hook, string>> = {
  beforeBuild: 'before_build',
  beforeMigrate: 'before_migrate',
  beforeRestart: 'before_restart',
  afterRestart: 'after_restart',
};

const EXECUTABLE = 0o111;

/** The code's own; null: it has none. Throws for one that cannot be run, and for one that is not the release's. */
const ownHook = async (target: Target, name: string): Promise<string | null> => {
  const folder = await realpath(await placeOfRelease(target));
  const real = await ifThere(() => realpath(`${folder}/deploy/${name}`));
  if (real === null) return null;
  if (!real.startsWith(folder + sep))
    throw new Error(`deploy/${name} is a link that leads out of the release`);
  const found = await stat(real);
  if (!found.isFile()) return null;
  if ((found.mode & EXECUTABLE) === 0) throw new Error(`deploy/${name} cannot be run: it is not executable`);
  return real;
};

/** First the code's own, then that of its configuration. */
export const runHook = async (target: Target, hook: Hook, stage: Stage): Promise<void> => {
  const name = FILES[hook];
  const own = await ownHook(target, name);
  const wanted = target.release.config.hooks?.[hook];
  if (own === null && wanted === undefined) return;
  await writeAttributes(target);
  const input = documentOf(target, name);
  if (own !== null)
    await runLine(target, { command: [own], shown: `deploy/${name}`, stage, told: name, input });
  if (wanted !== undefined) await runLine(target, { ...shellLine(wanted, stage, name), input });
};
