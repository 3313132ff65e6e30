/** `admin-token` in the local cloud's directory: opens the admin door. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hex, type Chance } from '../runtime/chance.js';
import { writePrivate } from '../runtime/private-file.js';

/** Null when there is none yet. */
export const readAdminToken = async (directory: string): Promise<string | null> => {
  const text = await readFile(join(directory, 'admin-token'), 'utf8').catch(() => '');
  return text.trim() === '' ? null : text.trim();
};

/** The token, made at the first start. */
export const ensureAdminToken = async (directory: string, chance: Chance): Promise<string> => {
  const present = await readAdminToken(directory);
  if (present !== null) return present;
  const token = hex(chance, 24);
  await writePrivate(join(directory, 'admin-token'), `${token}\n`);
  return token;
};
