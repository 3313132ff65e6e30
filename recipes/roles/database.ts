/** Database master and replicas: the MySQL settings that depend on the cluster. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { attributesOf } from '../attributes.js';
import { readyOfType } from '../members.js';
import type { Resource } from '../resource.js';

const HEAD = '# Written by Scalarium; changes are overwritten.\n';

const fragment = (template: string, attributes: Readonly<Record<string, unknown>>): Resource => ({
  type: 'template',
  path: '/etc/mysql/conf.d/scalarium.cnf',
  template: HEAD + template,
  attributes,
});

/** Resources of a host whose role `role` is of type db-master. */
export const dbMaster = (snapshot: Snapshot, role: string): readonly Resource[] => [
  fragment('[mysqld]\nport = {{ mysql.port }}\nlog_bin = mysql-bin\n', {
    mysql: attributesOf(snapshot, role)['mysql'],
  }),
];

const REPLICA = '[mysqld]\nport = {{ mysql.port }}\nread_only = 1\n';

/** What a replica follows; MySQL itself is told by statement, for which a later recipe reads this. */
const FOLLOWS = `
[scalarium]
master_name = {{ master.name }}
master_host = {{ master.address }}
master_port = {{ master.port }}
`;

/** Resources of a host whose role `role` is of type db-replica. */
export const dbReplica = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const mysql = attributesOf(snapshot, role)['mysql'];
  const master = readyOfType(snapshot, 'db-master')[0];
  if (master === undefined) return [fragment(`${REPLICA}# No master is Ready.\n`, { mysql })];
  const theirs = attributesOf(snapshot, master.role)['mysql'] as { readonly port?: unknown } | undefined;
  const follows = { name: master.name, address: master.host.address, port: theirs?.port };
  return [fragment(REPLICA + FOLLOWS, { mysql, master: follows })];
};
