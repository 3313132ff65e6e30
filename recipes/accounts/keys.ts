/**
 * `~/.ssh/authorized_keys` of a real account. Its owner owns the home and may have planted links and pipes in it, and
 * may change them while we look: so all of it is done with the owner's rights, under which they lead nowhere.
 */
import type { Account } from '../../api-types/accounts.js';
import { mustRun } from '../tools.js';

const HEAD = '# Written by Scalarium; changes are overwritten.';
const END = '# end';

/** The whole file; its last line tells a whole one from one that was cut short. */
export const authorizedKeys = ({ keys }: Account): string => [HEAD, ...keys, END, ''].join('\n');

/** $1: the home, $2: the last line of what is read. Old keys go even where there is no room for new ones. */
const WRITE = `
set -eu
umask 077
cd "$1"
chmod u+rwx .
if [ -L .ssh ] || { [ -e .ssh ] && [ ! -d .ssh ]; }; then rm -f .ssh; fi
[ -d .ssh ] || mkdir .ssh
[ -O .ssh ] || { echo "$1/.ssh belongs to somebody else" >&2; exit 1; }
chmod 700 .ssh
cd .ssh
new=.authorized_keys.scalarium-new
rm -rf "$new"
if ! cat > "$new" || [ "$(tail -n 1 "$new")" != "$2" ]; then
  rm -rf "$new" authorized_keys
  echo "the keys could not be written; the account has none now" >&2
  exit 1
fi
if [ -f authorized_keys ] && [ ! -L authorized_keys ] && [ -O authorized_keys ] &&
  [ "$(cat authorized_keys)" = "$(cat "$new")" ]; then
  chmod 600 authorized_keys
  rm -f "$new"
  exit 0
fi
if [ -d authorized_keys ] && [ ! -L authorized_keys ]; then rm -rf authorized_keys; fi
mv -f "$new" authorized_keys
echo changed
`;

export interface Owner {
  readonly home: string;
  readonly uid: number;
  readonly gid: number;
}

const SECONDS = 10;

/** Gives whether the file was changed. */
export const writeKeys = async (account: Account, owner: Owner, signal: AbortSignal): Promise<boolean> => {
  const { uid, gid, home } = owner;
  const input = authorizedKeys(account);
  const options = { signal, as: { uid, gid }, input, timeoutSeconds: SECONDS };
  const said = await mustRun(['/bin/sh', '-c', WRITE, 'authorized-keys', home, END], options);
  return said.endsWith('changed');
};

/** Takes the keys away; what is not there is away. */
export const dropKeys = async ({ home, uid, gid }: Owner, signal: AbortSignal): Promise<void> => {
  const script = 'cd "$1" 2>/dev/null || exit 0; rm -rf .ssh/authorized_keys .ssh/authorized_keys2';
  const options = { signal, as: { uid, gid }, timeoutSeconds: SECONDS };
  await mustRun(['/bin/sh', '-c', script, 'drop-keys', home], options);
};
