/** `<directory>/<machine>/host.json`: what must be known of a host after its driver was killed. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fields } from '../../api-types/words.js';
import { isAlive } from '../../runtime/process-identity.js';

export const HostFile = fields(
  'HostFile',
  {
    machine: t.string,
    /** The slot the machine is bound to; empty until the endpoint's tags say so. */
    instance: t.string,
    address: t.string,
    /** The agent's process; null when it has none of its own, or is not running. */
    process: t.union([t.strict({ pid: t.number, startTicks: t.string }), t.null]),
    /** The endpoint's count of reboots that the present process has seen. */
    reboots: t.number,
    /** It died by itself and that is still to be reported. */
    dead: t.boolean,
  },
  {},
);
export interface HostFile extends t.TypeOf<typeof HostFile> {}

/** A host as people see it. */
export interface HostEntry {
  readonly machine: string;
  readonly instance: string;
  readonly pid: number | null;
  readonly address: string;
  readonly root: string;
}

export const hostDirectory = (directory: string, machine: string): string => join(directory, machine);

export const rootOf = (directory: string, machine: string): string =>
  join(hostDirectory(directory, machine), 'root');

const fileOf = (directory: string, machine: string): string =>
  join(hostDirectory(directory, machine), 'host.json');

export const saveHost = (directory: string, host: HostFile): void => {
  const file = fileOf(directory, host.machine);
  mkdirSync(rootOf(directory, host.machine), { recursive: true, mode: 0o755 });
  writeFileSync(`${file}.next`, JSON.stringify(host), { mode: 0o600 });
  renameSync(`${file}.next`, file);
};

/** The machine's whole directory goes. */
export const removeHost = (directory: string, machine: string): void => {
  rmSync(hostDirectory(directory, machine), { recursive: true, force: true, maxRetries: 3 });
};

const readHost = (directory: string, machine: string): readonly HostFile[] => {
  const file = fileOf(directory, machine);
  if (!existsSync(file)) return [];
  const parsed = E.tryCatch(
    () => JSON.parse(readFileSync(file, 'utf8')) as unknown,
    () => null,
  );
  const decoded = E.isLeft(parsed) ? parsed : HostFile.decode(parsed.right);
  return E.isRight(decoded) && decoded.right.machine === machine ? [decoded.right] : [];
};

/** All hosts of a driver's directory; none when there is no such directory. */
export const readHosts = (directory: string): readonly HostFile[] =>
  existsSync(directory) ? readdirSync(directory).flatMap((name) => readHost(directory, name)) : [];

export const entryOf = (directory: string, host: HostFile): HostEntry => ({
  machine: host.machine,
  instance: host.instance,
  pid: host.process !== null && isAlive(host.process) ? host.process.pid : null,
  address: host.address,
  root: rootOf(directory, host.machine),
});
