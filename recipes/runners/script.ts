/** Runs a program: any executable, with the event as JSON on its standard input and as environment. */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Applied } from '../apply.js';
import { endedText, runCommand, type Ended } from '../command.js';
import { customJson, hostOf, ownRoles } from './host.js';
import { lineScanner } from './lines.js';
import {
  NOTHING,
  environmentOf,
  lineListener,
  stopBy,
  type FoundRecipe,
  type Runner,
  type RunScene,
} from './work.js';

/** A host that wants to be started anew; Chef uses the same number. */
const REBOOT = 35;

/** A script that has it in its first lines can tell what it would do, and tells what it does. */
const MARKER = /^\s*(?:#|\/\/|--|;)\s*scalarium: dry-run\s*$/m;
const MARKER_BYTES = 4_096;

const CHANGED = /^scalarium: changed (\S.*)$/;
const MOST_CHANGED = 200;

const speaks = async (file: string): Promise<boolean> => {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MARKER_BYTES), 0, MARKER_BYTES, 0);
    return MARKER.test(buffer.subarray(0, bytesRead).toString('latin1'));
  } finally {
    await handle.close();
  }
};

const documentOf = ({ name }: FoundRecipe, { work, values }: RunScene): string => {
  const { event, snapshot, instance, dryRun } = work;
  const { cluster } = snapshot;
  return JSON.stringify({
    event,
    recipe: name,
    cluster,
    instance,
    role: hostOf(work).role,
    roles: ownRoles(work),
    dryRun,
    attributes: customJson(work),
    secrets: values,
    snapshot,
  });
};

const variablesOf = (
  { name }: FoundRecipe,
  { work, folder }: RunScene,
): Readonly<Record<string, string>> => ({
  SCALARIUM_ROOT: work.root,
  SCALARIUM_EVENT: work.event,
  SCALARIUM_CLUSTER: work.snapshot.cluster,
  SCALARIUM_INSTANCE: work.instance,
  SCALARIUM_ROLE: hostOf(work).role,
  SCALARIUM_ROLES: ownRoles(work).join(','),
  SCALARIUM_RECIPE: name,
  SCALARIUM_DRY_RUN: work.dryRun ? '1' : '0',
  SCALARIUM_SNAPSHOT: join(folder, 'snapshot.json'),
});

/** What the system says of a program that cannot be started, said of this one. */
const NOT_STARTED: Readonly<Record<string, string>> = {
  ENOEXEC: 'is no program: expected a first line as "#!/bin/sh"',
  ENOENT: 'cannot be started: the program that its first line names is not on this host',
  EACCES: 'may not be started: its file system, or the program that its first line names, does not allow it',
};

const started = async (
  found: FoundRecipe,
  scene: RunScene,
  heard: (chunk: Buffer) => void,
): Promise<Ended> => {
  const { work } = scene;
  try {
    return await runCommand([found.file], {
      cwd: found.folder,
      env: { ...environmentOf(scene), ...variablesOf(found, scene) },
      signal: work.signal,
      stop: stopBy('SIGTERM'),
      input: documentOf(found, scene),
      listener: lineListener(`script[${found.name}]`, scene),
      stdout: heard,
    });
  } catch (error) {
    const why = NOT_STARTED[(error as NodeJS.ErrnoException).code ?? ''];
    if (why === undefined) throw error;
    throw new Error(`${found.file} ${why}`, { cause: error });
  }
};

const judged = ({ file }: FoundRecipe, ended: Ended, { work }: RunScene): string | null => {
  if (ended.code === 0 || ended.code === REBOOT) return null;
  return endedText([file], ended, work.signal.aborted ? 'stopped because the run was aborted' : null);
};

const appliedOf = (
  found: FoundRecipe,
  ended: Ended,
  scene: RunScene,
  told: readonly string[] | null,
): Applied => {
  const id = `script[${found.name}]`;
  const failure = judged(found, ended, scene);
  const changed = (told ?? [id]).map((what) => scene.secrets.mask(what));
  return {
    changed,
    failure: failure === null ? null : `${id}: ${failure}`,
    ...(scene.work.dryRun
      ? { diffs: changed.map((resource) => ({ resource, diff: `would be changed by ${id}` })) }
      : {}),
    ...(ended.code === REBOOT ? { reboot: true } : {}),
  };
};

const runOne = async (found: FoundRecipe, scene: RunScene): Promise<Applied> => {
  const { work, folder } = scene;
  const tells = await speaks(found.file);
  if (work.dryRun && !tells)
    return {
      ...NOTHING,
      notes: [
        `script[${found.name}]: cannot be told what it would change: it does not say "scalarium: dry-run"`,
      ],
    };
  await writeFile(join(folder, 'snapshot.json'), JSON.stringify(work.snapshot), { mode: 0o600 });
  const told: string[] = [];
  const scan = lineScanner((line) => {
    const what = CHANGED.exec(line)?.[1];
    if (what !== undefined && told.length < MOST_CHANGED) told.push(what);
  });
  const ended = await started(found, scene, scan);
  return appliedOf(found, ended, scene, tells ? told : null);
};

/** One program after another is how they are grouped: each group is of one. */
export const script: Runner = ([found], scene) => runOne(found as FoundRecipe, scene);
