/**
 * The folder that an installed agent lives in: `<build>/scalarium-agent`, the links `current` and `previous`, `trial`
 * (a build that nobody welcomed yet, and how often it was started), `bad` (builds that were given up) and `launch`.
 */
import { mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { platformOf } from '../../api-types/agent-release.js';
import { readIfThere, syncPath, writePrivate } from '../../runtime/private-file.js';
import { launchScript, PATIENCE } from './launch-script.js';

export const EXECUTABLE = 'scalarium-agent';
const FRESH = 'fresh';

export interface Home {
  /** The build that runs. */
  readonly build: string;
  /** Builds that did not come up here, the last one at the end. */
  readonly bad: readonly string[];
  /** An empty folder for a build that is on its way. */
  prepare(): Promise<string>;
  /** What was prepared is the next to be started, on trial. */
  switchTo(build: string): Promise<void>;
  /** The build that runs is a good one. */
  prove(): Promise<void>;
}

const linesOf = (text: string | null): readonly string[] =>
  (text ?? '').split('\n').filter((line) => line !== '');

class DiskHome implements Home {
  private readonly fresh: string;

  constructor(
    private readonly folder: string,
    readonly build: string,
    readonly bad: readonly string[],
  ) {
    this.fresh = join(folder, FRESH);
  }

  async prepare(): Promise<string> {
    await rm(this.fresh, { recursive: true, force: true });
    await mkdir(this.fresh, { mode: 0o700 });
    return this.fresh;
  }

  /** Whole at any moment: the trial counts only once `current` is its build. */
  async switchTo(build: string): Promise<void> {
    await syncPath(join(this.fresh, EXECUTABLE));
    await rm(join(this.folder, build), { recursive: true, force: true });
    await rename(this.fresh, join(this.folder, build));
    await this.link('previous', this.build);
    await writePrivate(join(this.folder, 'trial'), `${build} 0\n`);
    await this.link('current', build);
    await syncPath(this.folder);
  }

  async prove(): Promise<void> {
    await rm(join(this.folder, 'trial'), { force: true });
    const script = launchScript(PATIENCE);
    const path = join(this.folder, 'launch');
    if ((await readIfThere(path)) !== script) await writePrivate(path, script);
    await this.sweep();
  }

  private async link(name: string, build: string): Promise<void> {
    const beside = join(this.folder, `${name}.new`);
    await rm(beside, { force: true });
    await symlink(build, beside);
    await rename(beside, join(this.folder, name));
  }

  /** Of the builds only the one that runs and the one before it stay. */
  private async sweep(): Promise<void> {
    const previous = await readlink(join(this.folder, 'previous')).catch(() => '');
    const builds = (await readdir(this.folder)).filter((name) => platformOf(name) !== null);
    const gone = builds.filter((name) => name !== this.build && name !== previous);
    for (const name of gone) await rm(join(this.folder, name), { recursive: true, force: true });
  }
}

/** The home that the start script names; null: this agent was not installed as a file of its own, and never updates. */
export const openHome = async (folder: string | undefined): Promise<Home | null> => {
  if (folder === undefined || folder === '') return null;
  const build = await readlink(join(folder, 'current')).catch(() => null);
  if (build === null || platformOf(build) === null) return null;
  return new DiskHome(folder, build, linesOf(await readIfThere(join(folder, 'bad'))));
};
