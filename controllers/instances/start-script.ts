/**
 * What the agent's unit runs, as a POSIX shell script: it fetches the agent where there is none (whatever it is sent must
 * hash to what the user data says), and becomes it. Where there is no curl there is Python: cloud-init is written in it.
 * `SCALARIUM_ROOT` stands for `/`; further arguments go to the agent.
 *
 * Its folder is that of agent/update/: `<build>/scalarium-agent`, the link `current`, and `launch`, which an agent that
 * was welcomed leaves there to go back from an update that is not.
 */
import {
  AGENT_FILES_PATH,
  type AgentRelease,
  buildOf,
  type Platform,
} from '../../api-types/agent-release.js';

/** `uname -m` by platform. */
const MACHINES: Readonly<Record<Platform, string>> = { 'linux-x64': 'x86_64', 'linux-arm64': 'aarch64' };

const caseOf = (release: AgentRelease, platform: Platform): string => {
  const build = buildOf(release, platform);
  if (build === null) return '';
  return `${MACHINES[platform]}) b=${build} s=${release.sha256[platform] ?? ''};;\n`;
};

/** The script for a release; the same text for the same one. */
export const startScript = (release: AgentRelease): string => `#!/bin/sh
R=\${SCALARIUM_ROOT-} C=$R/etc/scalarium H=$R/var/lib/scalarium/agent
say() { echo "scalarium: $*" >&2; }
mkdir -p -m 700 "$H" && cd "$H" || exit 1
switch() { ln -sfn "$1" next && mv -T next current; }
[ -f launch ] && . ./launch
case $(uname -m) in
${caseOf(release, 'linux-x64')}${caseOf(release, 'linux-arm64')}esac
printf %b "$(sed -n 's/.*"ca":"\\([^"]*\\)".*/\\1/p' "$C/agent.json")" >ca.pem
[ -s ca.pem ] && a=$H/ca.pem
get() {
if command -v curl >/dev/null; then curl -fsS --connect-timeout 10 -m 900 \${a:+--cacert "$a"} -o new.gz "$1"
else python3 -c 'import ssl,sys,shutil,urllib.request as u
shutil.copyfileobj(u.urlopen(sys.argv[1],timeout=60,context=ssl.create_default_context(cafile=sys.argv[2] or None)),open("new.gz","wb"))' "$1" "\${a-}"
fi
}
w=1
until [ -x current/scalarium-agent ]; do
[ "\${s-}" ] || { say "no agent is built for $(uname -m)"; sleep 60; exit 1; }
for g in $(grep -o 'https\\{0,1\\}://[^"]*' "$C/agent.json"); do
u=$g${AGENT_FILES_PATH}/$s
get "$u" || { say "$u cannot be had"; continue; }
h=$(sha256sum <new.gz)
[ "\${h%% *}" = $s ] || { say "$u is refused: its SHA-256 is \${h%% *}, expected $s"; continue; }
rm -rf new && mkdir new && gzip -dc new.gz >new/scalarium-agent && chmod 755 new/scalarium-agent && rm -rf "$b" && mv new "$b" && sync && switch "$b" && break
done
rm -f new.gz
[ -x current/scalarium-agent ] || sleep $w
w=$((w<60?w*2:60))
done
ln -sf "$H/current/scalarium-agent" "$R/usr/local/bin/scalarium-agent" 2>/dev/null
export SCALARIUM_AGENT_HOME="$H"
exec current/scalarium-agent agent --root "\${R:-/}" "$@"
`;
