import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RoleType } from '../../../api-types/kinds/role.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import { applyResources } from '../../../recipes/apply.js';
import { recipeFor } from '../../../recipes/catalog.js';
import { inputOf } from '../../../recipes/inputs.js';
import { assert, suite } from '../../suite.js';
import { optionsFor } from './options.js';
import { role, snapshotOf } from './world.js';

const test = suite('attributes that make no sense');

/** The small cluster with other attributes for one of its roles. */
const withRole = (name: string, type: RoleType, attributes: Readonly<Record<string, unknown>>): Snapshot =>
  snapshotOf({ roles: { ...snapshotOf().roles, [name]: role(type, attributes) } });

const app = (attributes: Readonly<Record<string, unknown>>): Snapshot =>
  withRole('app', 'nodejs-app', attributes);

const refused: readonly {
  readonly name: string;
  readonly snapshot: Snapshot;
  readonly instance: string;
  readonly why: string;
}[] = [
  {
    name: 'a text for a number',
    snapshot: withRole('lb', 'load-balancer', { haproxy: { checkSeconds: 'often' } }),
    instance: 'lb-1',
    why: 'attributes of the role lb: haproxy.checkSeconds: expected a number that is not negative, got "often"',
  },
  {
    name: 'a port that is none',
    snapshot: app({ nodejs: { port: 70_000 } }),
    instance: 'app-1',
    why: 'attributes of the role app: nodejs.port: expected a port, 1 to 65535, got 70000',
  },
  {
    name: 'a line break, which would begin a setting of its own',
    snapshot: withRole('lb', 'load-balancer', { haproxy: { balance: 'roundrobin\nmode tcp' } }),
    instance: 'lb-1',
    why: 'attributes of the role lb: haproxy.balance: expected a text of one line, got "roundrobin\\nmode tcp"',
  },
  {
    name: 'a text for an object',
    snapshot: withRole('cache', 'memcached', { memcached: 'big' }),
    instance: 'cache-1',
    why: 'attributes of the role cache: memcached: expected an object, got "big"',
  },
  {
    name: 'an application with a field that there is not',
    snapshot: app({ applications: { shop: { prot: 80 } } }),
    instance: 'app-1',
    why: 'attributes of the role app: applications.shop.prot: expected a field of this kind, got an unknown field',
  },
  {
    name: 'an application whose entry is elsewhere',
    snapshot: app({ applications: { shop: { entry: '../../etc/passwd' } } }),
    instance: 'app-1',
    why: 'attributes of the role app: applications.shop.entry: expected a path below the application, as dist/server.js, got "../../etc/passwd"',
  },
  {
    name: 'an application whose name is none',
    snapshot: app({ applications: { 'a b': {} } }),
    instance: 'app-1',
    why: 'attributes of the role app: applications: "a b" is no name of an application (letters, digits, _ and -)',
  },
  {
    name: 'two applications at one port',
    snapshot: app({ applications: { shop: {}, blog: {} } }),
    instance: 'app-1',
    why: 'attributes of the role app: applications.shop.port: expected a port of its own, got 8080, which is that of blog',
  },
  {
    name: 'a variable whose name is none',
    snapshot: app({ applications: { shop: { environment: { 'A B': '1' } } } }),
    instance: 'app-1',
    why: 'attributes of the role app: applications.shop.environment: expected names of variables, as API_URL, got "A B"',
  },
  {
    name: 'a database of a role that has none',
    snapshot: app({ database: { role: 'cache' } }),
    instance: 'app-1',
    why: 'attributes of the role app: database.role: expected the name of a role of type db-master, got "cache"',
  },
  {
    name: 'a database that there is not',
    snapshot: app({ database: { name: 'more' } }),
    instance: 'app-1',
    why: 'attributes of the role app: database.name: expected one of the mysql.databases of the role db: app, got "more"',
  },
  {
    name: 'a name that SQL would not take for one',
    snapshot: withRole('db', 'db-master', { mysql: { databases: ['a`b'] } }),
    instance: 'db-1',
    why: 'attributes of the role db: mysql.databases: expected a name of letters, digits, _, $ and -, got "a`b"',
  },
  {
    name: 'privileges that are none',
    snapshot: withRole('db', 'db-master', { mysql: { privileges: 'ALL; DROP' } }),
    instance: 'db-1',
    why: 'attributes of the role db: mysql.privileges: expected privileges with commas between them, as SELECT, INSERT, got "ALL; DROP"',
  },
  {
    name: 'a default application that there is not',
    snapshot: withRole('lb', 'load-balancer', { haproxy: { defaultApplication: 'blog' } }),
    instance: 'lb-1',
    why: 'attributes of the role lb: haproxy.defaultApplication: expected one of app, got "blog"',
  },
];

for (const { name, snapshot, instance, why } of refused)
  test(`refused on the host alone: ${name}`, async () => {
    const root = await mkdtemp(join(tmpdir(), 'scalarium-roles-'));
    try {
      assert.ok(inputOf(snapshot, instance).input !== '');
      const { failure } = await applyResources(recipeFor('setup', snapshot, instance), optionsFor(root));
      assert.is(failure, `refusal[${snapshot.hosts[instance]!.role}]: ${why}`);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
