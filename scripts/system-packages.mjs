/**
 * The programs that tests need beside Node: real servers to test against. Installed through apt-get where they are
 * missing and that is possible (Debian or Ubuntu, as root); elsewhere said loudly, and the tests that need them fail.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** By command: the Debian package that has it. */
const PACKAGES = {
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
  haproxy: 'haproxy',
  socat: 'socat',
  mariadbd: 'mariadb-server',
  nginx: 'nginx-light',
  'php-fpm8.2': 'php-fpm',
  memcached: 'memcached',
  promtool: 'prometheus',
  'prometheus-node-exporter': 'prometheus-node-exporter',
  git: 'git',
  svn: 'subversion',
  svnserve: 'subversion',
  curl: 'curl',
  zip: 'zip',
  unzip: 'unzip',
  'mkfs.xfs': 'xfsprogs',
  'mkfs.ext4': 'e2fsprogs',
  ip: 'iproute2',
  unshare: 'util-linux',
  sshd: 'openssh-server',
  visudo: 'sudo',
};

const isExecutable = (file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Debian puts servers into sbin, which is not on everybody's PATH. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const folders = () => [...(process.env.PATH ?? '').split(delimiter), ...SBIN];
const isThere = (command) => folders().some((folder) => isExecutable(join(folder, command)));

const aptGet = (...args) => {
  // without systemd, runlevel 1 keeps Debian from starting what it installs
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
};

/** Debian starts what it installs: the tests start their own. */
const stopService = (name) => {
  if (isThere('systemctl')) spawnSync('systemctl', ['stop', name], { stdio: 'ignore' });
};

export const installSystemPackages = () => {
  const missing = Object.keys(PACKAGES).filter((command) => !isThere(command));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((command) => PACKAGES[command]))];
  const byHand = `apt-get install ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    process.stderr.write(
      `scalarium: MISSING ${missing.join(', ')}: the tests that need them will fail; install them with: ${byHand}\n`,
    );
    return;
  }
  process.stderr.write(`scalarium: installing ${packages.join(', ')} …\n`);
  if (!aptGet('update', '-qq') || !aptGet('install', '-y', '-qq', '--no-install-recommends', ...packages))
    process.stderr.write(
      `scalarium: that failed: the tests that need ${missing.join(', ')} will fail; try: ${byHand}\n`,
    );
  for (const [command, service] of [
    ['etcd', 'etcd'],
    ['haproxy', 'haproxy'],
    ['sshd', 'ssh'],
    ['mariadbd', 'mariadb'],
    ['nginx', 'nginx'],
    ['php-fpm8.2', 'php8.2-fpm'],
    ['memcached', 'memcached'],
    ['promtool', 'prometheus'],
    ['prometheus-node-exporter', 'prometheus-node-exporter'],
  ])
    if (missing.includes(command)) stopService(service);
};
