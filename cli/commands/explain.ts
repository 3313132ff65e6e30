/** `scalarium explain KIND[.FIELD…]`: what fields mean, from this program itself; no control plane is asked. */
import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { explained } from '../explain.js';
import { asked } from '../words.js';

export const register = (program: Command, context: CliContext): void => {
  program
    .command('explain')
    .description('what a kind and its fields mean, with units and defaults')
    .argument('<field>', 'as role, role.spec.healing')
    .option('--recursive', 'the names of all fields below it')
    .action((field: string, { recursive = false }: { readonly recursive?: boolean }) => {
      const [word = '', ...names] = field.split('.').filter((part) => part !== '');
      context.out(explained(asked(word, []).kind, names, recursive));
    });
};
