/** `scalarium promote DEPLOYMENT|APP` */
import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { registerWord } from '../deploying/words.js';

export const register = (program: Command, context: CliContext): void => {
  registerWord('promote', program, context);
};
