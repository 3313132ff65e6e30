/** What is to be done about the accounts of a host: pure. */
import type { Account } from '../../api-types/accounts.js';
import { isOurs, type PasswdEntry } from './passwd.js';

export interface AccountsPlan {
  /** Ours that nobody is granted any more. */
  readonly remove: readonly PasswdEntry[];
  /** To be there, and what is there of them. */
  readonly keep: readonly { readonly account: Account; readonly entry: PasswdEntry | null }[];
  readonly refused: readonly { readonly name: string; readonly why: string }[];
}

/** Safe in a path, in sudoers and for useradd everywhere: no digit first, at most 32 characters. */
const ACCOUNT_NAME = /^[a-z][a-z0-9-]{0,31}$/;

const refusal = (name: string, taken: boolean): string | null => {
  if (!ACCOUNT_NAME.test(name) || name === 'root')
    return 'this cannot be the name of an account on a host: expected a letter first, then at most 31 of a-z, 0-9 and "-"';
  return taken
    ? 'the host has an account of this name that Scalarium did not make; it is left as it is. Rename the User, or remove that account'
    : null;
};

/** `gid`: of our group; null where the host has none yet. */
export const planAccounts = (
  accounts: readonly Account[],
  entries: readonly PasswdEntry[],
  gid: number | null,
): AccountsPlan => {
  const ours = entries.filter((entry) => isOurs(entry, entries, gid));
  const judged = accounts.map((account) => {
    const entry = ours.find(({ name }) => name === account.name) ?? null;
    const taken = entry === null && entries.some(({ name }) => name === account.name);
    return { account, entry, why: refusal(account.name, taken) };
  });
  return {
    remove: ours.filter((entry) => !accounts.some(({ name }) => name === entry.name)),
    keep: judged.filter(({ why }) => why === null).map(({ account, entry }) => ({ account, entry })),
    refused: judged.flatMap(({ account, why }) => (why === null ? [] : [{ name: account.name, why }])),
  };
};
