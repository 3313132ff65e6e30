/** `scalarium agent`: the daemon on a host, in the foreground until it is released or told to stop. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import { startAgent } from '../../agent/agent.js';
import { lineLog } from '../../agent/line-log.js';
import { recipesExecutor } from '../../agent/recipes-executor.js';
import { AgentConfig } from '../../api-types/agent-protocol.js';
import { decodeLoose, problemText } from '../../api-types/problems.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { VERSION } from '../../runtime/version.js';

const USAGE = `scalarium agent --machine ID [--root DIR] [--address A] [--verbose]

  --machine   the machine's id at its cloud
  --root      the host's root directory (default /); its user data must have put etc/scalarium/agent.json there
  --address   the address to connect from (default: the system chooses)
  --verbose   more log lines, on standard error
`;

const configOf = async (root: string): Promise<AgentConfig> => {
  const path = join(root, 'etc/scalarium/agent.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(
      `${path} cannot be read: ${String(error)}; the machine's user data should have written it`,
    );
  });
  const decoded = decodeLoose(AgentConfig, JSON.parse(text));
  if (E.isRight(decoded)) return decoded.right;
  throw new Error(`${path}: ${decoded.left.map(problemText).join('; ')}`);
};

const optionsOf = (argv: readonly string[]) =>
  parseArgs({
    args: [...argv],
    options: {
      root: { type: 'string', default: '/' },
      machine: { type: 'string' },
      address: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;

const run = async (options: ReturnType<typeof optionsOf>, machine: string): Promise<void> => {
  const { root, address, verbose } = options;
  const log = lineLog(systemClock, process.stderr, { debug: verbose, keys: { machine } });
  const agent = await startAgent({
    root,
    machine,
    address: address ?? null,
    config: await configOf(root),
    executor: recipesExecutor({ root, log }),
    clock: systemClock,
    chance: systemChance,
    log,
    version: VERSION,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void agent.stop());
  log.info('agent ends', { why: await agent.done });
};

/** Gives the exit code: 0 when it was released or stopped. */
export const agentCommand = async (argv: readonly string[]): Promise<number> => {
  try {
    const options = optionsOf(argv);
    if (options.help || options.machine === undefined) {
      process.stderr.write(USAGE);
      return options.help ? 0 : 2;
    }
    await run(options, options.machine);
    return 0;
  } catch (error) {
    process.stderr.write(`scalarium agent: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
};
