/** `scalarium undeploy APP`: ends an application's processes and removes its code; asks before. */
import type { Command } from 'commander';
import { type CliContext, CliError } from '../context.js';
import { type Application, statusOfApplication } from '../deploying/deployment.js';
import { deploying } from '../deploying/deploying.js';
import { type DeployFlags, withFollowing, withTargets } from '../deploying/options.js';

interface Flags extends DeployFlags {
  readonly yes?: boolean;
}

const agreed =
  (context: CliContext, { yes, to }: Flags) =>
  async (application: Application): Promise<void> => {
    if (yes === true) return;
    const { hosts = 0 } = statusOfApplication(application);
    const where = to === undefined ? `all its hosts (${String(hosts)})` : to.join(', ');
    const { name } = application.metadata;
    const answer = await context.ask(`End ${name} and remove its code from ${where}? [y/N] `);
    if (answer === null) throw new CliError('there is no terminal to ask on; say --yes to undeploy');
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('nothing was undeployed');
  };

const run = async (context: CliContext, application: string, flags: Flags): Promise<void> => {
  const wanted = { command: 'undeploy' } as const;
  await deploying(context, application, { wanted, flags, check: agreed(context, flags) });
};

export const register = (program: Command, context: CliContext): void => {
  const command = program
    .command('undeploy')
    .description('end the processes of an application and remove its code from its hosts')
    .argument('<application>', 'its name, as shop')
    .option('-y, --yes', 'do not ask');
  withFollowing(withTargets(command)).action(async (application: string, _flags: unknown, self: Command) => {
    await run(context, application, self.optsWithGlobals());
  });
};
