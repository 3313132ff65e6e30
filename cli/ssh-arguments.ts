/** What ssh is called with, pure. */
import type { InstanceStatus } from '../api-types/kinds/instance.js';

export interface SshCall {
  readonly name: string;
  readonly status: InstanceStatus;
  readonly user: string;
  readonly knownHosts: string;
  readonly identity: string | null;
  readonly command: readonly string[];
}

const ACCOUNT = /^[a-z_][-a-z0-9_]*$/i;

/** The arguments, or why there is nothing to connect to. A slot's next machine is another host: its key has another name. */
export const sshArguments = (call: SshCall): readonly string[] | string => {
  const { machine, agent } = call.status;
  const address = machine?.publicAddress ?? agent?.address ?? machine?.privateAddress;
  if (!machine || address === undefined)
    return `host ${call.name} has no machine with an address yet: see "scalarium describe host ${call.name}"`;
  if (!ACCOUNT.test(call.user))
    return `"${call.user}" is no account on hosts: log in as a User, or name an account with -l`;
  return [
    '-o',
    'StrictHostKeyChecking=accept-new',
    '-o',
    `UserKnownHostsFile=${call.knownHosts.replaceAll('%', '%%')}`,
    '-o',
    `HostKeyAlias=${machine.id}`,
    ...(call.identity === null ? [] : ['-i', call.identity]),
    '-l',
    call.user,
    '--',
    address,
    ...call.command,
  ];
};
