/** The files /etc/passwd, /etc/group and /etc/shadow: reading them is pure, and works on every Linux alike. */
import { createHash } from 'node:crypto';

/** The group that all our accounts have as their primary one, and what stands in their GECOS field. */
export const MARK = 'scalarium';

export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly gecos: string;
  readonly home: string;
}

const linesOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));

/** Entries with numbers for ids; anything else is nothing that a login could use. */
export const parsePasswd = (text: string): readonly PasswdEntry[] =>
  linesOf(text).flatMap(([name = '', , uid = '', gid = '', gecos = '', home = '']) =>
    /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid), gecos, home }] : [],
  );

/** Null: there is no such group. */
export const gidIn = (group: string, name: string): number | null => {
  const found = linesOf(group).find(([of]) => of === name)?.[2];
  return found !== undefined && /^\d+$/.test(found) ? Number(found) : null;
};

/** What keeps an account from being used, or lets it be used by password. Null: it has no entry. */
export const shadowIn = (
  shadow: string,
  name: string,
): { readonly password: string; readonly expires: string } | null => {
  const found = linesOf(shadow).find(([of]) => of === name);
  return found === undefined ? null : { password: found[1] ?? '', expires: found[7] ?? '' };
};

const FIRST_UID = 20_000;
const UIDS = 40_000;

/**
 * A person's uid is a function of the name: alike on all hosts, and not given to the next person when the account goes,
 * who would own what was left behind. `attempt` counts up where one is taken.
 */
export const uidFor = (name: string, attempt = 0): number => {
  const hash = createHash('sha256').update(name).digest().readUInt32BE();
  return FIRST_UID + ((hash + attempt) % UIDS);
};

/**
 * Ours: the mark in the GECOS field and the group as its primary one, which are one line and so come and go together.
 * Never a uid of the system or one that somebody else has too: what is done to ours is done by uid.
 */
export const isOurs = (entry: PasswdEntry, all: readonly PasswdEntry[], gid: number | null): boolean =>
  entry.gid === gid &&
  entry.gecos.split(',')[0] === MARK &&
  entry.uid >= 1000 &&
  all.every((other) => other === entry || other.uid !== entry.uid);

/** What a login of this user starts; null: there is no such user. */
export const shellIn = (passwd: string, name: string): string | null =>
  linesOf(passwd).find(([of]) => of === name)?.[6] ?? null;

/** The groups that list this user; without the user's own. */
export const groupsWith = (group: string, name: string): readonly string[] =>
  linesOf(group).flatMap(([of = '', , , members = '']) => (members.split(',').includes(name) ? [of] : []));
