/** The options of `scalarium up` about its front, as `--help` tells them. */
import { type Command, Option } from 'commander';

const OPTIONS: readonly (readonly [flags: string, says: string, variable: string])[] = [
  ['--listen <host>', 'address to listen on; off loopback only TLS is spoken', 'SCALARIUM_LISTEN'],
  [
    '--advertise <host[:port]>',
    'what agents and kubeconfigs call it; default: that address',
    'SCALARIUM_ADVERTISE',
  ],
  ['--tls-cert <file>', 'certificate to show in place of one of its own (PEM)', 'SCALARIUM_TLS_CERT'],
  ['--tls-key <file>', 'its private key', 'SCALARIUM_TLS_KEY'],
  [
    '--tls-ca <file>',
    'who signed it, for agents to trust; default: who everybody trusts',
    'SCALARIUM_TLS_CA',
  ],
  ['--oidc-issuer <url>', 'OpenID Connect provider that people may log in at', 'SCALARIUM_OIDC_ISSUER'],
  ['--oidc-client-id <id>', 'what the provider calls this control plane', 'SCALARIUM_OIDC_CLIENT_ID'],
  ['--oidc-username-claim <claim>', 'who it is; default: sub', 'SCALARIUM_OIDC_USERNAME_CLAIM'],
  ['--oidc-groups-claim <claim>', 'their groups; default: groups', 'SCALARIUM_OIDC_GROUPS_CLAIM'],
  ['--oidc-ca <file>', 'whom to trust at the provider (PEM)', 'SCALARIUM_OIDC_CA'],
];

/** Adds them. */
export const addFrontFlags = (command: Command): Command => {
  for (const [flags, says, variable] of OPTIONS) command.addOption(new Option(flags, says).env(variable));
  return command.addOption(new Option('--no-tls', 'plain HTTP only, on loopback'));
};
