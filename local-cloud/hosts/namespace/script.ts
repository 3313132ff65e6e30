/** The two shell scripts that a namespace host begins with: one makes its root and ends as the other, its process 1. */

/** Stands in the command line of every host's first process, before its directory. */
export const HOST_MARK = 'scalarium-host';

/** Where a host finds what the driver lends it. */
export const IN_HOST = {
  node: '/run/scalarium/node',
  supervisor: '/run/scalarium/supervisor',
  agent: '/run/scalarium/agent',
  ways: '/run/scalarium/ways',
} as const;

/**
 * What root may do in a host, and no more: what packages need of it. No devices, no mounts, no modules, no clock, no
 * files by their handles.
 */
const CAPABILITIES = [
  'audit_write',
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'ipc_lock',
  'ipc_owner',
  'kill',
  'lease',
  'net_admin',
  'net_bind_service',
  'net_broadcast',
  'net_raw',
  'setfcap',
  'setgid',
  'setpcap',
  'setuid',
  'sys_chroot',
  'sys_nice',
  'sys_ptrace',
  'sys_resource',
] as const;

const BOUNDS = ['-all', ...CAPABILITIES.map((name) => `+${name}`)].join(',');

/**
 * Runs in namespaces of its own, still on the machine's root; $1: the host's directory. Says its process id, waits until
 * the other end of eth0 is there, and says so when the host is about to run. The devices are those that containers have:
 * no disks. Layers below the base would overlap with it, so they are copied into memory. /proc/sys is the machine's kernel and so read-only, but for the network, which is the host's own.
 */
export const SETUP = `
set -eu
read -r pid rest </proc/self/stat
echo "$pid" >&3
read -r go
ip -batch - <<IP
link set lo up
address add $HOST_ADDRESS/24 dev eth0
link set eth0 up
route add default via $HOST_ROUTER
IP
echo "$HOST_NAME" >/proc/sys/kernel/hostname
cd "$1"
mkdir -p work mnt layers
mount -t tmpfs -o mode=755,size=4m layers layers
cp -a "$HOST_LAYERS/." given layers
mount -t overlay scalarium -o "nodev,lowerdir=layers/given:layers/fresh:layers/mask:$HOST_BASE,upperdir=root,workdir=work" mnt
cd mnt
mkdir -p proc sys dev run tmp
mount -t proc -o nosuid,nodev,noexec proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind /proc/sys/net proc/sys/net
[ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=755,nosuid,nodev,size=1m dev dev
for device in null zero full random urandom tty; do
  : >"dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5,nosuid,noexec devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t tmpfs -o mode=755,nosuid,nodev run run
mount -t tmpfs -o mode=1777,nosuid,nodev tmp tmp
mkdir -p run/lock run/user run/scalarium/supervisor run/scalarium/agent run/scalarium/ways run/scalarium/machine
: >run/scalarium/node
lend() {
  mount --bind "$1" "$2"
  mount -o remount,bind,ro,nodev "$2"
}
lend "$HOST_NODE" run/scalarium/node
lend "$HOST_SUPERVISOR" run/scalarium/supervisor
lend "$HOST_AGENT" run/scalarium/agent
lend "$HOST_WAYS" run/scalarium/ways
pivot_root . run/scalarium/machine
cd /
umount -l /run/scalarium/machine
rmdir /run/scalarium/machine
echo ready >&3
exec 3>&- </dev/null
exec setpriv --bounding-set=${BOUNDS} -- \\
  env -i "PATH=$PATH" HOME=/root container=scalarium sh -c "$HOST_INIT" ${HOST_MARK} "$1" "$HOST_PROGRAM"
`;

/** Process 1: reaps orphans while it waits for the supervisor, and ends with it. $2: the supervisor's file. */
export const INIT = `
${IN_HOST.node} "${IN_HOST.supervisor}/$2" supervisor --ways ${IN_HOST.ways} &
supervisor=$!
trap 'kill -TERM "$supervisor"' TERM INT
code=0
while kill -0 "$supervisor" 2>/dev/null; do
  wait "$supervisor" && code=0 || code=$?
done
exit "$code"
`;
