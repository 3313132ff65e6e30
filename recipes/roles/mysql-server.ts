/** MariaDB on a host: packages, data on its volume, configuration, service. */
import type { Snapshot } from '../../api-types/snapshot.js';
import type { DEFAULTS } from '../defaults.js';
import { sha256 } from '../members.js';
import type { Notification, Resource, ServiceResource } from '../resource.js';
import { CONFIG_FILES, MYSQL_INSTALL } from './mysql-install.js';
import { HEAD, SCRIPTS } from './role-recipe.js';

/** What master and replica have in common. */
export type MysqlSettings = Omit<(typeof DEFAULTS)['db-replica']['mysql'], 'master' | 'catchUpSeconds'>;

export const MYSQL: ServiceResource = {
  type: 'service',
  name: 'mariadb',
  state: 'running',
  enabled: true,
  on: 'machine',
};

// at once: what comes after it speaks to the server that it should be
const restart: readonly Notification[] = [
  { action: 'restart', resource: 'service[mariadb]', when: 'immediately' },
];

const BITS = 32;

/** 1 to 2³²−1, the same as long as the machine lives: two servers of one number throw each other out. */
export const serverId = (snapshot: Snapshot, instance: string): number => {
  const machine = snapshot.hosts[instance]?.machine ?? '';
  const hash = sha256(`${snapshot.cluster}/${instance}/${machine}`).slice(0, BITS / 4);
  return (parseInt(hash, 16) % (2 ** BITS - 1)) + 1;
};

/** Where the data is. */
export const dataDirectory = ({ device, volume, dataDirectory: told }: MysqlSettings): string => {
  if (told !== '') return told;
  return device === '' ? '/var/lib/mysql' : `${volume}/data`;
};

const volumeOf = ({ device, volume, format }: MysqlSettings): readonly Resource[] =>
  device === ''
    ? []
    : [
        { type: 'filesystem', device, format: format === 'ext4' ? 'ext4' : 'xfs' },
        { type: 'mount', path: volume, device, format: format === 'ext4' ? 'ext4' : 'xfs' },
      ];

const SECONDS_A_DAY = 86_400;

const line = (name: string, value: string | number): string => `${name} = ${String(value)}\n`;

/** Lines of the server's section. */
export const serverConfig = (
  mysql: MysqlSettings,
  id: number,
  more: Readonly<Record<string, number>>,
): string =>
  `${HEAD}[mariadbd]\n${[
    line('port', mysql.port),
    line('bind_address', mysql.bindAddress),
    line('datadir', dataDirectory(mysql)),
    mysql.socket === '' ? '' : line('socket', mysql.socket),
    line('skip_name_resolve', 1),
    line('ignore_db_dirs', 'lost+found'),
    line('max_connections', mysql.maxConnections),
    line('innodb_buffer_pool_size', `${String(mysql.bufferPoolMib)}M`),
    line('server_id', id),
    line('log_bin', 'mysql-bin'),
    line('relay_log', 'mysql-relay'),
    line('binlog_format', 'ROW'),
    line('sync_binlog', 1),
    line('binlog_expire_logs_seconds', mysql.binlogDays * SECONDS_A_DAY),
    line('log_slave_updates', 1),
    line('gtid_domain_id', mysql.domainId),
    line('gtid_strict_mode', 1),
    ...Object.entries(more).map(([name, value]) => line(name, value)),
  ].join('')}`;

const configFiles = (content: string): readonly Resource[] =>
  (['debian', 'redhat'] as const).map((family) => ({
    type: 'file',
    path: CONFIG_FILES[family],
    content,
    family,
    notifies: restart,
  }));

/** A server that runs, with the data that it had, or none. */
export const mysqlServer = (mysql: MysqlSettings, config: string): readonly Resource[] => {
  const data = dataDirectory(mysql);
  return [
    ...volumeOf(mysql),
    { type: 'package', names: ['mariadb-server'] },
    // where there is no systemd nobody makes it at the start of the host
    { type: 'directory', path: '/run/mysqld', owner: 'mysql', group: 'root', family: 'debian' },
    { type: 'directory', path: data, owner: 'mysql', group: 'mysql' },
    { type: 'file', path: `${SCRIPTS}/mysql-install`, content: MYSQL_INSTALL, mode: 0o755 },
    {
      type: 'execute',
      name: 'make the system tables',
      command: ['sh', './mysql-install', 'apply', data],
      unless: ['sh', './mysql-install', 'check', data],
      cwd: SCRIPTS,
      on: 'machine',
    },
    ...configFiles(config),
    MYSQL,
  ];
};
