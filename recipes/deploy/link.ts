/** Links from a release to what all releases of a host share. */
import { constants, copyFile, lchown, lstat, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { besides } from '../files.js';
import { ifThere, placeOf } from '../place.js';
import type { Resource } from '../resource.js';
import { placeOfRelease, runLine, whoOf, type Target } from './commands.js';
import { layoutOf } from './layout.js';

/**
 * As the application's user, whose all of it is: a link that it has put there leads root nowhere. What the release brings
 * for a shared folder becomes its first content; later ones are only the release's, and go.
 */
const SCRIPT = `set -eu
for path in "$@"; do
  inside="$RELEASE_PATH/$path"
  shared="$SHARED_PATH/$path"
  if [ ! -e "$shared" ]; then
    if [ -f "$inside" ] && [ ! -L "$inside" ]; then
      mkdir -p -- "$(dirname -- "$shared")"
      cp -a -- "$inside" "$shared"
    else
      mkdir -p -- "$shared"
    fi
  fi
  mkdir -p -- "$(dirname -- "$inside")"
  if [ -f "$inside" ] && [ ! -L "$inside" ] && [ -d "$shared" ]; then
    echo "$path is a file of the release and a folder of shared: put the file there in its place" >&2
    exit 1
  fi
  if [ -d "$inside" ] && [ ! -L "$inside" ]; then
    if [ -d "$shared" ] && [ -z "$(ls -A -- "$shared")" ]; then
      cp -a -- "$inside/." "$shared/"
    elif [ -n "$(ls -A -- "$inside")" ]; then
      echo "what the release has in $path is left out: the shared folder has content already"
    fi
  fi
  rm -rf -- "$inside"
  up=$(printf %s "$path" | sed 's|[^/]||g; s|/|../|g')
  ln -s -- "../../\${up}shared/$path" "$inside"
done
`;

/** Throws for a path that would be the release itself, or lead out of it. */
export const sharedPath = (path: string): string => {
  const clean = normalize(path).replace(/\/+$/, '');
  if (clean === '' || clean === '.' || clean.startsWith('/') || clean.split('/').includes('..'))
    throw new Error(`the shared path "${path}" is no path below the application`);
  return clean;
};

/** The deepest folder on the way from `base` that is there, with all links followed, must be below `top`. */
const refuseOutside = async (top: string, base: string, path: string): Promise<void> => {
  for (let at = dirname(join(base, path)); at.length > base.length; at = dirname(at)) {
    const real = await ifThere(() => realpath(at));
    if (real === null) continue;
    if (real !== top && !real.startsWith(top.endsWith(sep) ? top : top + sep))
      throw new Error(`the shared path ${path} leads out of ${top}, to ${real}`);
    return;
  }
};

/** Of paths of one part those that the pack has as files. */
const filesIn = async (pack: string, paths: readonly string[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const path of new Set(paths.map(sharedPath))) {
    const stats = path.includes('/') ? null : await ifThere(() => lstat(join(pack, path)));
    if (stats?.isFile() === true) found.push(path);
  }
  return found;
};

/** An empty folder is nobody's to lose. */
const isFree = async (place: string): Promise<boolean> => {
  const found = await ifThere(() => lstat(place));
  if (found === null) return true;
  return (
    found.isDirectory() &&
    rmdir(place).then(
      () => true,
      () => false,
    )
  );
};

/** Files right in `shared`, which is root's, are made by root: of what the pack has, where there is none yet. */
export const bringSharedFiles = async (
  target: Target,
  paths: readonly string[],
  pack: string,
): Promise<void> => {
  const { subject } = target;
  const who = await whoOf(target);
  for (const path of await filesIn(pack, paths)) {
    const place = await placeOf(subject.on.root, `${layoutOf(subject.application).shared}/${path}`);
    if (!(await isFree(place))) continue;
    const fresh = besides(place);
    await rm(fresh, { force: true });
    await copyFile(join(pack, path), fresh, constants.COPYFILE_EXCL);
    if (who !== null) await lchown(fresh, who.as.uid, who.as.gid);
    await rename(fresh, place);
  }
};

/**
 * `shared` is root's: the first part of each path is made for the user, who makes the rest. One that is a link already is
 * root's word that it is elsewhere, as on a volume. Where the path is that part alone, the release says whether it is a file.
 */
export const sharedFolders = async (
  { subject, part }: Target,
  paths: readonly string[],
  pack: string,
): Promise<readonly Resource[]> => {
  const { shared } = layoutOf(subject.application);
  const files = new Set(await filesIn(pack, paths));
  const all = paths.map(sharedPath).filter((path) => !files.has(path));
  const names = new Set(all.map((path) => path.split('/')[0] ?? ''));
  const folders: Resource[] = [];
  for (const name of names) {
    const path = `${shared}/${name}`;
    const found = await ifThere(async () => lstat(await placeOf(subject.on.root, path)));
    const isMade = found === null || found.isDirectory();
    if (isMade) folders.push({ type: 'directory', path, owner: part.user, group: part.user });
  }
  return folders;
};

export const linkShared = async (target: Target): Promise<void> => {
  const { subject, release } = target;
  const paths = [...new Set((release.config.shared ?? []).map(sharedPath))].sort();
  if (paths.length === 0) return;
  const folder = await realpath(await placeOfRelease(target));
  const root = await realpath(subject.on.root);
  const shared = await realpath(await placeOf(subject.on.root, layoutOf(subject.application).shared));
  for (const path of paths) {
    await refuseOutside(folder, folder, path);
    await refuseOutside(root, shared, path);
  }
  const command = ['/bin/sh', '-c', SCRIPT, 'link', ...paths];
  await runLine(target, { command, shown: `link ${paths.join(' ')}`, stage: 'link', told: 'link' });
};
