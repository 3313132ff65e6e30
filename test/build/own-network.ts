/**
 * Runs a test file as root in a network of its own: a loopback and one address that is none, on a pair of interfaces
 * that lead nowhere. What listens there can be reached by nobody else.
 */
import { spawn } from 'node:child_process';

const MARK = 'SCALARIUM_OWN_NETWORK';

/** The address, of a range that is kept for documents. */
export const ADDRESS = '192.0.2.1';

/** True in a process that `inOwnNetwork` has started. */
export const isOwnNetwork = (): boolean => process.env[MARK] === '1';

const SCRIPT = `
set -eu
ip link set lo up
ip link add here type veth peer name there
ip addr add ${ADDRESS}/24 dev here
ip link set here up
ip link set there up
[ "\${1-}" = "" ] || exec "$@"
`;

const inside = (args: readonly string[]): Promise<number> =>
  new Promise((resolve) => {
    const words = [
      '--net',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      SCRIPT,
      'sh',
      ...args,
    ];
    const stdio = args.length === 0 ? 'ignore' : 'inherit';
    const child = spawn('unshare', words, { stdio, env: { ...process.env, [MARK]: '1' } });
    child.once('error', () => {
      resolve(127);
    });
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });

/** Why there can be no such network here; null: there can. */
export const noOwnNetwork = async (): Promise<string | null> => {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid?.() !== 0) return 'this needs root, for a network namespace';
  return (await inside([])) === 0
    ? null
    : 'unshare and ip can make no network namespace with a pair of interfaces';
};

/** Gives the exit code; what the file prints is printed. */
export const inOwnNetwork = (file: string): Promise<number> =>
  inside([process.execPath, '--import', 'tsx', file]);
