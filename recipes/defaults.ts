/** What recipes can be told, by type of role, and what holds where nobody says anything; docs/roles.md tells of each. */

/** Of all application roles: which database is theirs. */
const DATABASE = {
  /** The db-master role; the first of the cluster unless told. */
  role: '',
  /** The first of its `mysql.databases` unless told. */
  name: '',
};

/** Free: applications by name (applications.ts). */
const APPLICATIONS: Readonly<Record<string, unknown>> = {};

/** nginx before an application. */
const NGINX = { port: 80, maxBodyMib: 64, readSeconds: 60 };

const MYSQL = {
  port: 3306,
  bindAddress: '0.0.0.0',
  /** Formatted when it is empty, and mounted at `volume`. */
  device: '',
  format: 'xfs',
  volume: '/vol/mysql',
  /** `/var/lib/mysql` unless told, with a device `<volume>/data`. */
  dataDirectory: '',
  socket: '',
  bufferPoolMib: 128,
  maxConnections: 151,
  domainId: 0,
  binlogDays: 7,
};

/** What HAProxy gives a server of an application role: a weight, and connections for each unit of it. */
const application = <A extends object>(more: A, factor: number) => ({
  applications: APPLICATIONS,
  database: DATABASE,
  balancing: { backends: 10, connectionsPerBackend: factor },
  /** At shutdown: until load balancers give the host nothing new. */
  shutdown: { drainSeconds: 5 },
  /** When the cluster around them has changed, not all hosts restart their applications at once. */
  restart: { spreadSeconds: 10, answerSeconds: 30 },
  ...more,
});

/** Numbers of the load balancer are those that Scalarium's HAProxy role has always had, but for checks (docs/roles.md). */
const HAPROXY = {
  port: 80,
  maxConnections: 80_000,
  retries: 3,
  checkSeconds: 2,
  checkFall: 2,
  checkRise: 2,
  healthMethod: 'OPTIONS',
  healthUrl: '/',
  clientSeconds: 60,
  serverSeconds: 60,
  queueSeconds: 120,
  connectSeconds: 10,
  requestSeconds: 30,
  balance: 'roundrobin',
  /** An application; the first that has servers unless told. */
  defaultApplication: '',
  /** What servers that leave are at may take so long, before the reload. */
  leaveSeconds: 5,
  drainSeconds: 30,
  hardStopSeconds: 600,
  tls: { secret: '', port: 443, redirect: false },
  statistics: { port: 8404, url: '/', user: 'scalarium' },
  /** By name: `{ port, serverPort, role }`. */
  tcp: {} as Readonly<Record<string, unknown>>,
};

/** Each leaf's type is what an attribute of its name must have; empty texts mean none. */
export const DEFAULTS = {
  'load-balancer': { haproxy: HAPROXY },
  'nodejs-app': application(
    { nodejs: { port: 8080, user: 'deploy', package: 'nodejs', program: '/usr/bin/node', stopSeconds: 30 } },
    10,
  ),
  'rails-app': application(
    {
      nginx: NGINX,
      rails: {
        server: 'puma',
        user: 'deploy',
        environment: 'production',
        /** Beside Ruby, its bundler and what gems are built with. */
        packages: [] as readonly string[],
        workers: 2,
        threads: 5,
        stopSeconds: 30,
      },
    },
    7,
  ),
  'php-app': application(
    {
      nginx: NGINX,
      php: {
        version: '8.2',
        user: 'deploy',
        children: 10,
        memoryMib: 128,
        stopSeconds: 30,
        modules: ['mysql'] as readonly string[],
      },
    },
    10,
  ),
  'java-app': application(
    { java: { version: 10, port: 8080, options: '-Xms128m -Xmx512m', package: 'default-jre-headless' } },
    10,
  ),
  'static-web': application({ nginx: NGINX }, 15),
  'db-master': {
    mysql: { ...MYSQL, databases: ['app'] as readonly string[], user: 'app', privileges: 'ALL PRIVILEGES' },
  },
  'db-replica': { mysql: { ...MYSQL, master: '', catchUpSeconds: 300 } },
  memcached: {
    memcached: { port: 11_211, memoryMib: 64, maxConnections: 1024, bindAddress: '0.0.0.0' },
  },
  monitoring: {
    prometheus: { port: 9090, scrapeSeconds: 15, retentionDays: 15 },
    exporter: { enabled: true, port: 9100 },
  },
  custom: {},
};
