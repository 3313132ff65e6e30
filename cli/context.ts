/** What a command is given of the world, so that tests can give it another. */
import type { Client } from '../client/client.js';
import type { Command } from 'commander';

export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
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
  /** Ends a watch: Ctrl-C. */
  readonly interrupted: AbortSignal;
  exitCode(code: number): void;
  connect(flags: GlobalFlags): Client;
}

/** Options that every command takes. */
export interface GlobalFlags {
  readonly namespace?: string;
  readonly data?: string;
  readonly server?: string;
  readonly token?: string;
}

/** One verb: adds its command to the program. */
export interface CommandModule {
  readonly register: (program: Command, context: CliContext) => void;
}

/** Ends the command with one line for a person and exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
