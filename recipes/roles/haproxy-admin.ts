/** A script that talks to HAProxy through its runtime socket; people may use it, too. */
export const HAPROXY_ADMIN = `#!/bin/sh
# Written by Scalarium; changes are overwritten.
# haproxy-admin drain SERVER...       gives them no new requests
# haproxy-admin ready SERVER...       gives them requests again
# haproxy-admin leaving [SERVER...]   those that it has beside these, and those of these that are drained; exit code 1 when there are any
# haproxy-admin leave [SERVER...]     drains those that it has beside these, which themselves get requests again
# haproxy-admin keep                  writes down which servers are up, for the process that a reload starts
# haproxy-admin forget                forgets it once that process answers
# haproxy-admin finish SECONDS        takes no new connections, and waits so long for the last to end
set -u
socket=\${HAPROXY_SOCKET:-/var/lib/haproxy/admin.sock}
config=\${HAPROXY_CONFIG:-/etc/haproxy/haproxy.cfg}
states=\${HAPROXY_STATES:-/var/lib/haproxy/servers.state}

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

# of these, those that get no new requests: bit 8 of their administrative state
held() {
  ask 'show servers state' | awk -v these=" $* " 'NF > 6 && $1 != "#" && int($7 / 8) % 2 && index(these, " " $4 " ") { print $2 "/" $4 }'
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

pid() { ask 'show info' | awk '$1 == "Pid:" { print $2 }'; }

# HAProxy would take over address and port, too: of a server that has others now, or is drained, nothing is kept
keep() {
  pid >"$states.pid"
  ask 'show servers state' | awk '
    FNR == NR && ($1 == "backend" || $1 == "listen") { section = $2 }
    FNR == NR && $1 == "server" { there[section " " $2 " " $3] }
    FNR == NR { next }
    NF <= 6 || $1 == "#" || (($2 " " $4 " " $5 ":" $19) in there && int($7 / 8) % 2 == 0)
  ' "$config" - >"$states.new" && mv "$states.new" "$states"
}

# without its first line HAProxy warns of the file
forget() {
  left=50
  while [ -s "$states.pid" ] && [ "$left" -gt 0 ]; do
    now=$(pid)
    [ -n "$now" ] && [ "$now" != "$(cat "$states.pid")" ] && break
    sleep 0.2
    left=$((left - 1))
  done
  rm -f "$states.pid"
  echo 1 >"$states"
}

what=\${1:-}
[ $# -gt 0 ] && shift
case $what in
drain) named "$@" | set_state drain ;;
ready) named "$@" | set_state ready ;;
leaving) found=$(beside "$@"; held "$@"); [ -z "$found" ] || { printf '%s\\n' "$found"; exit 1; } ;;
leave) beside "$@" | set_state drain; held "$@" | set_state ready ;;
keep) keep ;;
forget) forget ;;
finish) finish "\${1:-30}" ;;
*) sed -n '3,9s/^# //p' "$0"; exit 2 ;;
esac
`;
