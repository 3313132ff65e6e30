/** The port through which accounts are made and removed: a real host, or a folder that stands for one. */
import { readFile } from 'node:fs/promises';
import type { Account } from '../../api-types/accounts.js';
import { ifThere, placeOf } from '../place.js';
import { MARK, gidIn, parsePasswd, type PasswdEntry } from './passwd.js';

export interface AccountHost {
  /** Throws, for people, where no accounts can be made at all. */
  ready(): Promise<void>;
  /** Makes the group when there is none; gives its gid. */
  group(): Promise<number>;
  /** Makes the account, or puts right what differs; gives whether anything changed. */
  make(account: Account, entry: PasswdEntry | null): Promise<boolean>;
  /** Brings authorized_keys to the account's keys; gives whether they changed. */
  keys(account: Account): Promise<boolean>;
  /** Takes the account away, with its keys, processes and home. */
  remove(entry: PasswdEntry): Promise<void>;
}

/** A file of the host; empty where there is none. */
export const readHostFile = async (root: string, path: string): Promise<string> => {
  const place = await placeOf(root, path);
  return (await ifThere(() => readFile(place, 'utf8'))) ?? '';
};

export interface HostAccounts {
  readonly entries: readonly PasswdEntry[];
  /** Of our group; null: there is none. */
  readonly gid: number | null;
}

/** The accounts that the host has itself; those of a directory service are found by useradd. */
export const readAccounts = async (root: string): Promise<HostAccounts> => ({
  entries: parsePasswd(await readHostFile(root, '/etc/passwd')),
  gid: gidIn(await readHostFile(root, '/etc/group'), MARK),
});

/** The entry of an account that must be there. */
export const entryOf = async (root: string, name: string): Promise<PasswdEntry> => {
  const found = (await readAccounts(root)).entries.find((entry) => entry.name === name);
  if (found === undefined) throw new Error('it is not in /etc/passwd');
  return found;
};

export const homeOf = (name: string): string => `/home/${name}`;
