/** The script that makes MariaDB's system tables, and refuses to begin anew beside data that it was told to leave. */
import { HEAD } from './role-recipe.js';

/** Read after what the packages bring along, by family. */
export const CONFIG_FILES = {
  debian: '/etc/mysql/mariadb.conf.d/99-scalarium.cnf',
  redhat: '/etc/my.cnf.d/99-scalarium.cnf',
} as const;

/**
 * `mysql-install check|apply DIRECTORY`: a mark is there from before the first change until all is made, so that what it
 * finds half done is done anew; a directory with system tables and without the mark is left alone.
 */
export const MYSQL_INSTALL = `#!/bin/sh
${HEAD}set -u
data=$2
mark=$data/scalarium-installing
fail() { echo "$*" >&2; exit 1; }

# what people have made in a data directory
databases() {
  for one in "$1"/*/; do
    name=$(basename "$one")
    case $name in '*' | mysql | performance_schema | sys | test | lost+found) ;; *) printf '%s ' "$name" ;; esac
  done
}

# where the server that this configuration is to replace has its data
in_use() {
  for file in ${Object.values(CONFIG_FILES).join(' ')}; do
    found=$(sed -n 's/^datadir *= *//p' "$file" 2>/dev/null)
    [ -z "$found" ] || { printf '%s' "$found"; return; }
  done
  printf /var/lib/mysql
}

case $1 in
check) [ -d "$data/mysql" ] && [ ! -e "$mark" ] ;;
apply)
  before=$(in_use)
  if [ "$before" != "$data" ]; then
    kept=$(databases "$before")
    [ -z "$kept" ] || fail "the data is in $before (databases: $kept) and $data is empty: a server there would begin without it. Stop MariaDB, copy the data (cp -a $before/. $data/), then let this run again; or set mysql.dataDirectory back"
  fi
  if [ -e "$mark" ]; then
    (cd "$data" && rm -rf mysql performance_schema sys ibdata1 ib_logfile0 ib_buffer_pool undo0* aria_log*)
  else
    : >"$mark" || exit 1
  fi
  mariadb-install-db --user=mysql --datadir="$data" --auth-root-authentication-method=socket --skip-test-db || exit 1
  rm -f "$mark"
  ;;
*) fail 'expected check or apply' ;;
esac
`;
