/** The local cloud's two key pairs, in the ini file that AWS tools read; made at the first start. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chance } from '../runtime/chance.js';

export interface KeyPairOfCaller {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** `default` is for people and the control plane, `hosts` for host drivers: each has buckets of its own. */
export const PROFILES = ['default', 'hosts'] as const;
export type Profile = (typeof PROFILES)[number];
export type Credentials = Readonly<Record<Profile, KeyPairOfCaller>>;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const drawKeyPair = (chance: Chance): KeyPairOfCaller => ({
  accessKeyId: `AKIA${[...chance.bytes(16)].map((byte) => BASE32.charAt(byte & 31)).join('')}`,
  secretAccessKey: chance.bytes(30).toString('base64'),
});

const iniText = (credentials: Credentials): string =>
  PROFILES.map(
    (profile) =>
      `[${profile}]\naws_access_key_id = ${credentials[profile].accessKeyId}\n` +
      `aws_secret_access_key = ${credentials[profile].secretAccessKey}\n`,
  ).join('\n');

const sections = (text: string): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const found = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of text.split('\n')) {
    const name = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
    const pair = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line);
    if (name !== undefined) found.set(name, (section = new Map<string, string>()));
    else if (pair?.[1] !== undefined && pair[2] !== undefined) section.set(pair[1], pair[2]);
  }
  return found;
};

/** Reads a credentials file; null when there is none. Throws when a profile is missing from it. */
export const readCredentials = async (path: string): Promise<Credentials | null> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const profiles = sections(text);
  const read = (profile: Profile): KeyPairOfCaller => {
    const accessKeyId = profiles.get(profile)?.get('aws_access_key_id');
    const secretAccessKey = profiles.get(profile)?.get('aws_secret_access_key');
    if (accessKeyId === undefined || secretAccessKey === undefined)
      throw new Error(`${path} has no whole profile [${profile}]; remove the file to have it made anew`);
    return { accessKeyId, secretAccessKey };
  };
  return { default: read('default'), hosts: read('hosts') };
};

/** Writes a file that only its owner reads, whole or not at all. */
export const writePrivate = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.next`, text, { mode: 0o600 });
  await rename(`${path}.next`, path);
};

/** The credentials in `directory`, made when they are not there yet. */
export const ensureCredentials = async (directory: string, chance: Chance): Promise<Credentials> => {
  const path = join(directory, 'credentials');
  const present = await readCredentials(path);
  if (present !== null) return present;
  const made: Credentials = { default: drawKeyPair(chance), hosts: drawKeyPair(chance) };
  await writePrivate(path, iniText(made));
  return made;
};
