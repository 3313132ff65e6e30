/** What a host is made of: its packages, its services, and whether it is a machine or a folder that stands for one. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ServiceManager } from './services/service-manager.js';
import { systemd } from './services/systemd.js';

export interface Platform {
  /** `none`: packages are skipped with a note. */
  readonly packages: 'apt' | 'dnf' | 'none';
  readonly family: 'debian' | 'redhat' | 'none';
  /** `/`, or the folder that stands for it: such a host has no packages, users, devices and kernel of its own. */
  readonly root: string;
  readonly services: ServiceManager;
  /** What `services` is; a package that is installed starts nothing where it is not systemd. */
  readonly init: 'systemd' | 'supervisor';
}

/** True of a host that is a folder of some machine. */
export const isFolder = (root: string): boolean => resolve(root) !== '/';

const packagesHere = (): Pick<Platform, 'packages' | 'family'> => {
  if (existsSync('/usr/bin/apt-get')) return { packages: 'apt', family: 'debian' };
  if (existsSync('/usr/bin/dnf')) return { packages: 'dnf', family: 'redhat' };
  return { packages: 'none', family: 'none' };
};

/** Looks once, when the agent starts; `supervisor` manages the services where there is no systemd. */
export const detectPlatform = (root: string, supervisor: ServiceManager): Platform => {
  if (isFolder(root))
    return { packages: 'none', family: 'none', root, services: supervisor, init: 'supervisor' };
  return existsSync('/run/systemd/system')
    ? { ...packagesHere(), root, services: systemd, init: 'systemd' }
    : { ...packagesHere(), root, services: supervisor, init: 'supervisor' };
};
