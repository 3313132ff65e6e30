/** Users and groups of the host by their names, as its own files have them. */
import { readFile, stat } from 'node:fs/promises';
import { gidIn, parsePasswd, type PasswdEntry } from './accounts/passwd.js';
import type { Scene } from './scene.js';

interface Remembered {
  readonly stamp: string;
  readonly text: string;
}

const remembered = new Map<string, Remembered>();

/** A file of the machine that is read again only when it has changed. */
const current = async (path: string): Promise<string> => {
  const { mtimeMs, size, ino } = await stat(path);
  const stamp = [mtimeMs, size, ino].join(' ');
  const known = remembered.get(path);
  if (known?.stamp === stamp) return known.text;
  const text = await readFile(path, 'utf8');
  remembered.set(path, { stamp, text });
  return text;
};

/** The text of /etc/passwd: the accounts of the machine itself. */
export const passwdText = (): Promise<string> => current('/etc/passwd');

/** The text of /etc/group: the groups of the machine itself. */
export const groupText = (): Promise<string> => current('/etc/group');

/** Throws when there is no such user. */
export const userNamed = async (name: string): Promise<PasswdEntry> => {
  const found = parsePasswd(await passwdText()).find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`there is no user ${name} on this host`);
  return found;
};

/** Throws when there is no such group. */
export const groupNamed = async (name: string): Promise<number> => {
  const gid = gidIn(await groupText(), name);
  if (gid === null) throw new Error(`there is no group ${name} on this host`);
  return gid;
};

/** Whom something should belong to; what is left out stays as it is. */
export interface Ids {
  readonly uid?: number;
  readonly gid?: number;
}

/** Of a host that is a folder none: its files belong to whoever runs the agent. */
export const idsOf = async (
  { owner, group }: { readonly owner?: string; readonly group?: string },
  scene: Scene,
): Promise<Ids> => {
  if (owner === undefined && group === undefined) return {};
  if (scene.folder) {
    scene.note('owners and groups of files are not set: this host is a folder and has no users of its own');
    return {};
  }
  return {
    ...(owner === undefined ? {} : { uid: (await userNamed(owner)).uid }),
    ...(group === undefined ? {} : { gid: await groupNamed(group) }),
  };
};
