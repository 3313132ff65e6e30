/** Runs a command in a process group of its own, with bounded output, killed whole. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { Output, type Listener } from './output.js';
import { killMarked, newMark } from './stragglers.js';

export interface Ended {
  readonly code: number | null;
  readonly killedBy: string | null;
  /** The last lines of both its outputs, printable and masked. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Kills the whole group, and what has left it. */
  readonly signal: AbortSignal;
  /** Whose rights it runs with; without supplementary groups. */
  readonly as?: Rights;
  /** How it is asked to end before it is killed; killed at once unless told. */
  readonly stop?: Stop;
  /** What it reads from its standard input; nothing unless told. */
  readonly input?: string;
  /** False: also what it has put into the background ends with it. */
  readonly leaves?: boolean;
  /** Hears its output; nobody unless told. */
  readonly listener?: Listener;
  /** Takes its standard output as it is, for commands whose answer is read. */
  readonly stdout?: (chunk: Buffer) => void;
}

/** A signal to the whole group, and how long it has to end by itself. */
export interface Stop {
  readonly signal: NodeJS.Signals;
  readonly graceMillis: number;
}

export interface Rights {
  readonly uid: number;
  readonly gid: number;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** The group is gone when the child was its only member: that is what was wanted. */
const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    return;
  }
};

/** Ends a group when it is called; `ended` keeps it from killing whoever has its number later. */
const killerOf = (child: ChildProcess, stop: Stop | undefined, ended: AbortSignal) => (): void => {
  if (stop === undefined) {
    signalGroup(child, 'SIGKILL');
    return;
  }
  signalGroup(child, stop.signal);
  sleep(stop.graceMillis, undefined, { signal: ended }).then(
    () => {
      signalGroup(child, 'SIGKILL');
    },
    () => undefined,
  );
};

/** A daemon that the command left behind may hold the pipes open for ever, and write to them. */
const DRAIN_MS = 200;
const MOST_DRAINS = 25;

/** What a child has said so far, and whether that was all. */
class Hearing {
  bytes = 0;
  over = false;
  readonly closed: Promise<void>;

  constructor(child: Child) {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.bytes += chunk.length;
      });
    this.closed = new Promise((heard) =>
      child.once('close', () => {
        this.over = true;
        heard();
      }),
    );
  }
}

const quiet = async (hearing: Hearing): Promise<void> => {
  const done = new AbortController();
  const late = sleep(DRAIN_MS, undefined, { signal: done.signal }).catch(() => undefined);
  await Promise.race([hearing.closed, late]);
  done.abort();
  // where we were kept from running the timer is heard first, and what there is to read after it
  if (!hearing.over) await setImmediate();
};

/** What was said before the end is read to its end. */
const drained = async (child: Child, hearing: Hearing): Promise<void> => {
  let before = -1;
  for (let turn = 0; turn < MOST_DRAINS && !hearing.over && hearing.bytes !== before; turn += 1) {
    before = hearing.bytes;
    await quiet(hearing);
  }
  child.stdout.destroy();
  child.stderr.destroy();
};

const listen = (child: Child, output: Output, { stdout }: CommandOptions): void => {
  child.stdout.on('data', output.stream());
  if (stdout !== undefined) child.stdout.on('data', stdout);
  child.stderr.on('data', output.stream());
};

/** Resolves when it has ended, however it did; rejects when it cannot be started. */
export const runCommand = (command: readonly string[], options: CommandOptions): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const [program = '', ...rest] = command;
    const { cwd, env, as, input = '', signal, listener } = options;
    const mark = newMark();
    const child = spawn(program, rest, {
      cwd,
      env: { ...env, ...mark },
      ...as,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // it may end without having read everything: its exit code says whether that was wrong
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const output = new Output(listener);
    listen(child, output, options);
    const hearing = new Hearing(child);
    const ended = new AbortController();
    const kill = killerOf(child, options.stop, ended.signal);
    const finish = async (code: number | null, killedBy: string | null): Promise<void> => {
      ended.abort();
      signal.removeEventListener('abort', kill);
      if (signal.aborted || options.leaves === false) await killMarked(mark);
      await drained(child, hearing);
      output.end();
      resolve({ code, killedBy, output: output.text() });
    };
    child.on('error', (error) => {
      signal.removeEventListener('abort', kill);
      reject(error);
    });
    // `exit`, not `close`: see DRAIN_MS
    child.on('exit', (code, killedBy) => void finish(code, killedBy));
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
  });

/** A command is shown so far. */
const SHOWN_CHARACTERS = 300;

/** For people: the command, how it ended, what it said last. `cutShort`: why we ended it. */
export const endedText = (command: readonly string[], ended: Ended, cutShort: string | null): string => {
  const how =
    cutShort ?? (ended.killedBy === null ? `exit code ${String(ended.code)}` : `killed by ${ended.killedBy}`);
  const said = ended.output === '' ? 'no output' : `last output:\n${ended.output}`;
  const words = command.join(' ');
  const shown = words.length > SHOWN_CHARACTERS ? `${words.slice(0, SHOWN_CHARACTERS)}…` : words;
  return `command "${shown}": ${how}; ${said}`;
};
