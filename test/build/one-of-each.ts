/** One resource of each type, and a real host on which each has something to change. */
import { createServer, type Server } from 'node:net';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import type { ApplyOptions } from '../../recipes/apply.js';
import type { Resource } from '../../recipes/resource.js';
import { optionsFor } from '../unit/recipes/options.js';
import { fakeServices, type FakeServices } from '../unit/recipes/services.js';
import { onlySource, publish } from './apt-repository.js';
import { served, sha256, tarOf, type FileServer } from './archives.js';
import { sh } from './real-host.js';

const ARCHIVE = tarOf({ name: 'a', text: 'x' });

const secrets = (): Promise<Readonly<Record<string, string>>> => Promise.resolve({ key: 'hunter22hunter' });

const PORT = 18_080;

export interface World {
  /** Null: there are no loop devices here. */
  readonly device: string | null;
  readonly url: string;
  readonly services: FakeServices;
  readonly options: Partial<ApplyOptions>;
  end(): void;
}

/** One of each type at least. */
export const oneOfEach = ({ device, url }: Pick<World, 'device' | 'url'>): readonly Resource[] => [
  { type: 'package', names: ['alpha'] },
  { type: 'package', names: ['virtual-thing'], state: 'removed' },
  { type: 'group', name: 'people' },
  {
    type: 'leftovers',
    name: 'sites',
    folder: '/etc/sites',
    prefix: 'scalarium-',
    suffix: '.conf',
    keep: [],
    wanted: [],
  },
  { type: 'user', name: 'web', groups: ['people'] },
  { type: 'directory', path: '/srv/deep/er', mode: 0o700 },
  { type: 'file', path: '/etc/known', content: 'new\n', check: ['sh', '-c', 'touch /judged'] },
  {
    type: 'template',
    path: '/etc/secret',
    template: '{{ it }}',
    attributes: { it: { secret: 'db', key: 'key' } },
  },
  { type: 'link', path: '/etc/linked', target: '/etc/known' },
  { type: 'absent', path: '/etc/unwanted' },
  {
    type: 'execute',
    name: 'it',
    command: ['touch', '/ran'],
    unless: ['false'],
    onlyIf: ['true'],
    notifies: [{ action: 'run', resource: 'execute[later]', when: 'immediately' }],
  },
  { type: 'execute', name: 'later', command: ['touch', '/ran-later'], only: 'notified' },
  { type: 'sudoRule', name: 'web', content: 'web ALL=(root) NOPASSWD: /bin/true\n' },
  { type: 'cron', name: 'nightly', schedule: '@daily', user: 'root', command: 'true' },
  { type: 'git', path: '/srv/copy', repository: '/repository-of-git', revision: 'main' },
  { type: 'archive', path: '/srv/app', url, checksum: sha256(ARCHIVE) },
  ...(device === null
    ? []
    : ([
        { type: 'filesystem', device, format: 'ext4' },
        { type: 'mount', device, path: '/data', format: 'ext4' },
      ] as const)),
  { type: 'sysctl', name: 'net.ipv4.ip_default_ttl', value: '77' },
  { type: 'waitForPort', host: '127.0.0.1', port: PORT },
  { type: 'service', name: 'web', state: 'running', enabled: true, unit: '[Service]\nExecStart=/bin/true\n' },
  { type: 'authorizedKeys', user: 'there', keys: ['ssh-ed25519 AAAA'] },
  { type: 'accounts', accounts: [{ name: 'jane', keys: ['ssh-ed25519 AAAA'], sudo: true }] },
];

/** Programs without which there is no such host. */
export const NEEDS = ['apt-get', 'dpkg-deb', 'useradd', 'visudo', 'git', 'tar', 'ip'];

const disk = (): string | null => {
  writeFileSync('/var/tmp/disk', '');
  truncateSync('/var/tmp/disk', 64 * 1024 ** 2);
  const device = sh('losetup --find --show /var/tmp/disk 2>/dev/null || true');
  if (device !== '') return device;
  process.stderr.write('\n*** NOT TESTED HERE: filesystem and mount: no loop devices ***\n');
  return null;
};

const prepare = (): void => {
  sh('ip link set lo up; mount -t sysfs sysfs /sys');
  publish({ name: 'alpha' }, { name: 'virtual-thing' });
  onlySource();
  sh('apt-get update -qq; apt-get install -qq -y virtual-thing; useradd --create-home there');
  sh('mkdir /repository-of-git; cd /repository-of-git; git init -q -b main');
  writeFileSync('/repository-of-git/file', 'x');
  sh('cd /repository-of-git; git add file; git -c user.name=x -c user.email=x@x commit -q -m x');
  writeFileSync('/etc/known', 'old\n');
  mkdirSync('/etc/sites');
  writeFileSync('/etc/sites/scalarium-gone.conf', '');
  mkdirSync('/etc/unwanted');
  writeFileSync('/etc/unwanted/x', '');
  symlinkSync('/etc/elsewhere', '/etc/linked');
};

export const openWorld = async (): Promise<World> => {
  prepare();
  const server: FileServer = await served(() => ARCHIVE);
  const port: Server = createServer().listen(PORT, '127.0.0.1');
  const device = disk();
  const services = fakeServices({ web: { running: false } });
  const options = { secrets, platform: { ...optionsFor('/').platform, services } };
  const end = (): void => {
    if (device !== null) sh(`umount /data; losetup --detach ${device}`);
    server.close();
    port.close();
  };
  return { device, url: server.url, services, options, end };
};
