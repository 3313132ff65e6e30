/**
 * Units of a host that is a folder: what they name is below that folder, and their processes have the rights of whoever
 * runs the host, since a folder has no users. Pure.
 */
import { join } from 'node:path';
import type { UnitCommand } from './command-line.js';
import { STEPS, type Step, type Unit } from './unit.js';

/** The variable that tells every process of such a host where its root is; on a machine it is not set. */
export const FOLDER_ROOT = 'SCALARIUM_ROOT';

/** Of such a host only applications are services: what packages would bring runs on machines. */
export const isFolderUnit = (name: string): boolean => name.startsWith('scalarium-app-');

/** Programs are the machine's; what recipes have written is the host's. */
const OF_THE_HOST = /^([^/=]*=)?(\/(?:etc\/scalarium|srv|var|run)(?:\/.*)?)$/;

const word = (root: string, text: string): string =>
  text.replace(
    OF_THE_HOST,
    (_, before: string | undefined, path: string) => (before ?? '') + join(root, path),
  );

const command = (root: string, one: UnitCommand): UnitCommand => ({
  ...one,
  words: one.words.map((each) => word(root, each)),
});

const commands = (root: string, all: Unit['commands']): Unit['commands'] => {
  const mapped = (step: Step): Unit['commands'][Step] => all[step].map((one) => command(root, one));
  return Object.fromEntries(STEPS.map((step) => [step, mapped(step)])) as Unit['commands'];
};

/** The unit as it is carried out on the host whose root is `root`. */
export const unitBelow = (root: string, unit: Unit): Unit => {
  const below = <A extends { readonly path: string }>(one: A): A => ({ ...one, path: join(root, one.path) });
  return {
    ...unit,
    commands: commands(root, unit.commands),
    environmentFiles: unit.environmentFiles.map(below),
    workingDirectory:
      unit.workingDirectory === null ? { path: root, optional: false } : below(unit.workingDirectory),
    directories: unit.directories.map((one) => ({ ...one, base: join(root, one.base) })),
    pidFile: unit.pidFile === null ? null : join(root, unit.pidFile),
    conditions: unit.conditions.map(below),
    user: null,
    group: null,
    supplementaryGroups: [],
    capabilities: [],
    noNewPrivileges: false,
  };
};
