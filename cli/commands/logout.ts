/** `scalarium logout`: revokes the token of a login, and takes its entries out of the kubeconfig. */
import * as E from 'fp-ts/lib/Either.js';
import { homedir } from 'node:os';
import type { Command } from 'commander';
import { kubeconfigFiles, readFile } from '../../client/connection.js';
import { type Context, contextOf, readKubeconfig } from '../../client/kubeconfig.js';
import { requester } from '../../client/http.js';
import { API_PATH } from '../../client/paths.js';
import { lineOf } from '../answers.js';
import { CliError, type CliContext, type GlobalFlags } from '../context.js';
import { changeKubeconfig, withoutLogin } from '../login/kubeconfig-file.js';

const wantedOf = (files: readonly string[], flags: GlobalFlags): Context => {
  const config = readKubeconfig(files, readFile);
  if (E.isLeft(config)) throw new CliError(config.left);
  const name = flags.context ?? config.right.current;
  if (name === null)
    throw new CliError('logout: the kubeconfig has no current context: name one with --context');
  const context = contextOf(config.right, name, readFile);
  if (E.isLeft(context)) throw new CliError(context.left);
  return context.right;
};

const run = async (context: CliContext, flags: GlobalFlags): Promise<void> => {
  const files = kubeconfigFiles(flags, context.env, context.env['HOME'] ?? homedir());
  const { name, endpoint, login } = wantedOf(files, flags);
  if (login === null)
    throw new CliError(
      `logout: context ${name} was not made by "scalarium login": nothing was revoked or removed`,
    );
  const path = `${API_PATH}/users/${encodeURIComponent(login.user)}/tokens/${encodeURIComponent(login.token)}`;
  const revoked = await requester(endpoint)('DELETE', path);
  // 401 and 404: it is no good any more, which is what is wanted
  if (E.isLeft(revoked) && ![401, 404].includes(revoked.left.code))
    throw new CliError(`the token was not revoked, so it stays in the kubeconfig: ${lineOf(revoked.left)}`, {
      cause: revoked.left,
    });
  for (const file of files)
    if (readFile(file) !== null) changeKubeconfig(file, (before) => withoutLogin(file, before, name));
  context.out(`logged out of ${endpoint.url}; context ${name} is removed\n`);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('logout')
    .description('revoke the token of a login, and forget it')
    .action(async (_flags: unknown, command: Command) => {
      await run(context, command.optsWithGlobals<GlobalFlags>());
    });
};
