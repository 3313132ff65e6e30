/** `scalarium migrate APP`: runs the migration of the release in force, on one host. */
import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { deploying } from '../deploying/deploying.js';
import { type DeployFlags, withFollowing, withTargets } from '../deploying/options.js';

const run = async (context: CliContext, application: string, flags: DeployFlags): Promise<void> => {
  await deploying(context, application, { wanted: { command: 'migrate' }, flags });
};

export const register = (program: Command, context: CliContext): void => {
  const command = program
    .command('migrate')
    .description('run the migration of the release in force, on one host of the application')
    .argument('<application>', 'its name, as shop');
  withFollowing(withTargets(command)).action(async (application: string, _flags: unknown, self: Command) => {
    await run(context, application, self.optsWithGlobals());
  });
};
