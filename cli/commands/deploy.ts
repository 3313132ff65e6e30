/** `scalarium deploy APP`: brings a revision of an application onto its hosts, and follows that to its end. */
import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { deploying } from '../deploying/deploying.js';
import { type DeployFlags, withFollowing, withStrategy, withTargets } from '../deploying/options.js';

interface Flags extends DeployFlags {
  readonly revision?: string;
  readonly migrate?: boolean;
}

const run = async (context: CliContext, application: string, flags: Flags): Promise<void> => {
  const { revision, migrate } = flags;
  const wanted = {
    command: 'deploy',
    ...(revision === undefined ? {} : { revision }),
    ...(migrate === undefined ? {} : { migrate }),
  } as const;
  await deploying(context, application, { wanted, flags });
};

export const register = (program: Command, context: CliContext): void => {
  const command = program
    .command('deploy')
    .description('bring a revision of an application onto its hosts, batch after batch')
    .argument('<application>', 'its name, as shop')
    .option('--revision <revision>', 'a branch, a tag or a commit; what its source says unless told')
    .option('--migrate', 'run its migration on one host, before any restarts')
    .option('--attributes <json>', 'free JSON for hooks and templates, or @FILE with it');
  withFollowing(withStrategy(withTargets(command))).action(
    async (application: string, _flags: unknown, self: Command) => {
      await run(context, application, self.optsWithGlobals());
    },
  );
};
