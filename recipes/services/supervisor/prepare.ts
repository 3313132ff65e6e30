/** Directories a service needs before it starts: its own, and those of packages below /run, which begins empty. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { idsNamed, type ServiceUser } from './accounts.js';
import type { Unit } from './unit.js';

/** Makes the unit's directories, and gives the variables that name them. */
export const makeDirectories = (unit: Unit, user: ServiceUser | null): Readonly<Record<string, string>> => {
  const variables: Record<string, string> = {};
  for (const { base, variable, names, mode } of unit.directories) {
    const paths = names.map((name) => join(base, name));
    for (const path of paths) {
      mkdirSync(path, { recursive: true, mode: 0o755 });
      if (!base.endsWith('/etc')) chownSync(path, user?.uid ?? 0, user?.gid ?? 0);
      chmodSync(path, mode);
    }
    variables[variable] = paths.join(':');
  }
  return variables;
};

export const removePassing = ({ directories }: Unit): void => {
  for (const { base, names, passing } of directories)
    if (passing) for (const name of names) rmSync(join(base, name), { recursive: true, force: true });
};

const TMPFILES = ['/etc/tmpfiles.d', '/usr/local/lib/tmpfiles.d', '/usr/lib/tmpfiles.d'];

interface Wanted {
  readonly path: string;
  readonly mode: number;
  readonly user: string;
  readonly group: string;
}

/** What systemd makes for itself would say that it runs here. */
const BELOW_RUN = /^\/run\/(?!systemd(\/|$))/;

/** The directories below /run that a file of tmpfiles.d asks for; all its other lines are left alone. */
export const runDirectoriesIn = (text: string): readonly Wanted[] =>
  text.split('\n').flatMap((line) => {
    const [type = '', path = '', mode = '-', user = '-', group = '-'] = line.trim().split(/\s+/);
    const place = path.replace(/^\/var\/run\//, '/run/');
    if (!/^[dD][!+-]*$/.test(type) || !BELOW_RUN.test(place) || place.includes('%')) return [];
    return [
      { path: place, mode: mode === '-' ? 0o755 : parseInt(mode.replace(/^[~:]*/, ''), 8), user, group },
    ];
  });

/** By file name: the first folder that has it wins. */
const tmpfiles = (): readonly string[] => {
  const files = new Map<string, string>();
  for (const folder of [...TMPFILES].reverse())
    if (existsSync(folder))
      for (const name of readdirSync(folder)) if (name.endsWith('.conf')) files.set(name, join(folder, name));
  return [...files.values()];
};

/** Makes what is missing; what somebody has changed since stays. */
export const makeRunDirectories = async (): Promise<void> => {
  const wanted = tmpfiles().flatMap((file) => runDirectoriesIn(readFileSync(file, 'utf8')));
  for (const { path, mode, user, group } of wanted) {
    const ids = existsSync(path) ? null : await idsNamed(user, group);
    // a package that is half installed has not made its user yet
    if (ids === null) continue;
    mkdirSync(path, { recursive: true, mode: 0o755 });
    chownSync(path, ids.uid, ids.gid);
    chmodSync(path, mode);
  }
};
