/** `scalarium completion bash|zsh|fish` */
import type { Command } from 'commander';
import { completionFor } from '../completions.js';
import { type CliContext, UsageError } from '../context.js';

const run = (context: CliContext, shell: string): void => {
  const script = completionFor(shell);
  if (script === null) throw new UsageError(`expected bash, zsh or fish, got "${shell}"`);
  context.out(script);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('completion')
    .description('print completions: source <(scalarium completion bash)')
    .argument('<shell>', 'bash, zsh or fish')
    .action((shell: string) => {
      run(context, shell);
    });
};
