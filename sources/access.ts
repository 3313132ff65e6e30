/** What opens a repository by ssh, and what of the control plane's environment its programs are given. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { textNamed, type Fetching } from './source.js';

const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTPS_PROXY', 'NO_PROXY', 'SSL_CERT_FILE'];

/** A proxy is the control plane's affair, as are the authorities that it trusts. */
export const surroundings = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    PROXIES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );

/** What git and svn go through ssh with. */
export const sshCommand = (fetching: Fetching, key: string | null): string =>
  [
    'ssh',
    ...(key === null ? [] : ['-i', `'${key}'`, '-o', 'IdentitiesOnly=yes']),
    '-o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4',
    '-o StrictHostKeyChecking=accept-new',
    `-o UserKnownHostsFile='${join(fetching.lasting, 'known_hosts')}'`,
  ].join(' ');

/** The key of ssh that the Secret holds, in a private file; null: none. */
export const writeKey = async ({ folder, source, texts }: Fetching): Promise<string | null> => {
  if (texts === null || !Object.hasOwn(texts, 'sshKey')) return null;
  const file = join(folder, 'key');
  const key = textNamed(texts, ['sshKey'], source);
  await writeFile(file, key.endsWith('\n') ? key : `${key}\n`, { mode: 0o600 });
  return file;
};
