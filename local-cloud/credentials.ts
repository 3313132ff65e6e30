/** The local cloud's two key pairs, in the ini file that AWS tools read; made at the first start. */
import { join } from 'node:path';
import type { Chance } from '../runtime/chance.js';
import { readIfThere, writePrivate } from '../runtime/private-file.js';

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

const sectionOf = (text: string, profile: string): string =>
  text.split(/^\s*\[/m).find((section) => section.startsWith(`${profile}]`)) ?? '';

const valueOf = (section: string, key: string): string | undefined =>
  new RegExp(`^\\s*${key}\\s*=\\s*(\\S+)`, 'm').exec(section)?.[1];

/** The keys of a profile in the text of an AWS credentials file; null when it holds no two of them. */
export const keyPairIn = (text: string, profile: string): KeyPairOfCaller | null => {
  const section = sectionOf(text, profile);
  const accessKeyId = valueOf(section, 'aws_access_key_id');
  const secretAccessKey = valueOf(section, 'aws_secret_access_key');
  return accessKeyId === undefined || secretAccessKey === undefined ? null : { accessKeyId, secretAccessKey };
};

/** Reads a credentials file; null when there is none. Throws when a profile is missing from it. */
export const readCredentials = async (path: string): Promise<Credentials | null> => {
  const text = await readIfThere(path);
  if (text === null) return null;
  const read = (profile: Profile): KeyPairOfCaller => {
    const keys = keyPairIn(text, profile);
    if (keys !== null) return keys;
    throw new Error(`${path} has no whole profile [${profile}]; remove the file to have it made anew`);
  };
  return { default: read('default'), hosts: read('hosts') };
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
