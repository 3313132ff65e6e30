/** What a command is given of the world, so that tests can give it another. */
import type { Client } from '../client/client.js';
import type { Command } from 'commander';

/** In whose name this program's writes are noted. */
export const FIELD_MANAGER = 'scalarium';

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
}

export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** What people typed to get here: `scalarium`, or `kubectl scalarium` as a plugin. */
  readonly program: string;
  /** Colours are wanted in what goes to `out`. */
  readonly colour: boolean;
  /** What was asked for; nothing else goes here. */
  out(text: string): void;
  /** What a person should know beside it. */
  err(text: string): void;
  /** Milliseconds since 1970. */
  now(): number;
  pause(milliseconds: number, signal?: AbortSignal): Promise<void>;
  readStdin(): Promise<string>;
  /** Asks a person; null: there is none to ask. */
  ask(question: string): Promise<string | null>;
  /** The same, and what is typed is not shown. */
  askSecret(question: string): Promise<string | null>;
  /** How many milliseconds a completion waits for names: nobody waits longer for a Tab. */
  readonly tabPatience: number;
  /** Ends a watch: Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Ctrl-C asks this instead of ending anything, until what it gives is called. */
  onInterrupt(asked: () => void): () => void;
  /** How much room there is where `err` goes; null: it is no terminal. */
  terminal(): Terminal | null;
  exitCode(code: number): void;
  connect(flags: GlobalFlags): Client;
}

/** Options that every command takes. */
export interface GlobalFlags {
  readonly namespace?: string;
  readonly data?: string;
  readonly server?: string;
  readonly token?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** One verb: adds its command to the program. */
export interface CommandModule {
  readonly register: (program: Command, context: CliContext) => void;
}

interface CliErrorOptions {
  /** The Status that the server sent says the exit code. */
  readonly cause?: unknown;
  /** Instead of what the cause says. */
  readonly exit?: number;
}

/** Ends the command with one line for a person and an exit code (EXIT). */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exit: number | null;

  constructor(message: string, { cause, exit }: CliErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.exit = exit ?? null;
  }
}

/** The words or options are wrong: EXIT.usage. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause, exit: 64 });
  }
}
