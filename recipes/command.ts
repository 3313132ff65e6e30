/** Runs a command in a process group of its own, with bounded output, killed whole. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** Of a chatty command the end is kept: that is where the error is. */
const OUTPUT_BYTES = 16 * 1024;
const SHOWN_LINES = 20;

export interface Ended {
  readonly code: number | null;
  readonly killedBy: string | null;
  /** The last lines of both its outputs. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Kills the whole group. */
  readonly signal: AbortSignal;
  /** Whose rights it runs with; without supplementary groups. */
  readonly as?: { readonly uid: number; readonly gid: number };
  /** What it reads from its standard input; nothing unless told. */
  readonly input?: string;
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

const started = (
  [program = '', ...rest]: readonly string[],
  { cwd, env, as, input = '' }: CommandOptions,
): ChildProcessByStdio<Writable, Readable, Readable> => {
  const child = spawn(program, rest, { cwd, env, ...as, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  // it may end without having read everything: its exit code says whether that was wrong
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return child;
};

/** Resolves when it has ended, however it did; rejects when it cannot be started. */
export const runCommand = (command: readonly string[], options: CommandOptions): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = started(command, options);
    const { signal } = options;
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

/** For people: the command, how it ended, what it said last. `cutShort`: why we ended it. */
export const endedText = (command: readonly string[], ended: Ended, cutShort: string | null): string => {
  const how =
    cutShort ?? (ended.killedBy === null ? `exit code ${String(ended.code)}` : `killed by ${ended.killedBy}`);
  const said = ended.output === '' ? 'no output' : `last output:\n${ended.output}`;
  return `command "${command.join(' ')}": ${how}; ${said}`;
};
