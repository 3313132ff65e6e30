/** The host's own programs, run as root or as the owner of something, in a clean environment. */
import { endedText, runCommand, type Ended, type Rights } from './command.js';
import type { Listener } from './output.js';

interface RunTool {
  readonly signal: AbortSignal;
  readonly as?: Rights;
  readonly input?: string;
  /** 60 unless told. */
  readonly timeoutSeconds?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly listener?: Listener;
  readonly stdout?: (chunk: Buffer) => void;
}

const ACCOUNTS =
  'expected the package "passwd" (Debian), "shadow-utils" (Red Hat) or "shadow" (Alpine, whose own adduser is not enough)';

/** Where a program comes from, for those that a bare host lacks. */
const FROM: Readonly<Record<string, string>> = {
  useradd: ACCOUNTS,
  usermod: ACCOUNTS,
  userdel: ACCOUNTS,
  groupadd: ACCOUNTS,
  groupmod: ACCOUNTS,
  visudo: 'expected the package "sudo"',
  git: 'expected the package "git"',
  unzip: 'expected the package "unzip"',
  'mkfs.xfs': 'expected the package "xfsprogs"',
};

const MISSING = 'missing program';

/** For people: this host has no such program, and where it would come from. */
export const missingProgram = (program: string): Error => {
  const from = FROM[program];
  const text = `there is no ${program} on this host${from === undefined ? '' : `: ${from}`}`;
  return new Error(text, { cause: MISSING });
};

/** True of what `missingProgram` gives. */
export const isMissing = (error: unknown): boolean => error instanceof Error && error.cause === MISSING;

/** Nothing of the agent's environment: a person's shell would inherit it. */
export const CLEAN_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

/** How it ended; throws when it is not there or took too long. */
export const runTool = async (
  command: readonly string[],
  { signal, timeoutSeconds = 60, env = {}, cwd = '/', ...more }: RunTool,
): Promise<Ended> => {
  const late = AbortSignal.timeout(timeoutSeconds * 1000);
  const environment = { ...CLEAN_ENVIRONMENT, ...env };
  const options = { ...more, cwd, env: environment, signal: AbortSignal.any([signal, late]) };
  try {
    const ended = await runCommand(command, options);
    if (signal.aborted) throw new Error(endedText(command, ended, 'stopped because the run was aborted'));
    const why = `no end after ${String(timeoutSeconds)} s, killed`;
    if (late.aborted) throw new Error(endedText(command, ended, why));
    return ended;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? missingProgram(command[0] ?? '') : error;
  }
};

/** Throws with the command, its exit code and what it said when it did not succeed. */
export const mustRun = async (command: readonly string[], options: RunTool): Promise<string> => {
  const ended = await runTool(command, options);
  if (ended.code !== 0) throw new Error(endedText(command, ended, null));
  return ended.output;
};

/** An answer is read so far: no tool whose answer is read has more to say. */
const ANSWER_BYTES = 4 * 1024 * 1024;

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly ended: Ended;
}

/** A command whose standard output is its answer. */
export const askTool = async (command: readonly string[], options: RunTool): Promise<Answer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const ended = await runTool(command, {
    ...options,
    stdout: (chunk) => {
      bytes += chunk.length;
      if (bytes <= ANSWER_BYTES) chunks.push(chunk);
    },
  });
  if (bytes > ANSWER_BYTES)
    throw new Error(`${command[0] ?? ''}: an answer of ${String(bytes)} bytes is more than anybody can mean`);
  return { code: ended.code, stdout: Buffer.concat(chunks).toString('utf8'), ended };
};
