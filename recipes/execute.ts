/** Executor of execute: a command in a process group of its own, with bounded output, killed whole. */
import { spawn, type ChildProcess } from 'node:child_process';
import { lstat } from 'node:fs/promises';
import { ifThere, placeOf } from './place.js';
import type { ExecuteResource } from './resource.js';

/** Of a chatty command the end is kept: that is where the error is. */
const OUTPUT_BYTES = 16 * 1024;
const SHOWN_LINES = 20;
const DEFAULT_TIMEOUT_SECONDS = 300;

interface Ended {
  readonly code: number | null;
  readonly killedBy: string | null;
  readonly output: string;
}

const tail = (): { readonly add: (chunk: Buffer) => void; readonly text: () => string } => {
  let kept = Buffer.alloc(0);
  return {
    add: (chunk) => {
      kept = Buffer.concat([kept, chunk]).subarray(-OUTPUT_BYTES);
    },
    text: () => kept.toString('utf8').trimEnd().split('\n').slice(-SHOWN_LINES).join('\n'),
  };
};

/** The group is gone when the child was its only member: that is what was wanted. */
const killGroup = (child: ChildProcess): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    return;
  }
};

const run = (
  command: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const [program = '', ...rest] = command;
    const { cwd, env, signal } = options;
    const child = spawn(program, rest, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = tail();
    const kill = (): void => {
      killGroup(child);
    };
    child.stdout.on('data', output.add);
    child.stderr.on('data', output.add);
    child.on('error', reject);
    // `exit`, not `close`: a daemon that the command left behind may hold the pipes open for ever.
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', kill);
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code, killedBy, output: output.text() });
      });
    });
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
  });

const alreadyDone = async (
  root: string,
  resource: ExecuteResource,
  options: Parameters<typeof run>[1],
): Promise<boolean> => {
  if (resource.creates !== undefined) {
    const place = await placeOf(root, resource.creates);
    if ((await ifThere(() => lstat(place))) !== null) return true;
  }
  return resource.unless !== undefined && (await run(resource.unless, options)).code === 0;
};

const failureText = (resource: ExecuteResource, ended: Ended, cutShort: string | null): string => {
  const how =
    cutShort ?? (ended.killedBy === null ? `exit code ${String(ended.code)}` : `killed by ${ended.killedBy}`);
  const said = ended.output === '' ? 'no output' : `last output:\n${ended.output}`;
  return `command "${resource.command.join(' ')}": ${how}; ${said}`;
};

/** The timer is the platform's own: a command takes real time, whatever clock the control plane has. */
export const applyExecute = async (
  root: string,
  resource: ExecuteResource,
  signal: AbortSignal,
): Promise<boolean> => {
  const seconds = resource.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const timeout = AbortSignal.timeout(seconds * 1000);
  const options = {
    cwd: root,
    env: { ...process.env, SCALARIUM_ROOT: root, ...resource.environment },
    signal: AbortSignal.any([signal, timeout]),
  };
  if (await alreadyDone(root, resource, options)) return false;
  const ended = await run(resource.command, options);
  const late = timeout.aborted ? `no end after ${String(seconds)} s, killed` : null;
  const cutShort = signal.aborted ? 'stopped because the run was aborted' : late;
  if (ended.code !== 0) throw new Error(failureText(resource, ended, cutShort));
  return true;
};
