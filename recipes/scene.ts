/** What checks are given beside their resource, and what they answer. */
import type { ResourceLog } from './apply.js';
import type { Listener } from './output.js';
import type { Packages } from './packages/packages.js';
import type { Platform } from './platform.js';
import type { Resource } from './resource.js';
import type { Secrets } from './secrets.js';

/** The host, and the run of resources on it. */
export interface Scene {
  readonly root: string;
  /** The host's name, by whose number it takes its turn among those of its role. */
  readonly instance: string;
  /** The host is a folder of some machine: nothing outside it is touched, owners are not set. */
  readonly folder: boolean;
  /** Ends the run. */
  readonly signal: AbortSignal;
  readonly platform: Platform;
  readonly secrets: Secrets;
  readonly packages: Packages;
  readonly log: ResourceLog;
  /** For people; each is told once a run. */
  note(text: string): void;
}

/** A service right after it was started or acted upon. */
export interface Started {
  /** How often its manager has started it anew since somebody wanted it started. */
  readonly restarts: number;
}

/** What a change came to, beside that it was made. */
export interface Effect {
  /** What was changed, where that is not just the resource; empty: nothing was. */
  readonly changed?: readonly string[];
  /** For people: what was left undone although the run goes on. */
  readonly warnings?: readonly string[];
  /** A service that must be started anew at the end. */
  readonly restart?: boolean;
  /** A service that was started just now: what notified it before is served. */
  readonly started?: Started;
}

/** What differs; nothing is touched before `apply` is called. */
export interface Change {
  /** For people, of a dry run; empty for what changes nothing by itself, as waiting. */
  readonly diff: string;
  apply(): Promise<Effect | undefined>;
}

/** What a check found. Null: all is as it should be, or there is nothing to do. */
export type Verdict = Change | null;

/** Only reads; throws, for people, what makes the resource impossible. */
export type Check<R> = (resource: R, scene: Scene) => Promise<Verdict>;

/** A change without an effect beyond itself. */
export const change = (diff: string, apply: () => Promise<unknown>): Change => ({
  diff,
  apply: async () => {
    await apply();
    return undefined;
  },
});

/** Lets a command's lines be heard in the log, as those of this resource. */
export const listenerOf = (resource: string, { log, secrets }: Scene): Listener => ({
  mask: (text) => secrets.mask(text),
  say: (line) => {
    log.info('output', { resource, line });
  },
});

/** True of a resource that is for hosts of another family. */
export const isElsewhere = ({ family }: Resource, { platform }: Scene): boolean =>
  family !== undefined && (platform.family === 'redhat') !== (family === 'redhat');

/** True, and said, of a resource that a folder does not have; files are files there, too. */
export const isLeftOut = ({ type, on }: Resource, scene: Scene): boolean => {
  const leftOut = scene.folder && on === 'machine' && type !== 'file' && type !== 'template';
  if (leftOut) scene.note('commands, services and ports are left out: this host is a folder');
  return leftOut;
};
