/** `scalarium-agent`: the one file on a host, which is the daemon and what root may ask of it. */
import { VERSION } from '../runtime/version.js';
import { type DaemonCommand, parseCommand, USAGE } from './local/arguments.js';
import { runLocal } from './local/commands.js';
import { EXIT } from './local/exit.js';
import { machineHere } from './local/machine.js';

const daemon = async (flags: DaemonCommand): Promise<number> => {
  const { runDaemon } = await import('../cli/commands/agent.js');
  const machine = flags.machine ?? (await machineHere(flags.root));
  const home = process.env['SCALARIUM_AGENT_HOME'];
  const why = await runDaemon(VERSION, { ...flags, machine, ...(home === undefined ? {} : { home }) });
  return why === 'released' ? EXIT.released : EXIT.done;
};

const main = async (args: readonly string[]): Promise<number> => {
  const command = parseCommand(args);
  switch (command._tag) {
    case 'Daemon':
      return daemon(command);
    case 'Version':
      process.stdout.write(`${VERSION}\n`);
      return EXIT.done;
    case 'Help':
      process.stdout.write(USAGE);
      return EXIT.done;
    case 'Wrong':
      process.stderr.write(`scalarium-agent: ${command.problem}\n${USAGE}`);
      return EXIT.usage;
    case 'Local':
      return runLocal(command);
  }
};

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`scalarium-agent: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT.failed;
  },
);
