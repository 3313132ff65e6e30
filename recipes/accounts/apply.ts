/** Brings the accounts of a host to those that are granted; what one of them fails at keeps no other back. */
import { resolve } from 'node:path';
import type { Account } from '../../api-types/accounts.js';
import { folderHost } from './folder.js';
import { readAccounts, type AccountHost } from './host.js';
import { planAccounts, type AccountsPlan } from './plan.js';
import { applySudo, sweepSudo } from './sudoers.js';
import { systemHost } from './system.js';

export interface AppliedAccounts {
  /** `account[jane]`, `authorized_keys[jane]`, `sudo[jane]`. */
  readonly changed: readonly string[];
  /** For people: the account, what failed, and the command's last output. */
  readonly warnings: readonly string[];
}

interface Options {
  readonly root: string;
  readonly signal: AbortSignal;
}

/** Notes what changed and what failed, account by account. */
class Applying {
  readonly changed: string[] = [];
  readonly warnings: string[] = [];

  constructor(private readonly signal: AbortSignal) {}

  /** Gives whether it went well. */
  async try(who: string, what: string, work: () => Promise<boolean>): Promise<boolean> {
    try {
      this.signal.throwIfAborted();
      if (await work()) this.changed.push(what);
      return true;
    } catch (error) {
      // the next run does what this one was kept from
      if (this.signal.aborted) throw error;
      this.warnings.push(`${who}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }
}

const isNothing = ({ keep, remove }: AccountsPlan): boolean => keep.length === 0 && remove.length === 0;

const makeOne = async (
  applying: Applying,
  host: AccountHost,
  { account, entry }: AccountsPlan['keep'][number],
  { root, signal }: Options,
): Promise<void> => {
  const { name } = account;
  const who = `account ${name}`;
  const made = await applying.try(who, `account[${name}]`, () => host.make(account, entry));
  if (!made) return;
  await applying.try(who, `authorized_keys[${name}]`, () => host.keys(account));
  if (account.sudo) await applying.try(who, `sudo[${name}]`, () => applySudo(root, name, signal));
};

const carryOut = async (
  applying: Applying,
  host: AccountHost,
  plan: AccountsPlan,
  options: Options,
): Promise<void> => {
  await host.ready();
  for (const entry of plan.remove)
    await applying.try(`account ${entry.name}, to be removed`, `account[${entry.name}] removed`, async () => {
      await host.remove(entry);
      return true;
    });
  if (plan.keep.length === 0) return;
  await host.group();
  for (const one of plan.keep) await makeOne(applying, host, one, options);
};

const sudoers = ({ keep }: AccountsPlan): ReadonlySet<string> =>
  new Set(keep.filter(({ account }) => account.sudo).map(({ account }) => account.name));

/** What fails is a warning, never an exception, unless the run was aborted: a host does not end for an account. */
export const applyAccounts = async (
  accounts: readonly Account[],
  options: Options,
): Promise<AppliedAccounts> => {
  const { root, signal } = options;
  const applying = new Applying(signal);
  await applying.try('accounts', 'accounts', async () => {
    const { entries, gid } = await readAccounts(root);
    const plan = planAccounts(accounts, entries, gid);
    applying.warnings.push(...plan.refused.map(({ name, why }) => `account ${name}: ${why}`));
    const swept = await sweepSudo(root, sudoers(plan));
    applying.changed.push(...swept.map((name) => `sudo[${name}] removed`));
    if (isNothing(plan)) return false;
    const host = resolve(root) === '/' ? systemHost(signal) : folderHost(root);
    await carryOut(applying, host, plan, options);
    return false;
  });
  return { changed: applying.changed, warnings: applying.warnings };
};
