/** `scalarium down`: ends what a killed `up` left behind, hosts included. */
import type { Command } from 'commander';
import { seconds } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import type { CliContext, GlobalFlags } from '../context.js';
import { endPart, PARTS } from '../up/run-records.js';
import { endHosts } from '../../local-cloud/hosts/leftovers.js';

/** An orderly end of `up` takes the others with it. */
const WITHIN = seconds(30);

export const register = (program: Command, context: CliContext): void => {
  program
    .command('down')
    .description('end what a killed `up` left behind: control plane, host driver, hosts, local cloud')
    .action(async (_flags: unknown, command: Command) => {
      const { data = '.scalarium' } = command.optsWithGlobals<GlobalFlags>();
      const ended: string[] = [];
      for (const part of PARTS)
        if (await endPart(data, part, { signal: 'SIGTERM', within: WITHIN, clock: systemClock }))
          ended.push(part);
      const hosts = await endHosts(`${data}/hosts`, systemClock);
      if (hosts > 0) ended.push(`${String(hosts)} hosts`);
      context.out(ended.length === 0 ? `nothing was running for ${data}\n` : `ended: ${ended.join(', ')}\n`);
    });
};
