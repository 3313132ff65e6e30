import type { SecretNeed } from '../../../api-types/secret-needs.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import { secretsFor } from '../../../recipes/needs.js';
import { assert, suite } from '../../suite.js';
import { role, snapshotOf } from './world.js';

const test = suite('Secrets that built-in recipes need');

const withRole = (name: string, ...of: Parameters<typeof role>): Snapshot =>
  snapshotOf({ roles: { ...snapshotOf().roles, [name]: role(...of) } });

const passwords = (...names: readonly string[]): readonly SecretNeed[] =>
  names.map((name) => ({ name, keys: ['password'] }));

const cases: readonly {
  readonly name: string;
  readonly of: string;
  readonly snapshot?: Snapshot;
  readonly needs: readonly SecretNeed[];
}[] = [
  { name: 'a load balancer: its statistics page', of: 'lb', needs: passwords('lb-statistics') },
  {
    name: 'a load balancer that ends TLS: a certificate, which nobody can generate',
    of: 'lb',
    snapshot: withRole('lb', 'load-balancer', { haproxy: { tls: { secret: 'shop-tls' } } }),
    needs: [
      ...passwords('lb-statistics'),
      { name: 'shop-tls', keys: ['certificate', 'key'], byPeople: true },
    ],
  },
  {
    name: 'a master: root, replication, applications',
    of: 'db',
    needs: passwords('db-mysql', 'db-mysql-replication', 'db-mysql-root'),
  },
  {
    name: 'a replica: replication, and neither root nor applications',
    of: 'db-replica',
    needs: passwords('db-mysql-replication'),
  },
  { name: 'an application: its database', of: 'app', needs: passwords('db-mysql') },
  {
    name: 'an application with another database',
    of: 'app',
    snapshot: snapshotOf({
      roles: {
        ...withRole('app', 'nodejs-app', { database: { role: 'users' } }).roles,
        users: role('db-master'),
      },
    }),
    needs: passwords('users-mysql'),
  },
  {
    name: 'an application whose environment names a Secret',
    of: 'app',
    snapshot: withRole('app', 'nodejs-app', {
      applications: { shop: { environment: { KEY: { secret: 'payment', key: 'api' }, MODE: 'x' } } },
    }),
    needs: [...passwords('db-mysql'), { name: 'payment', keys: ['api'], byPeople: true }],
  },
  {
    name: 'an application without a database',
    of: 'app',
    snapshot: snapshotOf({ roles: { app: role('nodejs-app') } }),
    needs: [],
  },
  {
    name: 'files that are served need no database',
    of: 'app',
    snapshot: withRole('app', 'static-web'),
    needs: [],
  },
  { name: 'a cache', of: 'cache', needs: [] },
  { name: 'a role of its own recipes', of: 'misc', needs: [] },
  { name: 'a role that is not there', of: 'gone', needs: [] },
  {
    name: 'attributes that make no sense: the host says so, not the control plane',
    of: 'app',
    snapshot: withRole('app', 'nodejs-app', { database: { role: 'cache' } }),
    needs: [],
  },
];

for (const { name, of, snapshot = snapshotOf(), needs } of cases) {
  test(name, () => {
    assert.equal(secretsFor(snapshot, of), needs);
  });
}
