/** `scalarium version` */
import type { Command } from 'commander';
import type { CliContext } from '../context.js';

export const register = (program: Command, context: CliContext): void => {
  program
    .command('version')
    .description('say which version this is')
    .action(() => {
      context.out(`scalarium ${context.version}\n`);
    });
};
