/** `scalarium start|stop HOST…`: says what a host is desired to be, and waits until it is; of `app/APP` the processes. */
import type { Command } from 'commander';
import { valueOf } from './answers.js';
import type { CliContext } from './context.js';
import { applicationMeant, powerOf } from './deploying/power.js';
import { secondsOf } from './durations.js';
import { type HostFlags, hostsMeant } from './hosts-meant.js';
import type { Goal } from './waiting/goal.js';
import { waitFor } from './waiting/wait.js';
import { shortName } from './words.js';

type Verb = 'start' | 'stop';

interface PowerFlags extends HostFlags {
  readonly wait: boolean;
  readonly timeout: string;
}

const WORDS = {
  start: { desired: 'Running', phase: 'online', done: 'started', about: 'start stopped hosts' },
  stop: {
    desired: 'Stopped',
    phase: 'stopped',
    done: 'stopped',
    about: 'shut hosts down, then stop and keep their machines',
  },
} as const;

/** The phase that the host is to reach, and nothing it still does on the way there. */
const inPhase =
  (wanted: string): Goal =>
  (object) => {
    if (object === null) return 'it is not there any more';
    const phase = object.status?.['phase'];
    if (phase === wanted) return null;
    return typeof phase === 'string' ? phase : 'no phase yet';
  };

const run = async (
  context: CliContext,
  verb: Verb,
  names: readonly string[],
  flags: PowerFlags,
): Promise<void> => {
  const application = applicationMeant(verb, names);
  if (application !== null) return powerOf(context, verb, application, flags);
  const { desired, phase, done } = WORDS[verb];
  const seconds = secondsOf('--timeout', flags.timeout);
  const client = context.connect(flags);
  const hosts = await hostsMeant(client, `to ${verb}`, names, flags);
  // all must be there before the first is touched
  for (const host of hosts) await valueOf(client.get(host));
  for (const host of hosts) {
    const { warning } = await valueOf(client.patch(host, { spec: { desired } }));
    if (warning !== null) context.err(`warning: ${warning}\n`);
    if (!flags.wait) context.out(`${shortName('host', host.name)} is to be ${done}\n`);
  }
  if (!flags.wait) return;
  await waitFor(context, client, {
    targets: hosts.map((address) => ({ address })),
    goal: inPhase(phase),
    seconds,
    reached: ({ name }) => {
      context.out(`${shortName('host', name)} ${done}\n`);
    },
    lacking: ({ name }, now) => {
      context.err(`${shortName('host', name)}: ${now}\n`);
    },
  });
};

/** Adds `start` or `stop`. */
export const registerPower = (verb: Verb, program: Command, context: CliContext): void => {
  program
    .command(verb)
    .description(WORDS[verb].about)
    .argument('[hosts...]', 'names, as app-1; or app/APP: the processes of an application')
    .option('--role <role...>', 'all hosts of these roles')
    .option('--no-wait', 'do not wait until it is done')
    .option('-q, --quiet', 'app/APP: do not show what hosts write meanwhile')
    .option('--timeout <time>', 'how long to wait: 30s, 10m', '10m')
    .action(async (hosts: readonly string[], _flags: unknown, command: Command) => {
      await run(context, verb, hosts, command.optsWithGlobals());
    });
};
