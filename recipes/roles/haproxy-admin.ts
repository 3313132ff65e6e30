/** A script that talks to HAProxy through its runtime socket; people may use it, too. */
export const HAPROXY_ADMIN = `#!/bin/sh
# Written by Scalarium; changes are overwritten.
# haproxy-admin drain SERVER...       gives them no new requests
# haproxy-admin ready SERVER...       gives them requests again
# haproxy-admin leaving [SERVER...]   those that it has beside these; exit code 1 when there are any
# haproxy-admin leave [SERVER...]     drains those that it has beside these
# haproxy-admin finish SECONDS        takes no new connections, and waits so long for the last to end
set -u
socket=\${HAPROXY_SOCKET:-/var/lib/haproxy/admin.sock}

# without an answer there is nobody to be told anything
ask() { printf '%s\\n' "$1" | socat -t5 - "UNIX-CONNECT:$socket" 2>/dev/null; }

servers() { ask 'show servers state' | awk 'NF > 6 && $1 != "#" { print $2 "/" $4 }'; }

# backend/server of every server of these names
named() {
  for name; do servers | awk -F/ -v name="$name" '$2 == name'; done
}

beside() {
  servers | while IFS= read -r one; do
    case " $* " in *" \${one#*/} "*) ;; *) printf '%s\\n' "$one" ;; esac
  done
}

set_state() {
  state=$1
  while IFS= read -r one; do ask "set server $one state $state" >/dev/null; done
}

connections() { ask 'show stat' | awk -F, '$2 == "FRONTEND" && $1 != "statistics" { sum += $5 } END { print sum + 0 }'; }

finish() {
  [ -S "$socket" ] || return 0
  ask 'show stat' | awk -F, '$2 == "FRONTEND" && $1 != "statistics" { print $1 }' |
    while IFS= read -r one; do ask "disable frontend $one" >/dev/null; done
  left=$1
  while [ "$left" -gt 0 ] && [ "$(connections)" -gt 0 ]; do
    sleep 1
    left=$((left - 1))
  done
  echo "connections left: $(connections)"
}

what=\${1:-}
[ $# -gt 0 ] && shift
case $what in
drain) named "$@" | set_state drain ;;
ready) named "$@" | set_state ready ;;
leaving) found=$(beside "$@"); [ -z "$found" ] || { printf '%s\\n' "$found"; exit 1; } ;;
leave) beside "$@" | set_state drain ;;
finish) finish "\${1:-30}" ;;
*) sed -n '3,7s/^# //p' "$0"; exit 2 ;;
esac
`;
