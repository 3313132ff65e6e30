/** Whether this machine can carry namespace hosts, told before anything is started. */
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROGRAM_PATH, runProgram } from './programs.js';

const PROGRAMS: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  mount: 'util-linux',
  pivot_root: 'util-linux',
  setpriv: 'util-linux',
  ip: 'iproute2',
  mknod: 'coreutils',
};

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const missingPrograms = (): string | null => {
  const folders = PROGRAM_PATH.split(':');
  const missing = Object.keys(PROGRAMS).filter(
    (name) => !folders.some((folder) => isExecutable(join(folder, name))),
  );
  if (missing.length === 0) return null;
  const packages = [...new Set(missing.map((name) => PROGRAMS[name]))].join(' ');
  return `namespace hosts need the programs ${missing.join(', ')}, which are not on this machine: install ${packages}`;
};

/** Every one of these is run in a host before its own packages are there. */
const IN_BASE = ['bin/sh', 'usr/bin/env', 'usr/bin/setpriv'];

const unfitBase = (base: string): string | null => {
  if (statSync(base, { throwIfNoEntry: false })?.isDirectory() !== true)
    return `--hosts-base ${base}: there is no such folder; it is to hold the root of a system, as debootstrap makes it`;
  if (/[:,\\"'$`\s]/.test(base))
    return `--hosts-base ${base}: overlayfs cannot be told of a path with such characters; take another one`;
  const missing = IN_BASE.filter((file) => !isExecutable(join(base, file)));
  return missing.length === 0
    ? null
    : `--hosts-base ${base}: it is no root of a system: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not in it`;
};

/** All that a host is made of, tried once. */
const TRIAL = `
set -e
cd "$1"
mkdir upper work root
mount -t overlay scalarium -o "lowerdir=$2,upperdir=upper,workdir=work" root
mount -t tmpfs tmpfs root/tmp
ip link add here type veth peer name there
`;

const NAMESPACES = ['--mount', '--pid', '--net', '--uts', '--ipc', '--fork', '--propagation', 'private'];

/** The folder, or the one above it that is there. */
const existing = (directory: string): string =>
  existsSync(directory) || dirname(directory) === directory ? directory : existing(dirname(directory));

const failedTrial = async (directory: string, base: string): Promise<string | null> => {
  let place = '';
  try {
    place = mkdtempSync(join(existing(directory), '.scalarium-trial-'));
    const command = ['unshare', ...NAMESPACES, 'sh', '-c', TRIAL, 'sh', place, base];
    // what it said, without the whole script before it
    await runProgram(command).catch((error: unknown) => {
      throw new Error((error as Error).message.slice(command.join(' ').length + 2).split('\n')[0]);
    });
    return null;
  } catch (error) {
    return (
      `this machine cannot make a namespace host in ${directory}: ${(error as Error).message}; they need root's rights, ` +
      'network namespaces, and overlayfs over a folder of an ordinary file system (give --data elsewhere when it is on an overlay itself)'
    );
  } finally {
    if (place !== '') rmSync(place, { recursive: true, force: true });
  }
};

/** For people, why there can be none with roots over `base` and own files below `directory`; null: there can. */
export const whyNoNamespaceHosts = async (directory: string, base: string): Promise<string | null> => {
  if (process.platform !== 'linux')
    return 'namespace hosts are made of Linux, and this is none: take --hosts process';
  if (process.getuid?.() !== 0)
    return 'namespace hosts need root, for mounts and networks of their own: run it with sudo, or take --hosts process';
  return missingPrograms() ?? unfitBase(base) ?? (await failedTrial(directory, base));
};
