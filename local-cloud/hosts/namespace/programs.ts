/** Runs the system's programs that make networks and mounts. */
import { execFile, execFileSync } from 'node:child_process';

/** Also where root's are, which are not on everybody's PATH. */
export const PROGRAM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const options = { env: { PATH: PROGRAM_PATH, LC_ALL: 'C' }, timeout: 20_000, maxBuffer: 16 * 1024 * 1024 };

const failure = (command: readonly string[], error: Error, stderr: string): Error => {
  const said = stderr.trim();
  return new Error(`${command.join(' ')}: ${said === '' ? error.message : said}`, { cause: error });
};

/** Gives what it wrote; rejects with what it said when it fails. `input`: its standard input. */
export const runProgram = (command: readonly string[], input = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const [program = '', ...args] = command;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(failure(command, error, stderr));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });

/** For what must be done before the process ends; gives what it wrote, or null when it failed. */
export const runProgramNow = (command: readonly string[]): string | null => {
  const [program = '', ...args] = command;
  try {
    return execFileSync(program, args, {
      ...options,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
};
