/** Applies the accounts of a host. */
import type { Account } from '../../api-types/accounts.js';

export interface AppliedAccounts {
  readonly changed: readonly string[];
  readonly warnings: readonly string[];
}

/** Brings the host's accounts to what they are to be; what one of them fails at is a warning that names it. */
export const applyAccounts = (
  accounts: readonly Account[],
  { root }: { readonly root: string; readonly signal: AbortSignal },
): Promise<AppliedAccounts> =>
  Promise.resolve({
    changed: [],
    warnings: accounts.map(({ name }) => `account ${name}: not made yet below ${root}`),
  });
