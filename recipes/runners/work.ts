/** What runs of people's own recipes are given, and what the runners share. */
import type { Lifecycle } from '../../api-types/lifecycle.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import type { Applied, ResourceLog } from '../apply.js';
import type { Stop } from '../command.js';
import type { Listener } from '../output.js';
import { isFolder, type Platform } from '../platform.js';
import type { Secrets, SecretSource } from '../secrets.js';
import { CLEAN_ENVIRONMENT } from '../tools.js';

/** Gives the folder of an unpacked pack of cookbooks; rejects, for people, when it cannot be had. */
export type PackSource = (digest: string, signal: AbortSignal) => Promise<string>;

export interface CustomWork {
  /** `cookbook` or `cookbook::recipe`, in the order they run. */
  readonly recipes: readonly string[];
  readonly event: Lifecycle;
  readonly snapshot: Snapshot;
  readonly instance: string;
  /** `/`, or the folder that stands for it. */
  readonly root: string;
  /** Ends the run; what it has started is asked to end, then killed. */
  readonly signal: AbortSignal;
  readonly log: ResourceLog;
  readonly platform: Platform;
  readonly secrets: SecretSource;
  readonly packs: PackSource;
  /** Nothing is touched: the answer says what would change, where that can be told. */
  readonly dryRun: boolean;
}

export type RunnerName = 'chef' | 'ansible' | 'script';

/** A recipe as a pack has it. */
export interface FoundRecipe {
  /** As it was named. */
  readonly name: string;
  readonly runner: RunnerName;
  readonly cookbook: string;
  readonly recipe: string;
  /** The cookbook's folder. */
  readonly folder: string;
  /** The playbook or the program; of Chef's the cookbook's folder. */
  readonly file: string;
}

/** Values of Secrets by name and key. */
export type SecretValues = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** One run of custom recipes on a host. */
export interface RunScene {
  readonly work: CustomWork;
  /** For this run alone, readable by its owner only; removed when it ends. */
  readonly folder: string;
  /** What lasts from run to run: `<root>/var/lib/scalarium`. */
  readonly state: string;
  /** Of all sources, the first one first. */
  readonly packs: readonly string[];
  /** The Secrets that the host's roles name. */
  readonly values: SecretValues;
  /** Knows them all, so that they can be taken out of any text. */
  readonly secrets: Secrets;
}

/** Runs adjacent recipes of its kind; throws what stops the run, for people. */
export type Runner = (recipes: readonly FoundRecipe[], scene: RunScene) => Promise<Applied>;

/** Nothing was changed, nothing is wrong. */
export const NOTHING: Applied = { changed: [], failure: null };

/** How long a recipe that is to stop may tidy up. */
const GRACE_MILLIS = 5_000;

export const stopBy = (signal: NodeJS.Signals): Stop => ({ signal, graceMillis: GRACE_MILLIS });

/** Lets the lines of a recipe be heard in the log. */
export const lineListener = (id: string, { work, secrets }: RunScene): Listener => ({
  mask: (text) => secrets.mask(text),
  say: (line) => {
    work.log.info('output', { resource: id, line });
  },
});

/** On a host that is a machine nothing of the agent's own environment is handed on. */
export const environmentOf = ({ work }: RunScene): NodeJS.ProcessEnv =>
  isFolder(work.root)
    ? process.env
    : {
        PATH: CLEAN_ENVIRONMENT.PATH,
        LANG: 'C.UTF-8',
        HOME: '/root',
        USER: 'root',
        LOGNAME: 'root',
      };
