/** Scripts that look at a MariaDB server and change it; what they need to know is in their environment. */

const HEAD = `#!/bin/sh
# Written by Scalarium; changes are overwritten.
`;

/** \`sql\` answers with bare lines; \`quoted\` makes a text of SQL of whatever it is given. */
const SHARED = `set -u
client() { mariadb \${MYSQL_SOCKET:+--socket="$MYSQL_SOCKET"} --user=root --batch "$@"; }
sql() { client --skip-column-names "$@"; }
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed 's/\\\\/\\\\\\\\/g' | sed "s/'/''/g")"; }
fail() { echo "$*" >&2; exit 1; }
wait_for_server() {
  left=60
  until said=$(echo 'SELECT 1' | sql 2>&1); do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "MariaDB on this host does not answer: $said"
    sleep 1
  done
}
`;

/**
 * `mysql-accounts check|apply`: root, the databases and user of applications, and one user for each replica. Its
 * environment: ROOT_PASSWORD, APPLICATION_USER, APPLICATION_PASSWORD, DATABASES, PRIVILEGES (sorted), REPLICATION_USER,
 * REPLICATION_PASSWORD, REPLICAS (addresses).
 */
export const MYSQL_ACCOUNTS = `${HEAD}${SHARED}
user=$(quoted "$APPLICATION_USER")
replica=$(quoted "$REPLICATION_USER")

has_password() { printf "JSON_VALUE(Priv, '$.authentication_string') = PASSWORD(%s)" "$(quoted "$1")"; }

questions() {
  cat <<END
SELECT CONCAT('root ', $(has_password "$ROOT_PASSWORD"), ' ', Priv LIKE '%unix_socket%') FROM mysql.global_priv
  WHERE User = 'root' AND Host = 'localhost';
SELECT CONCAT('application ', $(has_password "$APPLICATION_PASSWORD")) FROM mysql.global_priv
  WHERE User = $user AND Host = '%';
SELECT CONCAT('replica ', Host, ' ', $(has_password "$REPLICATION_PASSWORD")) FROM mysql.global_priv
  WHERE User = $replica;
SELECT CONCAT('privileges ', GRANTEE) FROM information_schema.USER_PRIVILEGES
  WHERE GRANTEE LIKE CONCAT('%', $replica, '%') AND PRIVILEGE_TYPE = 'REPLICATION SLAVE';
SELECT CONCAT('database ', SCHEMA_NAME) FROM information_schema.SCHEMATA;
SHOW GRANTS FOR $user@'%';
END
}

# of a grant its privileges in order, so that it can be compared
in_order() {
  awk '/^GRANT USAGE / { next }
    /^GRANT / {
      at = index($0, " ON "); count = split(substr($0, 7, at - 7), all, /, */)
      for (i = 2; i <= count; i++) for (j = i; j > 1 && all[j - 1] > all[j]; j--) { t = all[j]; all[j] = all[j - 1]; all[j - 1] = t }
      line = all[1]; for (i = 2; i <= count; i++) line = line ", " all[i]
      print "grant " line substr($0, at); next
    }
    /^database / { if (index(" " ENVIRON["DATABASES"] " ", " " $2 " ")) print; next }
    { print }'
}

escaped() { printf '%s' "$1" | sed 's/_/\\\\_/g'; }

wanted() {
  echo 'root 1 1'
  echo 'application 1'
  for address in $REPLICAS; do
    echo "replica $address 1"
    echo "privileges '$REPLICATION_USER'@'$address'"
  done
  for database in $DATABASES; do
    echo "database $database"
    echo "grant $PRIVILEGES ON \\\`$(escaped "$database")\\\`.* TO \\\`$APPLICATION_USER\\\`@\\\`%\\\`"
  done
}

found() { questions | sql --raw --force 2>/dev/null | in_order; }

# what is there more or less than wanted
difference() { { wanted; wanted; found; } | sort | uniq -c | awk '$1 != 3'; }

# grants that are more than wanted: only then anything is taken away, since between that and the grants nobody gets in
excess() {
  found | grep '^grant ' | while IFS= read -r one; do wanted | grep -qxF -- "$one" || echo "$one"; done
}

# a user that is there already gets the password, too
statements() {
  cat <<END
ALTER USER root@localhost IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD($(quoted "$ROOT_PASSWORD"));
CREATE USER IF NOT EXISTS $user@'%';
ALTER USER $user@'%' IDENTIFIED BY $(quoted "$APPLICATION_PASSWORD");
END
  [ -z "$(excess)" ] || echo "REVOKE ALL PRIVILEGES, GRANT OPTION FROM $user@'%';"
  for database in $DATABASES; do
    echo "CREATE DATABASE IF NOT EXISTS \\\`$database\\\`;"
    echo "GRANT $PRIVILEGES ON \\\`$(escaped "$database")\\\`.* TO $user@'%';"
  done
  for address in $REPLICAS; do
    cat <<END
CREATE USER IF NOT EXISTS $replica@'$address';
ALTER USER $replica@'$address' IDENTIFIED BY $(quoted "$REPLICATION_PASSWORD");
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD, LOCK TABLES, PROCESS, BINLOG MONITOR, REPLICATION SLAVE
  ON *.* TO $replica@'$address';
END
  done
  echo "SELECT Host FROM mysql.global_priv WHERE User = $replica;" | sql |
    while IFS= read -r address; do
      case " $REPLICAS " in *" $address "*) ;; *) echo "DROP USER $replica@'$address';" ;; esac
    done
}

case \${1:-} in
check) [ -z "$(difference)" ] ;;
apply)
  wait_for_server
  statements | sql || exit 1
  left=$(difference)
  [ -z "$left" ] || fail "after all statements these are not as wanted:
$left"
  ;;
*) fail 'expected check or apply' ;;
esac
`;

/**
 * `mysql-replica check|apply`: makes the server a replica, with the master's data when it has none. Its environment:
 * MASTER_HOST, MASTER_PORT, REPLICATION_USER, REPLICATION_PASSWORD, CATCH_UP_SECONDS, LOGIN_SECONDS.
 */
export const MYSQL_REPLICA = `${HEAD}${SHARED}
SYSTEM="'mysql', 'information_schema', 'performance_schema', 'sys'"

look() { status=$(echo 'SHOW SLAVE STATUS\\G' | client 2>&1); }
field() { printf '%s\\n' "$status" | sed -n "s/^ *$1: //p"; }
value() { echo "SELECT $1" | sql; }

on_master() {
  program=$1
  shift
  MYSQL_PWD=$REPLICATION_PASSWORD "$program" --host="$MASTER_HOST" --port="$MASTER_PORT" --protocol=tcp \\
    --user="$REPLICATION_USER" "$@"
}

check() {
  look
  [ "$(field Master_Host)" = "$MASTER_HOST" ] && [ "$(field Master_Port)" = "$MASTER_PORT" ] &&
    [ "$(field Master_User)" = "$REPLICATION_USER" ] && [ "$(field Using_Gtid)" = Slave_Pos ] &&
    [ "$(field Slave_IO_Running)" = Yes ] && [ "$(field Slave_SQL_Running)" = Yes ]
}

# the master lets this host in once its own configure has run after this host came up
wait_for_login() {
  left=$LOGIN_SECONDS
  until said=$(echo 'SELECT 1' | on_master mariadb 2>&1); do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "the master does not let $REPLICATION_USER in: $said"
    sleep 1
  done
}

follow() {
  {
    echo 'STOP SLAVE;'
    echo "CHANGE MASTER TO MASTER_HOST = $(quoted "$MASTER_HOST"), MASTER_PORT = $MASTER_PORT,
      MASTER_USER = $(quoted "$REPLICATION_USER"), MASTER_PASSWORD = $(quoted "$REPLICATION_PASSWORD"),
      MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 5;"
  } | sql || exit 1
}

databases() { echo "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ($SYSTEM)" | sql; }
tables() { value "COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN ($SYSTEM)"; }

dump() {
  on_master mariadb-dump --all-databases --single-transaction --gtid --master-data=1 --flush-privileges \\
    --routines --events --triggers --hex-blob --quick || echo "the master's data could not be read whole" >"$1"
}

# the mark is there from before the first change until all is loaded: what it finds half done is done anew
provision() {
  mark=$1
  : >"$mark" || exit 1
  chmod 600 "$mark"
  {
    echo 'STOP SLAVE; RESET SLAVE ALL;'
    databases | while IFS= read -r one; do echo "SET SESSION sql_log_bin = 0; DROP DATABASE \\\`$one\\\`;"; done
    echo "RESET MASTER; SET GLOBAL gtid_slave_pos = '';"
  } | sql || exit 1
  # nothing of this may have a number in the replica's own log: the master's next ones would collide with it
  { echo 'SET SESSION sql_log_bin = 0;'; dump "$mark"; } | sql || fail "the master's data could not be loaded"
  [ ! -s "$mark" ] || fail "$(cat "$mark")"
  follow
  rm -f "$mark"
}

error() { printf '%s%s' "$(field Last_IO_Error)" "$(field Last_SQL_Error)"; }

# a thread that has ended with an error begins by itself no more; one that is still connecting does
refuse_standing() {
  look
  case "$(field Slave_IO_Running) $(field Slave_SQL_Running)" in
  *No*) [ -z "$(error)" ] || fail "replication from $MASTER_HOST stands: $(error). Its data was left as it is" ;;
  esac
}

catch_up() {
  position=$(echo 'SELECT @@GLOBAL.gtid_binlog_pos' | on_master mariadb --batch --skip-column-names) || exit 1
  left=$CATCH_UP_SECONDS
  until [ "$(value "MASTER_GTID_WAIT('$position', 1)")" = 0 ]; do
    refuse_standing
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "it follows $MASTER_HOST and is $(field Seconds_Behind_Master) s behind: it needs longer"
  done
  # with nothing to wait for, the thread that reads may still be on its way
  left=30
  until check; do
    refuse_standing
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "replication from $MASTER_HOST does not run: $(error)"
    sleep 1
  done
}

apply() {
  wait_for_server
  wait_for_login
  mark=$(value '@@datadir')scalarium-provisioning
  look
  if [ -e "$mark" ]; then
    provision "$mark"
  elif [ -n "$(field Master_Host)$(value '@@GLOBAL.gtid_slave_pos')" ]; then
    follow
  elif [ "$(tables)" = 0 ]; then
    provision "$mark"
  else
    fail "this server holds data that came from no master and is never overwritten; databases: $(databases | tr '\\n' ' ')"
  fi
  echo 'START SLAVE' | sql || exit 1
  catch_up
}

case \${1:-} in
check) check ;;
apply) apply ;;
*) fail 'expected check or apply' ;;
esac
`;
