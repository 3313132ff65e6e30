/** One application of a host while something is done with it. */
import type { DeployOrder } from '../../api-types/deploy-order.js';
import type { Release } from '../../api-types/release.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { applyResources, type Applied, type ApplyOptions, type ResourceLog } from '../apply.js';
import { together } from '../custom.js';
import { isFolder, type Platform } from '../platform.js';
import type { Resource } from '../resource.js';
import type { ApplicationPart } from '../roles/application-part.js';
import { ownRoles } from '../runners/host.js';
import { NOTHING, type PackSource } from '../runners/work.js';
import { openSecrets, type Secrets, type SecretSource } from '../secrets.js';
import { inStage, type Stage } from './stages.js';
import { readState, writeState, type HostApplication, type Running } from './state.js';

/** What an application is on a host: of a snapshot whose `applications` say which release is meant, in which slot. Null: none of its roles runs it. */
export type PartOf = (snapshot: Snapshot, instance: string, application: string) => ApplicationPart | null;

export interface DeployOptions extends Pick<ApplyOptions, 'settleMillis'> {
  /** `/`, or the folder that stands for it. */
  readonly root: string;
  readonly log: ResourceLog;
  readonly platform: Platform;
  readonly secrets: SecretSource;
  /** Gives the unpacked folder of a release's pack. */
  readonly artifacts: PackSource;
  readonly part: PartOf;
  /** What the host is without the application, once it was taken away. */
  readonly converge: (snapshot: Snapshot, instance: string) => readonly Resource[];
  /** The recipes that people have for the event, when a release has come into force: one that fails takes it back. */
  readonly recipes: (snapshot: Snapshot, log: ResourceLog) => Promise<Applied>;
  readonly snapshot: Snapshot;
  readonly instance: string;
  /** Ends the work: it takes too long, or the agent ends. */
  readonly signal: AbortSignal;
  /** The agent ends: everything is left as it is, and goes on after its next start. */
  readonly stopping: AbortSignal;
  /** Milliseconds since some moment. */
  readonly monotonic: () => number;
  /** An earlier run of it was cut off. */
  readonly interrupted: boolean;
}

/** Of the order: what it is about beside the release. */
export type About = Pick<DeployOrder, 'application' | 'attributes'> & {
  /** The Deployment that wants it; empty: nobody does, as it is a part of the host's setup. */
  readonly uid: string;
};

type Keys = Readonly<Record<string, unknown>>;

/** Whoever says something: what an application has said is in it, perhaps. */
const masked = (log: ResourceLog, mask: (text: string) => string): ResourceLog => {
  const all = (keys: Keys = {}): Keys =>
    Object.fromEntries(
      Object.entries(keys).map(([key, value]) => [key, typeof value === 'string' ? mask(value) : value]),
    );
  return {
    info: (message, keys) => {
      log.info(message, all(keys));
    },
    warn: (message, keys) => {
      log.warn(message, all(keys));
    },
  };
};

const textsMasked = (applied: Applied, mask: (text: string) => string): Applied => ({
  ...applied,
  ...(applied.notes === undefined ? {} : { notes: applied.notes.map(mask) }),
  ...(applied.warning === undefined ? {} : { warning: mask(applied.warning) }),
});

/** Use once. */
export class Subject {
  readonly application: string;
  readonly folder: boolean;
  readonly on: DeployOptions;
  private applied: Applied = NOTHING;

  constructor(
    on: DeployOptions,
    readonly about: About,
    readonly secrets: Secrets = openSecrets(on.secrets, on.signal),
  ) {
    this.application = about.application;
    this.folder = isFolder(on.root);
    this.on = { ...on, log: masked(on.log, this.mask) };
  }

  /** What was changed, and what is to be said of it. */
  get changes(): Applied {
    return this.applied;
  }

  readonly mask = (text: string): string => this.secrets.mask(text);

  state(): Promise<HostApplication> {
    return readState(this.on.root, this.application);
  }

  write(state: HostApplication): Promise<void> {
    return writeState(this.on.root, this.application, state);
  }

  /** The snapshot as it is with this release in force. */
  snapshotWith(running: Running): Snapshot {
    const { snapshot } = this.on;
    return { ...snapshot, applications: { ...snapshot.applications, [this.application]: running } };
  }

  /** Throws, for people, where none of the host's roles runs it. */
  part(running: Running): ApplicationPart {
    const { part, instance, snapshot } = this.on;
    const found = part(this.snapshotWith(running), instance, this.application);
    if (found !== null) return found;
    const roles = ownRoles({ snapshot, instance, event: 'deploy' }).join(', ');
    throw new Error(`none of the roles of this host (${roles}) runs the application ${this.application}`);
  }

  /**
   * Asks for all secrets of the release's environment: from here on none is in a message or a line of the log, whoever
   * prints it, its processes and its answers included.
   */
  async know(release: Release): Promise<void> {
    const { environment } = this.part({ release, slot: 'a' });
    await Promise.all(Object.values(environment).map((value) => this.secrets.text(value)));
  }

  stage<A>(stage: Stage, release: Release | null, work: () => Promise<A>): Promise<A> {
    const { on, application, mask } = this;
    return inStage({ ...on, application, mask }, stage, release?.number ?? null, work);
  }

  note(text: string): void {
    this.add({ ...NOTHING, notes: [text] });
  }

  changed(what: string): void {
    this.add({ ...NOTHING, changed: [what] });
  }

  add(applied: Applied): void {
    this.applied = together(this.applied, textsMasked({ ...applied, failure: null }, this.mask));
  }

  /** Throws with what failed. */
  async apply(resources: readonly Resource[]): Promise<void> {
    const applied = await applyResources(resources, { ...this.on, resolved: this.secrets });
    this.add(applied);
    if (applied.failure !== null) throw new Error(applied.failure);
  }

  /** Those of people. Throws with what failed. */
  async recipes(snapshot: Snapshot): Promise<void> {
    const applied = await this.on.recipes(snapshot, this.on.log);
    this.add(applied);
    if (applied.failure !== null) throw new Error(applied.failure);
  }

  /** The same subject where what it was at was ended for its time: there is time to put things right. */
  afterwards(signal: AbortSignal): Subject {
    return new Subject({ ...this.on, signal }, this.about, this.secrets.until(signal));
  }
}
