/** What cookbooks are told of the cluster's database and cache. */
import { nodeAttributes } from '../../../../recipes/runners/chef/attributes.js';
import { dataBags } from '../../../../recipes/runners/chef/bags.js';
import type { Seen } from '../../../../recipes/runners/host.js';
import type { SecretValues } from '../../../../recipes/runners/work.js';
import { assert, suite } from '../../../suite.js';
import { role, snapshotOf } from '../world.js';

const { roles, hosts } = snapshotOf();

/** On app-1; there are no hosts of the roles in `empty`, and no roles in `without`. */
const seen = (empty: readonly string[] = [], without: readonly string[] = []): Seen => ({
  event: 'configure',
  instance: 'app-1',
  snapshot: snapshotOf({
    attributes: { applications: { shop: { documentRoot: 'public' } } },
    roles: Object.fromEntries(
      Object.entries({
        ...roles,
        db: role('db-master', { mysql: { port: 3307, user: 'web', databases: ['game', 'log'] } }),
        cache: role('memcached', { memcached: { port: 11_212 } }),
      }).filter(([name]) => !without.includes(name)),
    ),
    hosts: Object.fromEntries(Object.entries(hosts).filter(([, host]) => !empty.includes(host.role))),
  }),
});

interface Deploy {
  readonly deploy: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const told = (of: Seen, values: SecretValues = {}): readonly unknown[] => {
  const shop = (nodeAttributes(of, values) as unknown as Deploy).deploy['shop'];
  return [shop?.['database'], shop?.['memcached'], shop?.['document_root']];
};

const bag = (of: Seen): readonly unknown[] => {
  const [item] = dataBags(of, {})['aws_opsworks_app'] ?? [];
  return [item?.['data_sources'], item?.['attributes']];
};

const DATA = ['db', 'db-replica', 'cache'];

const DATABASE = {
  ...{ host: '127.0.3.1', port: 3307, database: 'game', username: 'web', password: null },
  ...{ adapter: 'mysql2', encoding: 'utf8mb4', reconnect: true },
};

const test = suite('what Chef is told of database and cache');

test('where they are and what they are called', () => {
  assert.equal(told(seen()), [DATABASE, { host: '127.0.5.1', port: 11_212 }, 'public']);
  const source = { type: 'OpsworksMysqlInstance', arn: null, database_name: 'game' };
  assert.equal(bag(seen()), [[source], { document_root: 'public' }]);
});

test('the password, where a role of the host names its Secret', () => {
  const [database] = told(seen(), { 'db-mysql': { password: 'hunter22' } });
  assert.equal(database, { ...DATABASE, password: 'hunter22' });
});

test('no host where there is none, and nothing where there is no database', () => {
  const none = { host: null, port: 11_211 };
  assert.equal(told(seen(['db', 'cache'])), [{ ...DATABASE, host: null }, none, 'public']);
  const alone = seen([], DATA);
  assert.equal(told(alone), [{}, none, 'public']);
  assert.equal(bag(alone), [[], { document_root: 'public' }]);
});
