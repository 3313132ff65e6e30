/** A script that talks to HAProxy through its runtime socket; people may use it, too. */
export const HAPROXY_ADMIN = `#!/bin/sh
# Written by Scalarium; changes are overwritten.
# haproxy-admin drain SERVER...       gives them no new requests
# haproxy-admin ready SERVER...       gives them requests again
# haproxy-admin leaving [SERVER...]   those that it has beside these, and those of these that are drained; exit code 1 when there are any
# haproxy-admin leave SECONDS [SERVER...]  drains those that it has beside these, which themselves get requests again, and waits so long for what the drained ones are at
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

# many at a time: each answer takes a program
set_state() {
  awk -v state="$1" 'NF { line = line (line == "" ? "" : ";") "set server " $0 " state " state }
    NF && ++count % 100 == 0 { print line; line = "" }
    END { if (line != "") print line }' |
    while IFS= read -r line; do ask "$line" >/dev/null; done
}

# requests that these, as backend/server, are at, or that wait for them; one that is down will not answer
busy() {
  ask 'show stat' | awk -F, -v these=" $* " '$18 !~ /^DOWN/ && index(these, " " $1 "/" $2 " ") { sum += $3 + $5 } END { print sum + 0 }'
}

leave() {
  left=$(($1 * 20))
  shift
  gone=$(beside "$@" | tr '\\n' ' ')
  printf '%s\\n' $gone | set_state drain
  held "$@" | set_state ready
  while [ "$left" -gt 0 ] && [ -n "$gone" ] && [ "$(busy $gone)" -gt 0 ]; do
    sleep 0.05
    left=$((left - 1))
  done
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

# true of a process that began after its files were written: nobody needs to reload it
has_read() {
  folder=\${config%/*}
  written=$(stat -c %.Y "$config" "$folder/scalarium.pem" "$folder"/scalarium.d/* 2>/dev/null | sort -rn | head -n 1)
  began=$(awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\\) /, ""); print $20 / ticks }' "/proc/$1/stat")
  read -r up rest </proc/uptime
  awk -v now="$(date +%s.%N)" -v up="$up" -v began="$began" -v written="$written" 'BEGIN { exit !(now - up + began > written) }'
}

# HAProxy would take over address and port, too: of a server that has others now, or is drained, nothing is kept
keep() {
  now=$(pid)
  if [ -n "$now" ] && has_read "$now"; then now=; fi
  printf %s "$now" >"$states.pid"
  ask 'show servers state' | awk '
    FNR == NR && ($1 == "backend" || $1 == "listen") { section = $2 }
    FNR == NR && $1 == "server" { there[section " " $2 " " $3] }
    FNR == NR { next }
    NF <= 6 || $1 == "#" || (($2 " " $4 " " $5 ":" $19) in there && int($7 / 8) % 2 == 0)
  ' "$config" - >"$states.new" && mv "$states.new" "$states"
}

# without its first line HAProxy warns of the file
forget() {
  left=200
  answers=yes
  while [ -s "$states.pid" ]; do
    now=$(pid)
    [ -n "$now" ] && [ "$now" != "$(cat "$states.pid")" ] && break
    [ "$left" -gt 0 ] || { answers=no; break; }
    sleep 0.05
    left=$((left - 1))
  done
  rm -f "$states.pid"
  echo 1 >"$states"
  [ $answers = yes ] || { echo 'the process that the reload started does not answer' >&2; exit 1; }
}

what=\${1:-}
[ $# -gt 0 ] && shift
case $what in
drain) named "$@" | set_state drain ;;
ready) named "$@" | set_state ready ;;
leaving) found=$(beside "$@"; held "$@"); [ -z "$found" ] || { printf '%s\\n' "$found"; exit 1; } ;;
leave) leave "$@" ;;
keep) keep ;;
forget) forget ;;
finish) finish "\${1:-30}" ;;
*) sed -n '3,9s/^# //p' "$0"; exit 2 ;;
esac
`;
