/** Check of accounts. */
import type { Account } from '../../api-types/accounts.js';
import { applyAccounts } from '../accounts/apply.js';
import { readAccounts } from '../accounts/host.js';
import { planAccounts } from '../accounts/plan.js';
import type { AccountsResource } from '../resource.js';
import type { Check } from '../scene.js';

const planned = async (wanted: readonly Account[], root: string): Promise<readonly string[]> => {
  const { entries, gid } = await readAccounts(root);
  const { keep, remove } = planAccounts(wanted, entries, gid);
  return [
    ...keep.filter(({ entry }) => entry === null).map(({ account }) => `add the account ${account.name}`),
    ...remove.map(({ name }) => `remove the account ${name}`),
  ];
};

/**
 * Keys and sudo rules are read with the rights of their owners, and so only when they are applied. What cannot be read
 * is a warning when it is applied, never a failure: a host does not end for an account.
 */
export const accounts: Check<AccountsResource> = async ({ accounts: wanted }, { root, signal }) => {
  const lines = await planned(wanted, root).catch(() => []);
  return { diff: lines.join('\n'), apply: () => applyAccounts(wanted, { root, signal }) };
};
