/** `scalarium lock APP --reason TEXT`: nobody deploys it until it is unlocked. */
import type { Command } from 'commander';
import { LOCK } from '../../api-types/kinds/deployment.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, CliError, type GlobalFlags, UsageError } from '../context.js';
import { applicationNamed, lockOf, lockText } from '../deploying/deployment.js';
import { EXIT } from '../exit-codes.js';
import { shortName } from '../words.js';

interface Flags extends GlobalFlags {
  readonly reason: string;
}

const run = async (context: CliContext, word: string, flags: Flags): Promise<void> => {
  const reason = flags.reason.trim();
  if (reason === '') throw new UsageError('--reason: say why, for those who want to deploy');
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const application = await applicationNamed(client, cluster, word);
  const { name, resourceVersion } = application.metadata;
  const held = lockOf(application);
  if (held !== null)
    throw new CliError(`${shortName('Application', name)} is ${lockText(held, context.now())}`, {
      exit: EXIT.conflict,
    });
  // who locks, and when, the server says; two at once: one of them is told
  const annotations = { [LOCK]: reason };
  const patch = { metadata: { resourceVersion, annotations } };
  await valueOf(client.patch({ kind: 'Application', cluster, name }, patch));
  context.out(`${shortName('Application', name)} locked\n`);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('lock')
    .description('keep everybody from deploying an application, and say why')
    .argument('<application>', 'its name, as shop')
    .requiredOption('--reason <text>', 'why, for those who want to deploy')
    .action(async (word: string, _flags: unknown, self: Command) => {
      await run(context, word, self.optsWithGlobals());
    });
};
