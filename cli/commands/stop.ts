/** `scalarium stop HOST…` */
import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { registerPower } from '../power.js';

export const register = (program: Command, context: CliContext): void => {
  registerPower('stop', program, context);
};
