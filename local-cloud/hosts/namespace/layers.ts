/**
 * What lies between a host's own files and the base: `fresh` has files that every host begins with, `mask` hides what
 * is this machine's own when the base is its root. Both are made anew by every driver, for hosts that boot from then on.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IN_HOST } from './script.js';
import { runProgram } from './programs.js';

export interface Base {
  /** The folder that hosts have as their root, under their own changes; absolute. */
  readonly directory: string;
  /** What they must not see of it when it is this machine's root; absolute. */
  readonly hidden: readonly string[];
}

const POLICY = `#!/bin/sh
# Packages start no services here: the supervisor does.
exit 101
`;

const systemctl = (program: string): string => `#!/bin/sh
# There is no systemd on this host: its supervisor does what it can of it.
verb=
for word; do
  shift
  case $word in
  -*) ;;
  *) if [ -z "$verb" ]; then verb=$word; else set -- "$@" "$word"; fi ;;
  esac
done
case $verb in
daemon-reload | set-environment | unset-environment | reset-failed) exit 0 ;;
esac
exec ${IN_HOST.node} ${IN_HOST.supervisor}/${program} supervisor "$verb" "$@"
`;

/** Below a host's directory: the files that the driver makes for it, a layer that the host only reads. */
export const GIVEN = 'given';

/** The folder in the layer, and those above it, with owner and mode of the base's. */
export const makeFolder = (layer: string, base: string, folder: string): void => {
  if (folder === '/') return;
  makeFolder(layer, base, dirname(folder));
  const place = join(layer, folder);
  if (existsSync(place)) return;
  mkdirSync(place, { mode: 0o755 });
  const like = statSync(join(base, folder), { throwIfNoEntry: false });
  if (like === undefined) return;
  chownSync(place, like.uid, like.gid);
  chmodSync(place, like.mode & 0o7777);
};

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** People's own folders, which hosts begin without. */
const PRIVATE = ['/home', '/root'];

export const UNITS = '/etc/systemd/system';

/** What this machine starts when it boots: in a host only what is enabled there starts. */
const bootLinks = (base: string): readonly string[] =>
  (isFolder(join(base, UNITS)) ? readdirSync(join(base, UNITS)) : [])
    .filter((name) => /\.(wants|requires)$/.test(name))
    .map((name) => join(UNITS, name));

const makeFresh = (layer: string, { directory }: Base, program: string): void => {
  const put = (path: string, text: string): void => {
    makeFolder(layer, directory, dirname(path));
    writeFileSync(join(layer, path), text);
    chmodSync(join(layer, path), 0o755);
  };
  put('/usr/sbin/policy-rc.d', POLICY);
  put('/usr/local/bin/systemctl', systemctl(program));
  if (directory === '/') for (const folder of PRIVATE) makeFolder(layer, directory, folder);
};

/** A character device 0/0 is how overlayfs says that something is not there. */
const hide = async (layer: string, base: string, path: string): Promise<void> => {
  if (!existsSync(join(base, path)) || existsSync(join(layer, path))) return;
  makeFolder(layer, base, dirname(path));
  await runProgram(['mknod', join(layer, path), 'c', '0', '0']);
};

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Makes both below `folder`. `program`: the supervisor's file. */
export const makeLayers = async (folder: string, base: Base, program: string): Promise<void> => {
  const [fresh, mask] = [join(folder, 'fresh'), join(folder, 'mask')];
  await rm(folder, { recursive: true, force: true });
  for (const layer of [fresh, mask]) mkdirSync(layer, { recursive: true, mode: 0o755 });
  makeFresh(fresh, base, program);
  if (base.directory !== '/') return;
  const hidden = base.hidden.filter((path) => !PRIVATE.some((each) => isBelow(path, each)));
  for (const path of [...PRIVATE, ...hidden, ...bootLinks(base.directory)])
    await hide(mask, base.directory, path);
};
