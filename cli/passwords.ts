/** Passwords from a file, from standard input or from a person. */
import { type Command, Option } from 'commander';
import { type CliContext, UsageError } from './context.js';
import { fileText } from './file-text.js';

export interface PasswordFlags {
  readonly passwordFile?: string;
  readonly passwordStdin?: boolean;
}

/** Adds the options that say where a password is. */
export const takesPassword = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--password-file <file>',
        'the password is its first line, nobody is asked; - for standard input',
      ).conflicts('passwordStdin'),
    )
    .addOption(new Option('--password-stdin', 'the same as --password-file -'));

/** The first line of what the options name; null: they name nothing. */
export const givenPassword = async (context: CliContext, flags: PasswordFlags): Promise<string | null> => {
  const file = flags.passwordStdin === true ? '-' : flags.passwordFile;
  if (file === undefined) return null;
  const text = file === '-' ? await context.readStdin() : fileText(file, '--password-file');
  return text.split(/\r?\n/)[0] ?? '';
};

/** A new password: given, or asked for on the terminal. */
export const newPassword = async (context: CliContext, given: string | null): Promise<string> => {
  const password = given ?? (await context.askSecret('New password: '));
  if (password !== null && password !== '') return password;
  throw new UsageError(
    'expected a password: on a terminal, or with --password-file FILE (- for standard input)',
  );
};
