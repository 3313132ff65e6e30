/** `scalarium deployment promote|abort DEPLOYMENT|APP` */
import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { registerWord } from '../deploying/words.js';

export const register = (program: Command, context: CliContext): void => {
  const command = program.command('deployment').description('say how a deployment goes on');
  registerWord('promote', command, context);
  registerWord('abort', command, context);
};
