/**
 * Accounts of a host that is a folder: the same files as on a real one, and nothing that a login could use. Nothing
 * outside the folder is touched, and no program of the machine is run.
 */
import { lstat, rm } from 'node:fs/promises';
import type { Account } from '../../api-types/accounts.js';
import { carryOut, checkDirectory, checkFile } from '../files.js';
import { ifThere, placeOf } from '../place.js';
import { homeOf, readAccounts, readHostFile, type AccountHost } from './host.js';
import { authorizedKeys } from './keys.js';
import { MARK, uidFor, type PasswdEntry } from './passwd.js';

const GID = 19_999;

const freeUid = (name: string, taken: readonly PasswdEntry[]): number => {
  for (let attempt = 0; ; attempt += 1) {
    const uid = uidFor(name, attempt);
    if (!taken.some((entry) => entry.uid === uid)) return uid;
  }
};

class Folder implements AccountHost {
  constructor(private readonly root: string) {}

  ready(): Promise<void> {
    return Promise.resolve();
  }

  async group(): Promise<number> {
    const { gid } = await readAccounts(this.root);
    if (gid !== null) return gid;
    const group = await readHostFile(this.root, '/etc/group');
    await this.write('/etc/group', `${group}${MARK}:x:${String(GID)}:\n`, 0o644);
    return GID;
  }

  async make({ name }: Account, entry: PasswdEntry | null): Promise<boolean> {
    const home = homeOf(name);
    const fresh = entry === null;
    if (fresh) {
      const { entries, gid } = await readAccounts(this.root);
      const passwd = await readHostFile(this.root, '/etc/passwd');
      const uid = freeUid(name, entries);
      const line = [name, '*', String(uid), String(gid), MARK, home, '/bin/sh'].join(':');
      await this.write('/etc/passwd', `${passwd}${line}\n`, 0o644);
    }
    const made = await carryOut(await checkDirectory(this.root, { path: home, mode: 0o700 }));
    return made || fresh;
  }

  async keys(account: Account): Promise<boolean> {
    const folder = `${homeOf(account.name)}/.ssh`;
    const place = await placeOf(this.root, folder);
    const found = await ifThere(() => lstat(place));
    if (found !== null && !found.isDirectory()) await rm(place);
    await carryOut(await checkDirectory(this.root, { path: folder, mode: 0o700 }));
    return this.write(`${folder}/authorized_keys`, authorizedKeys(account), 0o600);
  }

  async remove({ name }: PasswdEntry): Promise<void> {
    const passwd = await readHostFile(this.root, '/etc/passwd');
    await rm(await placeOf(this.root, homeOf(name)), { recursive: true, force: true });
    const lines = passwd.split('\n').filter((line) => !line.startsWith(`${name}:`));
    await this.write('/etc/passwd', lines.join('\n'), 0o644);
  }

  private async write(path: string, content: string, mode: number): Promise<boolean> {
    return carryOut(await checkFile(this.root, { path, content, mode }));
  }
}

/** The host whose file system is below `root`. */
export const folderHost = (root: string): AccountHost => new Folder(root);
