/** Whose rights a service runs with, by the names in its unit. */
import { parsePasswd, shellIn, type PasswdEntry } from '../../accounts/passwd.js';
import { groupNamed, passwdText, userNamed } from '../../owners.js';
import type { Unit } from './unit.js';

export interface ServiceUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

const numeric = (name: string): boolean => /^\d+$/.test(name);

const entryOf = async (user: string): Promise<Pick<PasswdEntry, 'name' | 'uid' | 'gid' | 'home'>> => {
  if (!numeric(user)) return userNamed(user);
  const found = parsePasswd(await passwdText()).find(({ uid }) => uid === Number(user));
  return found ?? { name: user, uid: Number(user), gid: Number(user), home: '/' };
};

const gidOf = (group: string): Promise<number> =>
  numeric(group) ? Promise.resolve(Number(group)) : groupNamed(group);

/** Null: it runs as root. Throws, for people, when there is no such user or group. */
export const serviceUser = async ({ user, group }: Unit): Promise<ServiceUser | null> => {
  if (user === null && group === null) return null;
  const { name, uid, gid, home } = await entryOf(user ?? 'root');
  return {
    name,
    uid,
    gid: group === null ? gid : await gidOf(group),
    home,
    shell: shellIn(await passwdText(), name) ?? '/bin/sh',
  };
};

/** Numbers of a user and a group as tmpfiles.d names them; `-` is root. Null: there is no such one. */
export const idsNamed = async (
  user: string,
  group: string,
): Promise<{ readonly uid: number; readonly gid: number } | null> => {
  try {
    const uid = user === '-' ? 0 : (await entryOf(user)).uid;
    return { uid, gid: group === '-' ? 0 : await gidOf(group) };
  } catch {
    return null;
  }
};
