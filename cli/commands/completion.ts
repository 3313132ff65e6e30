/** `scalarium completion bash|zsh|fish` */
import type { Command } from 'commander';
import { KIND_NAMES, kindEntry } from '../../api-types/kinds.js';
import { completionFor } from '../completions.js';
import { type CliContext, UsageError } from '../context.js';

const run = (program: Command, context: CliContext, shell: string): void => {
  const verbs = program.commands.map((command) => ({ name: command.name(), summary: command.description() }));
  const kinds = KIND_NAMES.map((kind) => kindEntry(kind).plural);
  const script = completionFor(shell, { verbs, kinds });
  if (script === null) throw new UsageError(`expected bash, zsh or fish, got "${shell}"`);
  context.out(script);
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('completion')
    .description('print completions: source <(scalarium completion bash)')
    .argument('<shell>', 'bash, zsh or fish')
    .action((shell: string) => {
      run(program, context, shell);
    });
};
