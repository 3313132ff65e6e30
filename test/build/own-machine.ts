/**
 * Runs a test file as root in a machine of its own: own processes, and a file system that is this one's with all
 * changes kept aside and thrown away (overlayfs in a mount and pid namespace). The machine itself is never changed.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const MARK = 'SCALARIUM_OWN_MACHINE';

/** Where such a machine shows what was written since it was made. */
export const CHANGES = '/.changes';

/** True in a process that `inOwnMachine` has started. */
export const isOwnMachine = (): boolean => process.env[MARK] === '1';

/** Why there can be no such machine here; null: there can. */
export const noOwnMachine = (): string | null => {
  if (process.platform !== 'linux') return 'this is not Linux';
  return process.getuid?.() === 0 ? null : 'this needs root, for namespaces and real accounts';
};

/** $0: a folder. The rest: what to run. The shell stays, to be the init that reaps orphans. */
const SCRIPT = `
set -eu
base=$0
mount -t tmpfs tmpfs "$base"
mkdir "$base/upper" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$base/root"
mount -t proc proc "$base/root/proc"
mount --rbind /dev "$base/root/dev"
mkdir "$base/root$SCALARIUM_CHANGES"
mount --bind "$base/upper" "$base/root$SCALARIUM_CHANGES"
for folder in $SCALARIUM_FOLDERS; do
  [ -n "$(ls -A "$base/root$folder" 2>/dev/null)" ] && continue
  mkdir -p "$base/root$folder"
  mount --rbind "$folder" "$base/root$folder"
done
code=0
chroot "$base/root" "$@" || code=$?
exit "$code"
`;

/** Gives the exit code; what the file prints is printed. `more`: further namespaces, as `--net`. */
export const inOwnMachine = async (file: string, more: readonly string[] = []): Promise<number> => {
  const base = await mkdtemp(join(tmpdir(), 'scalarium-machine-'));
  const folders = [REPOSITORY, realpathSync(join(REPOSITORY, 'node_modules')), dirname(process.execPath)];
  const loader = join(realpathSync(join(REPOSITORY, 'node_modules')), 'tsx/dist/loader.mjs');
  const command = [process.execPath, '--import', loader, file];
  const namespaces = [
    '--mount',
    '--pid',
    '--uts',
    ...more,
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
  ];
  const child = spawn('unshare', [...namespaces, 'sh', '-c', SCRIPT, base, ...command], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      [MARK]: '1',
      SCALARIUM_FOLDERS: folders.join(' '),
      SCALARIUM_CHANGES: CHANGES,
    },
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (ended) => {
      resolve(ended ?? 1);
    });
  });
  await rmdir(base);
  return code;
};
