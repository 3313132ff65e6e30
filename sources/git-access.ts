/** What opens a repository: keys and passwords in private files, never in arguments, the environment or a log. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sshCommand, surroundings, writeKey } from './access.js';
import { textNamed, type Fetching } from './source.js';

/** `ext::` and its like would run programs; folders of this machine are for whoever starts it to say. */
const PROTOCOLS = 'git:http:https:ssh';

/** Of an http address, with its port; empty for others. */
const hostOf = (url: string): string => {
  try {
    const { protocol, host } = new URL(url);
    return protocol === 'http:' || protocol === 'https:' ? host : '';
  } catch {
    return '';
  }
};

/** Git asks "Password for 'https://user@host': "; a submodule of another host is answered nothing. */
const answers = (host: string, folder: string): string => `#!/bin/sh
case "$1" in *"//${host}'"*|*"@${host}'"*) ;; *) exit 1 ;; esac
case "$1" in Username*) cat '${folder}/user' ;; *) cat '${folder}/password' ;; esac
`;

/** A host's name in a script must be one. */
const HOST = /^[A-Za-z0-9.:[\]-]+$/;

const writeAnswers = async ({ folder, source, texts }: Fetching): Promise<string | null> => {
  const host = hostOf(source.url);
  if (texts === null || !HOST.test(host)) return null;
  const password = textNamed(texts, ['password', 'token'], source);
  const user = Object.hasOwn(texts, 'user') ? (texts['user'] ?? '') : 'git';
  await writeFile(join(folder, 'user'), user, { mode: 0o600 });
  await writeFile(join(folder, 'password'), password, { mode: 0o600 });
  const script = join(folder, 'answer');
  await writeFile(script, answers(host, folder), { mode: 0o700 });
  return script;
};

/** The environment of every call of git; its files are in the fetching's own folder. */
export const gitEnvironment = async (fetching: Fetching): Promise<Readonly<Record<string, string>>> => {
  const key = await writeKey(fetching);
  const askpass = await writeAnswers(fetching);
  return {
    ...surroundings(),
    HOME: fetching.folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: fetching.local ? `file:${PROTOCOLS}` : PROTOCOLS,
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_SSH_COMMAND: sshCommand(fetching, key),
    ...(askpass === null ? {} : { GIT_ASKPASS: askpass }),
  };
};
