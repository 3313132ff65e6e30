/** `scalarium promote|abort`: what a person says to a Deployment that goes on. */
import type { Command } from 'commander';
import { PROMOTE } from '../../api-types/kinds/deployment.js';
import type { Client } from '../../client/client.js';
import { clusterMeant, valueOf } from '../answers.js';
import { type CliContext, CliError } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { type Deployment, addressOf, nameOf, statusOf } from './deployment.js';
import { toldEnd } from './deploying.js';
import { abortDeployment, followed, laterText } from './following.js';
import type { DeployFlags } from './options.js';
import { deploymentMeant, refuseEnded } from './which.js';

export type Word = 'promote' | 'abort';

interface Flags extends Pick<DeployFlags, 'namespace' | 'quiet'> {
  readonly follow?: boolean;
}

const ABOUT: Readonly<Record<Word, string>> = {
  promote: 'have a paused deployment go on: the rest after a canary, or once more after a failure',
  abort: 'end a deployment, and have hosts that it changed go back',
};

const SAID: Readonly<Record<Word, string>> = { promote: 'goes on', abort: 'is to be aborted' };

const promote = async (context: CliContext, client: Client, deployment: Deployment): Promise<void> => {
  const { phase = 'Pending' } = statusOf(deployment);
  if (phase !== 'Paused')
    throw new CliError(`${nameOf(deployment)} is not paused but ${phase}: there is nothing to promote`, {
      exit: EXIT.conflict,
    });
  const annotations = { [PROMOTE]: new Date(context.now()).toISOString() };
  await valueOf(client.patch(addressOf(deployment), { metadata: { annotations } }));
};

const run = async (context: CliContext, word: Word, name: string, flags: Flags): Promise<void> => {
  const client = context.connect(flags);
  const cluster = await clusterMeant(client, flags);
  const deployment = await deploymentMeant(client, cluster, name);
  refuseEnded(deployment);
  await (word === 'promote' ? promote : abortDeployment)(context, client, deployment);
  if (flags.follow !== true) {
    context.out(`${nameOf(deployment)} ${SAID[word]}\n`);
    context.err(`follow it: ${laterText(context, deployment)}\n`);
    return;
  }
  const now = await valueOf(client.get(addressOf(deployment)));
  const ended = await followed(context, client, now, flags.quiet === true);
  if (ended !== null) await toldEnd(context, {}, ended);
};

/** Adds `promote` or `abort` to the program, or below `deployment`. */
export const registerWord = (word: Word, program: Command, context: CliContext): void => {
  program
    .command(word)
    .description(ABOUT[word])
    .argument('<deployment>', 'its name, or that of its application')
    .option('-f, --follow', 'follow it to its end')
    .option('-q, --quiet', 'do not show what hosts write meanwhile')
    .action(async (name: string, _flags: unknown, self: Command) => {
      await run(context, word, name, self.optsWithGlobals());
    });
};
