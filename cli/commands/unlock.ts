/** `scalarium unlock APP` */
import type { Command } from 'commander';
import { LOCK } from '../../api-types/kinds/deployment.js';
import { clusterMeant, valueOf } from '../answers.js';
import type { CliContext, GlobalFlags } from '../context.js';
import { applicationNamed, lockOf, lockText } from '../deploying/deployment.js';
import { shortName } from '../words.js';

const run = async (context: CliContext, word: string, flags: GlobalFlags): Promise<void> => {
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const application = await applicationNamed(client, cluster, word);
  const { name } = application.metadata;
  const held = lockOf(application);
  if (held === null) {
    context.err(`${shortName('Application', name)} is not locked\n`);
    return;
  }
  const patch = { metadata: { annotations: { [LOCK]: null } } };
  await valueOf(client.patch({ kind: 'Application', cluster, name }, patch));
  context.err(`it was ${lockText(held, context.now())}\n`);
  context.out(`${shortName('Application', name)} unlocked\n`);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('unlock')
    .description('let people deploy a locked application again')
    .argument('<application>', 'its name, as shop')
    .action(async (word: string, _flags: unknown, self: Command) => {
      await run(context, word, self.optsWithGlobals());
    });
};
