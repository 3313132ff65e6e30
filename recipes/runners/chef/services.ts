/** The cluster's databases and caches as cookbooks of OpsWorks expect to be told of them. */
import { settingsOf, type Attributes } from '../../attributes.js';
import { cachesOf, databaseOf } from '../../roles/cluster-environment.js';
import { databaseRole } from '../../secret-names.js';
import { isReference } from '../../secrets.js';
import type { HostApplication, Seen } from '../host.js';
import type { SecretValues } from '../work.js';

const MEMCACHED_PORT = 11_211;

/** What stands in a Secret is null where no role of the host names that Secret. */
export const valueOf = (value: unknown, values: SecretValues): unknown =>
  isReference(value) ? (values[value.secret]?.[value.key] ?? null) : value;

/** For `deploy.<app>.database`; nothing in it where the cluster has none. Throws an AttributeProblem. */
export const databaseFor = (
  { snapshot }: Seen,
  { role }: HostApplication,
  values: SecretValues,
): Attributes => {
  const master = databaseRole(snapshot, role);
  if (master === null) return {};
  const { masters, name, user, password } = databaseOf(snapshot, role);
  return {
    host: masters[0]?.address ?? null,
    port: settingsOf(snapshot, master, 'db-master').mysql.port,
    database: name,
    username: user,
    password: valueOf(password, values),
    adapter: 'mysql2',
    encoding: 'utf8mb4',
    reconnect: true,
  };
};

/** Of the item of `aws_opsworks_app`. Throws an AttributeProblem. */
export const dataSourcesOf = ({ snapshot }: Seen, { role }: HostApplication): readonly Attributes[] => {
  const { name } = databaseOf(snapshot, role);
  return name === undefined ? [] : [{ type: 'OpsworksMysqlInstance', arn: null, database_name: name }];
};

export const memcachedOf = ({ snapshot }: Seen): Attributes => {
  const [first] = cachesOf(snapshot);
  return { host: first?.address ?? null, port: first?.port ?? MEMCACHED_PORT };
};
