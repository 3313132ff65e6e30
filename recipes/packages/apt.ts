/** Packages by apt and dpkg. */
import { access, readdir, readFile, stat } from 'node:fs/promises';
import type { Ended } from '../command.js';
import { writeWhole } from '../files.js';
import type { Listener } from '../output.js';
import { ifThere } from '../place.js';
import { DpkgStatus } from './dpkg-status.js';
import { refuseOddNames, verifyAll, versionFits, type PackageNeed, type Packages } from './packages.js';
import { judgeTransaction, transact } from './transaction.js';

const STATUS = '/var/lib/dpkg/status';
const UPDATES = '/var/lib/dpkg/updates';
const LISTS = '/var/lib/apt/lists';
const POLICY = '/usr/sbin/policy-rc.d';

/** Nobody is there to be asked; configuration files that a recipe has written stay. */
const ENVIRONMENT = {
  DEBIAN_FRONTEND: 'noninteractive',
  APT_LISTCHANGES_FRONTEND: 'none',
  NEEDRESTART_SUSPEND: '1',
  UCF_FORCE_CONFFOLD: '1',
};
const OPTIONS = [
  '--yes',
  '--quiet',
  '--no-install-recommends',
  '--option=Dpkg::Options::=--force-confdef',
  '--option=Dpkg::Options::=--force-confold',
  '--option=Dpkg::Use-Pty=0',
];

/** Not what it says to one who is not root, who may wait for ever. */
const LOCKED = /Could not get lock|is another process using it|locked by another process/;
const STALE =
  /Unable to locate package|has no installation candidate|was not found|Failed to fetch|Unable to fetch/;
const NOT_THERE = [
  /Unable to locate package (\S+)/,
  /Package '?([^\s']+)'? has no installation candidate/,
  /Version '[^']*' for '([^']+)' was not found/,
];

/** For people: the name of the package that the tool knows none of. */
export const unknownPackage = (output: string): string | null => {
  for (const pattern of NOT_THERE) {
    const name = pattern.exec(output)?.[1];
    if (name !== undefined) return name;
  }
  return null;
};

const wordsFor = ({ names, state, version }: PackageNeed): readonly string[] =>
  names.map((name) => {
    if (state === 'removed') return `${name}-`;
    return version === null ? name : `${name}=${version}`;
  });

const fits = (status: DpkgStatus, need: PackageNeed, name: string): boolean => {
  if (need.state === 'removed') return status.isGone(name);
  const version = status.version(name);
  if (version === null) return need.version === null && status.provides(name);
  return versionFits(version, need.version);
};

const STARTS_NOTHING = `#!/bin/sh
# Written by Scalarium: packages start no services here, the supervisor does.
exit 101
`;

class Apt implements Packages {
  private known: { readonly stamp: string; readonly status: Promise<DpkgStatus> } | null = null;

  constructor(
    private readonly signal: AbortSignal,
    private readonly startsServices: boolean,
  ) {}

  async lacking(need: PackageNeed): Promise<readonly string[]> {
    refuseOddNames(need);
    const status = await this.status();
    return need.names.filter((name) => !fits(status, need, name));
  }

  async bring(needs: readonly PackageNeed[], listener: Listener): Promise<void> {
    await this.prepare(listener);
    const words = needs.flatMap(wordsFor);
    const downgrades = needs.some(({ version }) => version !== null) ? ['--allow-downgrades'] : [];
    const command = ['apt-get', 'install', ...OPTIONS, ...downgrades, '--', ...words];
    let ended = await this.run(command, listener);
    if (ended.code !== 0 && STALE.test(ended.output)) {
      await this.update(listener);
      ended = await this.run(command, listener);
    }
    judgeTransaction(command, ended, unknownPackage(ended.output));
    await verifyAll(this, needs);
  }

  /** What an earlier run left half done is finished first; without lists nothing is found. */
  private async prepare(listener: Listener): Promise<void> {
    if (!this.startsServices && (await ifThere(() => access(POLICY).then(() => true))) === null)
      await writeWhole(POLICY, STARTS_NOTHING, { mode: 0o755 });
    const updates = (await ifThere(() => readdir(UPDATES))) ?? [];
    if (updates.length > 0 || (await this.status()).unfinished()) {
      const command = ['dpkg', '--configure', '-a', '--force-confdef', '--force-confold'];
      judgeTransaction(command, await this.run(command, listener), null);
    }
    const lists = (await ifThere(() => readdir(LISTS))) ?? [];
    if (!lists.some((name) => name.includes('_Packages'))) await this.update(listener);
    await this.unpackAgain(listener);
  }

  /** apt takes one whose unpacking was cut short for the newest version, and ends well without it. */
  private async unpackAgain(listener: Listener): Promise<void> {
    const names = (await this.status()).halfInstalled();
    if (names.length === 0) return;
    const command = ['apt-get', 'install', ...OPTIONS, '--reinstall', '--', ...names];
    judgeTransaction(command, await this.run(command, listener), null);
  }

  /** A source that does not answer is no failure yet: the package may be in another, or in its list of before. */
  private async update(listener: Listener): Promise<void> {
    await this.run(['apt-get', 'update', '--quiet'], listener);
  }

  private run(command: readonly string[], listener: Listener): Promise<Ended> {
    return transact(command, { signal: this.signal, listener, env: ENVIRONMENT, locked: LOCKED });
  }

  private async status(): Promise<DpkgStatus> {
    const { mtimeMs, size, ino } = await stat(STATUS);
    const stamp = [mtimeMs, size, ino].join(' ');
    if (this.known?.stamp !== stamp)
      this.known = { stamp, status: readFile(STATUS, 'utf8').then((text) => new DpkgStatus(text)) };
    return this.known.status;
  }
}

/** `startsServices`: packages may start what they bring, as systemd expects of them. */
export const apt = (signal: AbortSignal, startsServices: boolean): Packages =>
  new Apt(signal, startsServices);
