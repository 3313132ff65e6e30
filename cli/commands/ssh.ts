/** `scalarium ssh HOST [-- COMMAND…]`: the system's ssh, at the host's address, as you. */
import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { clusterMeant, valueOf } from '../answers.js';
import { onTerminal } from '../child.js';
import { type CliContext, CliError, type GlobalFlags } from '../context.js';
import { sshArguments } from '../ssh-arguments.js';

interface SshFlags extends GlobalFlags {
  readonly login?: string;
  readonly identity?: string;
}

/** Where host keys of a cluster's machines are kept. */
const knownHosts = (env: CliContext['env'], cluster: string): string => {
  const folder = join(
    env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config'),
    'scalarium',
    'known_hosts',
  );
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, cluster);
};

const NO_SSH = 'there is no ssh on this machine: install the OpenSSH client, or put it on PATH';

const run = async (context: CliContext, words: readonly string[], flags: SshFlags): Promise<void> => {
  const [word = '', ...command] = words;
  const name = word.replace(/^[a-z]+\//, '');
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const host = await valueOf(client.get({ kind: 'Instance', cluster, name }));
  const user = flags.login ?? (await valueOf(client.access.whoAmI())).username;
  const args = sshArguments({
    name,
    status: host.status ?? {},
    user,
    knownHosts: knownHosts(context.env, cluster),
    identity: flags.identity ?? null,
    command,
  });
  if (typeof args === 'string') throw new CliError(args);
  const { code } = await onTerminal(spawn, 'ssh', args, NO_SSH);
  context.exitCode(code);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('ssh')
    .description('open a shell on a host, or run a command there; needs a grant with ssh')
    .argument('<host>', 'as app-1')
    .argument('[command...]', 'after --')
    .option('-l, --login <user>', 'the account; none: your own name')
    .option('-i, --identity <file>', 'the private key')
    .action(async (host: string, words: readonly string[], _flags: unknown, command: Command) => {
      await run(context, [host, ...words], command.optsWithGlobals());
    });
};
