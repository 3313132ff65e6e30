/** Accounts of a real host, by its own useradd, usermod and userdel; run as root. */
import { access, chmod, chown, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../../api-types/accounts.js';
import { endedText } from '../command.js';
import { ifThere } from '../place.js';
import { entryOf, homeOf, readAccounts, readHostFile, type AccountHost } from './host.js';
import { dropKeys, writeKeys } from './keys.js';
import { MARK, gidIn, shadowIn, uidFor, type PasswdEntry } from './passwd.js';
import { endProcesses } from './processes.js';
import { mustRun, runTool } from '../tools.js';

const ROOT = '/';

/** Matches no password, and unlike `!` does not make sshd take the account for a locked one. */
const NO_PASSWORD = '*';

/** Exit codes of useradd and userdel. */
const UID_TAKEN = 4;
const NAME_TAKEN = 9;
const NO_SUCH_USER = 6;
const IN_USE = 8;

const UID_ATTEMPTS = 20;

const shellOf = async (): Promise<string> =>
  (await ifThere(() => access('/bin/bash').then(() => true))) === true ? '/bin/bash' : '/bin/sh';

const add = async (name: string, signal: AbortSignal): Promise<void> => {
  const home = homeOf(name);
  if ((await ifThere(() => lstat(home))) !== null)
    throw new Error(
      `${home} exists, and what is in it may be somebody else's: move it away or remove it first`,
    );
  const fixed = ['--gid', MARK, '--comment', MARK, '--home-dir', home, '--create-home', '--password'];
  for (let attempt = 0; attempt < UID_ATTEMPTS; attempt += 1) {
    const uid = String(uidFor(name, attempt));
    const command = ['useradd', '--uid', uid, ...fixed, NO_PASSWORD, '--shell', await shellOf(), name];
    const ended = await runTool(command, { signal });
    if (ended.code === 0) return;
    if (ended.code === NAME_TAKEN)
      throw new Error(
        'a directory service of the host has an account of this name, which is left as it is. Rename the User',
      );
    if (ended.code !== UID_TAKEN) throw new Error(endedText(command, ended, null));
  }
  throw new Error(`no free uid among ${String(UID_ATTEMPTS)} from ${String(uidFor(name))} on`);
};

/** A crash between the entry and the home leaves none; /home is root's, so nobody else can have put it there. */
const ensureHome = async ({ home, uid, gid }: PasswdEntry): Promise<boolean> => {
  const found = await ifThere(() => lstat(home));
  if (found?.isDirectory() === true && found.uid === uid) return false;
  if (found !== null) throw new Error(`${home} is not a directory of this account`);
  await mkdir(home, { mode: 0o700 });
  await chown(home, uid, gid);
  return true;
};

/** A removal that was cut short leaves it expired; a password is nothing that we gave. */
const ensureUsable = async (name: string, signal: AbortSignal): Promise<boolean> => {
  const shadow = shadowIn(await readHostFile(ROOT, '/etc/shadow'), name);
  if (shadow === null || (shadow.password === NO_PASSWORD && shadow.expires === '')) return false;
  await mustRun(['usermod', '--password', NO_PASSWORD, '--expiredate', '', name], { signal });
  return true;
};

const make = async (account: Account, entry: PasswdEntry | null, signal: AbortSignal): Promise<boolean> => {
  if (entry === null) {
    await add(account.name, signal);
    await chmod(homeOf(account.name), 0o700);
    return true;
  }
  const homeless = await ensureHome(entry);
  return (await ensureUsable(entry.name, signal)) || homeless;
};

const AT_JOBS = ['/var/spool/cron/atjobs', '/var/spool/at'];

/** What would start a process as this user later on. */
const dropSchedules = async ({ name, uid }: PasswdEntry): Promise<void> => {
  for (const folder of ['/var/spool/cron/crontabs', '/var/spool/cron', '/var/lib/systemd/linger'])
    await rm(join(folder, name), { force: true });
  for (const folder of AT_JOBS)
    for (const job of (await ifThere(() => readdir(folder))) ?? []) {
      const place = join(folder, job);
      const found = await ifThere(() => lstat(place));
      if (found?.isFile() === true && found.uid === uid) await rm(place, { force: true });
    }
};

const DELETE_ATTEMPTS = 5;

const deleteEntry = async (entry: PasswdEntry, signal: AbortSignal): Promise<void> => {
  const command = ['userdel', '--remove', entry.name];
  for (let attempt = 1; ; attempt += 1) {
    const ended = await runTool(command, { signal });
    if (ended.code === 0 || ended.code === NO_SUCH_USER) return;
    if (ended.code !== IN_USE || attempt === DELETE_ATTEMPTS)
      throw new Error(endedText(command, ended, null));
    await endProcesses(entry, signal);
  }
};

/** No way in before the processes go, and none that comes back; then the account with its home. */
const remove = async (entry: PasswdEntry, signal: AbortSignal): Promise<void> => {
  await mustRun(['usermod', '--expiredate', '1', entry.name], { signal });
  // done with the rights of somebody who may hinder it: the account has expired, and the home goes anyway
  await dropKeys(entry, signal).catch(() => undefined);
  await dropSchedules(entry);
  await endProcesses(entry, signal);
  await deleteEntry(entry, signal);
};

const ensureGroup = async (signal: AbortSignal): Promise<number> => {
  const known = (await readAccounts(ROOT)).gid;
  if (known !== null) return known;
  await mustRun(['groupadd', '--system', MARK], { signal });
  const made = gidIn(await readHostFile(ROOT, '/etc/group'), MARK);
  if (made === null) throw new Error(`groupadd made no group ${MARK} in /etc/group`);
  return made;
};

const ready = (): Promise<void> =>
  process.getuid?.() === 0
    ? Promise.resolve()
    : Promise.reject(new Error('the agent does not run as root, so it cannot make accounts on this host'));

/** The host that the agent runs on. */
export const systemHost = (signal: AbortSignal): AccountHost => ({
  ready,
  group: () => ensureGroup(signal),
  make: (account, entry) => make(account, entry, signal),
  keys: async (account) => writeKeys(account, await entryOf(ROOT, account.name), signal),
  remove: (entry) => remove(entry, signal),
});
