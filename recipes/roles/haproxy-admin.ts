/** A script that talks to HAProxy through its runtime socket; people may use it, too. */
export const HAPROXY_ADMIN = `#!/bin/sh
# Written by Scalarium; changes are overwritten.
# haproxy-admin drain SERVER...       gives them no new requests
# haproxy-admin ready SERVER...       gives them requests again
# haproxy-admin leaving               servers that it has and is not to have, and those of the others that are drained; exit code 1 when there are any
# haproxy-admin back                  servers that it is to have, and the last that a backend has, get requests again
# haproxy-admin leave                 before a reload: that, and where others stay it drains servers that leave and waits for what they are at
# haproxy-admin left                  after a reload: waits for what the others that left are at
# haproxy-admin keep                  writes down which servers are up, for the process that a reload starts
# haproxy-admin forget                forgets it once that process answers
# haproxy-admin finish SECONDS        takes no new connections, and waits so long for the last to end
set -u
socket=\${HAPROXY_SOCKET:-/var/lib/haproxy/admin.sock}
config=\${HAPROXY_CONFIG:-/etc/haproxy/haproxy.cfg}
states=\${HAPROXY_STATES:-/var/lib/haproxy/servers.state}
# servers that it is to have: BACKEND SERVER ADDRESS:PORT; and for how long those of a backend are waited for: BACKEND SECONDS
wanted=\${HAPROXY_SERVERS:-/usr/local/lib/scalarium/haproxy-servers}
# of its master process, which passes questions on to processes that a reload replaced
master=\${HAPROXY_MASTER:-/run/haproxy-master.sock}

# without an answer there is nobody to be told anything
ask() { printf '%s\\n' "$1" | socat -t5 - "UNIX-CONNECT:$socket" 2>/dev/null; }

servers() { ask 'show servers state' | awk 'NF > 6 && $1 != "#" { print $2 "/" $4 }'; }

# backend/server of every server of these names
named() {
  for name; do servers | awk -F/ -v name="$name" '$2 == name'; done
}

# what is to become of servers: \`back - KEY\`, \`drain SECONDS KEY\`, or \`after SECONDS KEY\` for one that goes on until the
# reload, as nobody else of its backend would answer, or as it has only moved. A KEY is backend/server@address:port
fates() {
  ask 'show servers state' | awk '
    FNR == NR && NF == 2 { seconds[$1] = $2 }
    FNR == NR && NF == 3 { stays[$1 "/" $2 "@" $3]; named[$1 "/" $2] }
    FNR == NR || NF <= 6 || $1 == "#" { next }
    {
      key = $2 "/" $4 "@" $5 ":" $19
      held = int($7 / 8) % 2
      if (!(key in stays)) { backend[key] = $2; name[key] = $2 "/" $4; drained[key] = held; next }
      if ($6 != 0 && ($7 == 0 || $7 == 8)) usable[$2]
      if (held) print "back", "-", key
    }
    END {
      for (key in backend) {
        one = backend[key]
        after = !(one in usable) || (name[key] in named)
        if (after && drained[key]) print "back", "-", key
        print after ? "after" : "drain", one in seconds ? seconds[one] : seconds["*"], key
      }
    }
  ' "$wanted" -
}

# backend/server of those whose fate it is
of() { awk -v fate="$1" '$1 == fate { sub(/@.*/, "", $3); print $3 }'; }

# many at a time: each answer takes a program
set_state() {
  awk -v state="$1" 'NF { line = line (line == "" ? "" : ";") "set server " $0 " state " state }
    NF && ++count % 100 == 0 { print line; line = "" }
    END { if (line != "") print line }' |
    while IFS= read -r line; do ask "$line" >/dev/null; done
}

pid() { ask 'show info' | awk '$1 == "Pid:" { print $2 }'; }

# processes that reloads have replaced and that finish what they have
replaced() {
  now=$(pid)
  [ -n "$now" ] || return 0
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v now="$now" '
    { id = $1; program = $2; sub(/.*\\) /, ""); above[id] = $2; named[id] = program; if ($1 == "Z") gone[id] }
    END {
      if (named[above[now]] != "(haproxy)") exit
      for (id in above) if (id != now && above[id] == above[now] && !(id in gone)) print id
    }
  '
}

# what these processes say of their servers; a line of its own for one that is there and cannot be asked
told_by() {
  for one; do
    [ -d "/proc/$one" ] || continue
    printf '@!%s show stat\\n' "$one" | socat -t5 - "UNIX-CONNECT:$master" 2>/dev/null | grep , || echo unknown
  done
}

# requests that the servers in a file of SECONDS KEY are at, or that wait for them, in what is told, while their seconds last; one that is down will not answer
busy() {
  awk -F, -v waited="$2" '
    FNR == NR { split($0, word, " "); if (word[1] > waited) { these[word[2]]; any = 1 } next }
    !any { exit }
    $1 == "unknown" { sum += 1 }
    $1 == "# pxname" { for (at = 1; at <= NF; at++) column[$at] = at; next }
    $column["type"] != 2 || $18 ~ /^DOWN/ { next }
    { address = $column["addr"]; gsub(/[][]/, "", address) }
    ($1 "/" $2 "@" address) in these { sum += $3 + $5 }
    END { print sum + 0 }
  ' "$1" -
}

# waits for the servers in the file; \`all\`: also for what the process that takes requests is at with them
until_done() {
  [ -s "$1" ] || return 0
  old=$(replaced)
  read -r begun rest </proc/uptime
  while :; do
    read -r now rest </proc/uptime
    waited=$(awk -v now="$now" -v begun="$begun" 'BEGIN { print now - begun }')
    [ "$({ [ "$2" != all ] || ask 'show stat'; told_by $old; } | busy "$1" "$waited")" -gt 0 ] || return 0
    sleep 0.05
  done
}

leaving() {
  found=$(fates | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u)
  [ -z "$found" ] && return
  printf '%s\\n' "$found"
  exit 1
}

# those that are waited for after the reload are written down: it may be another run that sees it
leave() {
  fates >"$states.fates"
  of back <"$states.fates" | set_state ready
  of drain <"$states.fates" | set_state drain
  awk '$1 == "after" { print $2, $3 }' "$states.fates" >>"$states.left"
  awk '$1 == "drain" { print $2, $3 }' "$states.fates" >"$states.drained"
  until_done "$states.drained" all
  rm -f "$states.fates" "$states.drained"
}

left() {
  [ -e "$states.left" ] || return 0
  awk 'FNR == NR { if (NF == 3) stays[$1 "/" $2 "@" $3]; next } !($2 in stays)' "$wanted" "$states.left" >"$states.gone"
  until_done "$states.gone" replaced
  rm -f "$states.left" "$states.gone"
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
leaving) leaving ;;
back) fates | of back | set_state ready ;;
leave) leave ;;
left) left ;;
keep) keep ;;
forget) forget ;;
finish) finish "\${1:-30}" ;;
*) sed -n '3,11s/^# //p' "$0"; exit 2 ;;
esac
`;
