/** Checks of user, group and authorizedKeys, by the host's own useradd and groupadd. */
import { chown, lstat, mkdir } from 'node:fs/promises';
import { authorizedKeys as keysText, writeKeys } from '../accounts/keys.js';
import { gidIn, groupsWith, parsePasswd, shellIn, type PasswdEntry } from '../accounts/passwd.js';
import { groupText, passwdText, userNamed } from '../owners.js';
import { ifThere, makeParents } from '../place.js';
import type { AuthorizedKeysResource, GroupResource, UserResource } from '../resource.js';
import { change, type Check, type Scene } from '../scene.js';
import { textDiff } from '../text-diff.js';
import { askTool, mustRun } from '../tools.js';

/** Matches no password, and unlike `!` does not make sshd take the account for a locked one. */
const NO_PASSWORD = '*';

const NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

const refuseOdd = (name: string, what: string): void => {
  if (!NAME.test(name)) throw new Error(`"${name}" is no name of a ${what}`);
};

/** True where there are no users to speak of: said once. */
const leftOut = (scene: Scene): boolean => {
  if (scene.folder)
    scene.note('users, groups and their keys are left out: this host is a folder and has none of its own');
  return scene.folder;
};

const homeWords = ({ home, system }: UserResource): readonly string[] => {
  if (home !== undefined) return ['--home-dir', home, '--create-home'];
  return system === true ? ['--home-dir', '/nonexistent', '--no-create-home'] : ['--create-home'];
};

const shellOf = ({ shell, system }: UserResource): string | undefined =>
  shell ?? (system === true ? '/usr/sbin/nologin' : undefined);

/** A group of the same name becomes the user's own; there is one where a recipe has made it for its id. */
const addWords = (user: UserResource, groups: string): readonly string[] => {
  const { name, uid, system } = user;
  const shell = shellOf(user);
  return [
    'useradd',
    ...(system === true ? ['--system'] : []),
    ...(uid === undefined ? [] : ['--uid', String(uid)]),
    ...(gidIn(groups, name) === null ? ['--user-group'] : ['--gid', name]),
    ...(user.groups === undefined || user.groups.length === 0 ? [] : ['--groups', user.groups.join(',')]),
    ...homeWords(user),
    ...(shell === undefined ? [] : ['--shell', shell]),
    '--password',
    NO_PASSWORD,
    name,
  ];
};

interface Found {
  readonly entry: PasswdEntry;
  readonly shell: string | null;
  readonly groups: readonly string[];
}

/** The words of usermod for what differs; empty: nothing does. */
const differing = (user: UserResource, { entry, shell, groups }: Found): readonly string[] => {
  const lacking = (user.groups ?? []).filter((group) => !groups.includes(group));
  const differs = <A>(wanted: A | undefined, is: A): wanted is A => wanted !== undefined && wanted !== is;
  return [
    ...(differs(user.uid, entry.uid) ? ['--uid', String(user.uid)] : []),
    ...(differs(user.home, entry.home) ? ['--home', user.home] : []),
    ...(differs<string | null>(user.shell, shell) ? ['--shell', user.shell ?? ''] : []),
    ...(lacking.length === 0 ? [] : ['--append', '--groups', lacking.join(',')]),
  ];
};

/** One that was made and cut short before its home was, or whose home is to be elsewhere. */
const lacksHome = async ({ home, system }: UserResource, entry: PasswdEntry): Promise<boolean> =>
  (home !== undefined || system !== true) && (await ifThere(() => lstat(home ?? entry.home))) === null;

const makeHome = async (name: string): Promise<void> => {
  const { home, uid, gid } = await userNamed(name);
  await makeParents(home);
  await mkdir(home, { mode: 0o700 });
  await chown(home, uid, gid);
};

export const user: Check<UserResource> = async (resource, scene) => {
  const { name } = resource;
  refuseOdd(name, 'user');
  if (leftOut(scene)) return null;
  const { signal } = scene;
  const [passwd, groups] = await Promise.all([passwdText(), groupText()]);
  const entry = parsePasswd(passwd).find((one) => one.name === name);
  if (entry === undefined)
    return change(`add the user ${name}`, () => mustRun(addWords(resource, groups), { signal }));
  const found = { entry, shell: shellIn(passwd, name), groups: groupsWith(groups, name) };
  const words = differing(resource, found);
  const homeless = await lacksHome(resource, entry);
  if (words.length === 0 && !homeless) return null;
  const diff = [...(words.length === 0 ? [] : [words.join(' ')]), ...(homeless ? ['a home'] : [])];
  return change(`user ${name}: ${diff.join(', ')}`, async () => {
    if (words.length > 0) await mustRun(['usermod', ...words, name], { signal });
    if (homeless) await makeHome(name);
  });
};

export const group: Check<GroupResource> = async ({ name, gid, system }, scene) => {
  refuseOdd(name, 'group');
  if (leftOut(scene)) return null;
  const { signal } = scene;
  const found = gidIn(await groupText(), name);
  const idWords = gid === undefined ? [] : ['--gid', String(gid)];
  if (found === null) {
    const command = ['groupadd', ...(system === true ? ['--system'] : []), ...idWords, name];
    return change(`add the group ${name}`, () => mustRun(command, { signal }));
  }
  if (gid === undefined || gid === found) return null;
  return change(`group ${name}: gid ${String(found)} → ${String(gid)}`, () =>
    mustRun(['groupmod', ...idWords, name], { signal }),
  );
};

/** Read with the owner's rights: what the owner may not read, a link planted in the home does not show. */
const READ = `
cd "$1/.ssh" 2>/dev/null || exit 0
[ -f authorized_keys ] && [ ! -L authorized_keys ] && [ -O authorized_keys ] || exit 0
[ "$(stat -c %a authorized_keys)" = 600 ] || exit 0
cat authorized_keys
`;
const READ_SECONDS = 10;

export const authorizedKeys: Check<AuthorizedKeysResource> = async ({ user: name, keys }, scene) => {
  refuseOdd(name, 'user');
  if (leftOut(scene)) return null;
  const { signal } = scene;
  const owner = await userNamed(name);
  const as = { uid: owner.uid, gid: owner.gid };
  const command = ['/bin/sh', '-c', READ, 'read-keys', owner.home];
  const { stdout } = await askTool(command, { signal, as, timeoutSeconds: READ_SECONDS });
  const account = { name, keys, sudo: false };
  const wanted = keysText(account);
  if (stdout === wanted) return null;
  return change(textDiff(`${owner.home}/.ssh/authorized_keys`, stdout, wanted), () =>
    writeKeys(account, owner, signal),
  );
};
