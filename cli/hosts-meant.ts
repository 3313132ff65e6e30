/** Which hosts are meant: by name, or all of some roles. */
import { rolesOf } from '../api-types/kinds/instance.js';
import type { Address, Client } from '../client/client.js';
import { clusterMeant, valueOf } from './answers.js';
import { CliError, type GlobalFlags, UsageError } from './context.js';
import { EXIT } from './exit-codes.js';

export type Host = Address<'Instance'>;

export interface HostFlags extends GlobalFlags {
  readonly role?: readonly string[];
}

/** `host/app-1` and `app-1` are the same. */
const bareName = (word: string): string => word.replace(/^[a-z]+\//, '');

const ofRoles = async (
  client: Client,
  cluster: string,
  roles: readonly string[],
): Promise<readonly string[]> => {
  if (roles.length === 0) return [];
  const { items } = await valueOf(client.list('Instance', { cluster }));
  const of = items.filter(
    ({ spec }) => spec !== undefined && rolesOf(spec).some((role) => roles.includes(role)),
  );
  if (of.length === 0)
    throw new CliError(`no host of role ${roles.join(', ')} is in cluster ${cluster}`, {
      exit: EXIT.notFound,
    });
  return of.map(({ metadata }) => metadata.name);
};

/** The hosts named, then those of the roles, each once; `verb` is for the words of a refusal. */
export const hostsMeant = async (
  client: Client,
  verb: string,
  names: readonly string[],
  flags: HostFlags,
): Promise<readonly Host[]> => {
  const { role: roles = [] } = flags;
  if (names.length === 0 && roles.length === 0)
    throw new UsageError(`name the hosts ${verb}, or their role with --role`);
  const cluster = await clusterMeant(client, flags);
  const all = [...names.map(bareName), ...(await ofRoles(client, cluster, roles))];
  return [...new Set(all)].map((name) => ({ kind: 'Instance', cluster, name }));
};
