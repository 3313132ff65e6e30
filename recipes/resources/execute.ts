/** Check of execute, and the guards of all resources. */
import { lstat } from 'node:fs/promises';
import { endedText, runCommand, type CommandOptions, type Rights } from '../command.js';
import { groupNamed, userNamed } from '../owners.js';
import { ifThere, placeOf } from '../place.js';
import {
  resourceId,
  type ExecuteResource,
  type Filled,
  type Resource,
  type SecretText,
} from '../resource.js';
import {
  change,
  isElsewhere,
  isLeftOut,
  listenerOf,
  type Check,
  type Scene,
  type Verdict,
} from '../scene.js';
import { fill } from '../template.js';
import { CLEAN_ENVIRONMENT, missingProgram } from '../tools.js';

const DEFAULT_TIMEOUT_SECONDS = 300;

interface Who {
  readonly as?: Rights;
  readonly env: Readonly<Record<string, string>>;
}

const ROOT: Who = { env: { HOME: '/root', USER: 'root', LOGNAME: 'root' } };

/** A host that is a folder has no users of its own: everything there is done by whoever runs the agent. */
const whoOf = async ({ user, group }: ExecuteResource, scene: Scene): Promise<Who> => {
  if (scene.folder) {
    if (user !== undefined || group !== undefined)
      scene.note('commands run as the user of the agent: this host is a folder and has no users of its own');
    return { env: {} };
  }
  if (user === undefined && group === undefined) return ROOT;
  const { name, uid, gid, home } = await userNamed(user ?? 'root');
  return {
    as: { uid, gid: group === undefined ? gid : await groupNamed(group) },
    env: { HOME: home, USER: name, LOGNAME: name },
  };
};

/** On a host that is a machine nothing of the agent's own environment is handed on. */
const baseEnvironment = (scene: Scene): NodeJS.ProcessEnv =>
  scene.folder ? process.env : { PATH: CLEAN_ENVIRONMENT.PATH, LANG: 'C.UTF-8' };

const environmentOf = async (
  { environment = {} }: ExecuteResource,
  { secrets }: Scene,
): Promise<Readonly<Record<string, string>>> => {
  const entries = Object.entries(environment).map(
    async ([name, value]) => [name, await secrets.text(value)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
};

const inputOf = async (input: SecretText | Filled | undefined, { secrets }: Scene): Promise<string> => {
  if (input === undefined) return '';
  if (typeof input === 'object' && 'template' in input) return (await fill(input, secrets)).text;
  return secrets.text(input);
};

/** The timer is the platform's own: a command takes real time, whatever clock the control plane has. */
const optionsFor = async (
  resource: ExecuteResource,
  scene: Scene,
): Promise<CommandOptions & { readonly timeout: AbortSignal }> => {
  const { root, signal } = scene;
  const timeout = AbortSignal.timeout((resource.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000);
  const { as, env } = await whoOf(resource, scene);
  return {
    cwd: resource.cwd === undefined ? root : await placeOf(root, resource.cwd),
    env: {
      ...baseEnvironment(scene),
      SCALARIUM_ROOT: root,
      ...env,
      ...(await environmentOf(resource, scene)),
    },
    signal: AbortSignal.any([signal, timeout]),
    timeout,
    ...(as === undefined ? {} : { as }),
  };
};

/** A program that is not there is named by itself: what the system says is ENOENT for a missing directory, too. */
const started = async (
  command: readonly string[],
  options: CommandOptions,
): ReturnType<typeof runCommand> => {
  if ((await ifThere(() => lstat(options.cwd))) === null)
    throw new Error(`the directory ${options.cwd}, in which it is to run, is not there`);
  try {
    return await runCommand(command, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`${missingProgram(command[0] ?? '').message} (ENOENT)`, { cause: error });
  }
};

/** Why we ended it; null: it ended by itself. */
const cutShort = (resource: ExecuteResource, timeout: AbortSignal, signal: AbortSignal): string | null => {
  if (signal.aborted) return 'stopped because the run was aborted';
  const seconds = resource.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  return timeout.aborted ? `no end after ${String(seconds)} s, killed` : null;
};

const alreadyDone = async (resource: ExecuteResource, scene: Scene): Promise<boolean> => {
  if (resource.creates !== undefined) {
    const place = await placeOf(scene.root, resource.creates);
    if ((await ifThere(() => lstat(place))) !== null) return true;
  }
  const { unless } = resource;
  if (unless === undefined) return false;
  const { timeout, ...options } = await optionsFor(resource, scene);
  const ended = await started(unless, options);
  const why = cutShort(resource, timeout, scene.signal);
  if (why !== null) throw new Error(`its guard "unless": ${endedText(unless, ended, why)}`);
  return ended.code === 0;
};

const run = async (resource: ExecuteResource, scene: Scene): Promise<void> => {
  const input = await inputOf(resource.input, scene);
  const { timeout, ...options } = await optionsFor(resource, scene);
  const listener = listenerOf(resourceId(resource), scene);
  const ended = await started(resource.command, { ...options, input, listener });
  const why = cutShort(resource, timeout, scene.signal);
  if (ended.code !== 0) throw new Error(endedText(resource.command, ended, why));
};

/** Also of one that runs only when notified: it has been. */
export const notified: Check<ExecuteResource> = async (resource, scene): Promise<Verdict> => {
  if (isElsewhere(resource, scene) || isLeftOut(resource, scene)) return null;
  if (await alreadyDone(resource, scene)) return null;
  return change(`would run: ${resource.command.join(' ')}`, () => run(resource, scene));
};

export const execute: Check<ExecuteResource> = (resource, scene) =>
  resource.only === 'notified' ? Promise.resolve(null) : notified(resource, scene);

/** The guard of an execute runs as the command itself would. */
const guardOf = (resource: Resource, command: readonly string[]): ExecuteResource =>
  resource.type === 'execute' ? { ...resource, command } : { type: 'execute', name: 'onlyIf', command };

/** `onlyIf` of any resource: false when it ends with anything but 0. */
export const applies = async (resource: Resource, scene: Scene): Promise<boolean> => {
  const { onlyIf } = resource;
  if (onlyIf === undefined) return true;
  const guard = guardOf(resource, onlyIf);
  const { timeout, ...options } = await optionsFor(guard, scene);
  const ended = await started(onlyIf, options);
  const why = cutShort(guard, timeout, scene.signal);
  if (why !== null) throw new Error(`its guard "onlyIf": ${endedText(onlyIf, ended, why)}`);
  return ended.code === 0;
};

/** Whether what others notify a resource of is for this host, as it is now. */
export const isConcerned = async (resource: Resource, scene: Scene): Promise<boolean> =>
  !isLeftOut(resource, scene) && (await applies(resource, scene));
