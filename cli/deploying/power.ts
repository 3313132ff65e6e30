/** `scalarium restart|start|stop app/APP`: the processes of an application, not the machines of hosts. */
import { type CliContext, UsageError } from '../context.js';
import { applicationIn } from './deployment.js';
import { deploying } from './deploying.js';
import type { DeployFlags } from './options.js';

export type Power = 'restart' | 'start' | 'stop';

interface PowerFlags extends DeployFlags {
  readonly wait?: boolean;
  readonly role?: readonly string[];
}

/** The application that is meant; null: hosts are. */
export const applicationMeant = (verb: Power, words: readonly string[]): string | null => {
  const applications = words.flatMap((word) => applicationIn(word) ?? []);
  const [only] = applications;
  if (only === undefined) return null;
  if (words.length === 1) return only;
  throw new UsageError(`${verb} takes one application, or hosts: got ${words.join(' ')}`);
};

/** Its processes, as a Deployment; `batch`: so many hosts at a time. */
export const powerOf = async (
  context: CliContext,
  verb: Power,
  application: string,
  { wait, role = [], ...flags }: PowerFlags,
): Promise<void> => {
  const roles = role.map((name) => `role/${name}`);
  const to = roles.length === 0 ? {} : { to: roles };
  const detach = wait === false ? { detach: true } : {};
  await deploying(context, application, {
    wanted: { command: verb },
    flags: { ...flags, ...to, ...detach },
  });
};
