/** `scalarium rollback APP [--to N]`: goes back to an earlier release, its configuration included. */
import type { Command } from 'commander';
import type { Release } from '../../api-types/release.js';
import { type CliContext, CliError, UsageError } from '../context.js';
import { type Application, shortRevision, statusOfApplication } from '../deploying/deployment.js';
import { deploying } from '../deploying/deploying.js';
import { type DeployFlags, withFollowing, withStrategy } from '../deploying/options.js';
import { EXIT } from '../exit-codes.js';

interface Flags extends Omit<DeployFlags, 'to'> {
  readonly to?: string;
}

const numberOf = (text: string): number => {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--to: expected the number of a release, got "${text}"`);
};

const releasesText = (application: Application): string => {
  const { releases = [], current } = statusOfApplication(application);
  const texts = releases.map(
    ({ number, revision }) =>
      `${String(number)} (${shortRevision(revision)}${number === current?.number ? ', in force' : ''})`,
  );
  return texts.length === 0 ? 'it has none' : `there are ${texts.join(', ')}`;
};

const check =
  (wanted: number | null) =>
  (application: Application): void => {
    const { releases = [], current } = statusOfApplication(application);
    const isMeant = ({ number }: Release): boolean =>
      wanted === null ? current === undefined || number < current.number : number === wanted;
    if (releases.some(isMeant)) return;
    const what = wanted === null ? 'no release to go back to' : `no release ${String(wanted)}`;
    const { name } = application.metadata;
    throw new CliError(`application/${name} has ${what}: ${releasesText(application)}`, {
      exit: EXIT.notFound,
    });
  };

const run = async (context: CliContext, application: string, { to, ...flags }: Flags): Promise<void> => {
  const release = to === undefined ? null : numberOf(to);
  const wanted = { command: 'rollback', ...(release === null ? {} : { release }) } as const;
  await deploying(context, application, { wanted, flags, check: check(release) });
};

export const register = (program: Command, context: CliContext): void => {
  const command = program
    .command('rollback')
    .description('go back to an earlier release of an application, its configuration included')
    .argument('<application>', 'its name, as shop')
    .option('--to <release>', 'the number of the release; the one before that in force unless told');
  withFollowing(withStrategy(command)).action(async (application: string, _flags: unknown, self: Command) => {
    await run(context, application, self.optsWithGlobals());
  });
};
