/** PHP applications: nginx, and a pool of php-fpm for each. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { ownApplications, type RoleApplication } from '../applications.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import type { Notification, Resource, SecretText, ServiceResource } from '../resource.js';
import type { ApplicationPart } from './application-part.js';
import {
  applicationServices,
  applicationUser,
  restartsOf,
  sharedPart,
  stopApplication,
} from './application-service.js';
import { toldOf, type Running } from './application-units.js';
import { clusterEnvironment, clusterVariables } from './cluster-environment.js';
import {
  FAMILIES,
  NGINX,
  NGINX_USER,
  documentRoot,
  indented,
  nginxBefore,
  nginxSites,
  type Family,
  type NginxSettings,
  type Site,
} from './nginx.js';
import { restartsOfOthers } from './other-app.js';
import { HEAD, untilNothingNew, type RoleRecipe } from './role-recipe.js';

interface Php {
  readonly service: string;
  readonly program: string;
  readonly packages: readonly string[];
  /** Where pools are. */
  readonly pools: string;
  /** Where their sockets are. */
  readonly sockets: string;
  /** Over which the hosts' reloads are spread. */
  readonly spreadSeconds: number;
}

const MODULES: Readonly<Record<string, string>> = { mysql: 'mysqlnd' };

const phpOf = (snapshot: Snapshot, role: string): Readonly<Record<Family, Php>> => {
  const { php, restart } = settingsOf(snapshot, role, 'php-app');
  const { version, modules } = php;
  const { spreadSeconds } = restart;
  if (!/^\d+\.\d+$/.test(version))
    throw new AttributeProblem(
      `attributes of the role ${role}: php.version: expected a version as 8.2, got "${version}"`,
    );
  return {
    debian: {
      service: `php${version}-fpm`,
      program: `php-fpm${version}`,
      packages: ['fpm', ...modules].map((name) => `php${version}-${name}`),
      pools: `/etc/php/${version}/fpm/pool.d`,
      sockets: '/run/php',
      spreadSeconds,
    },
    redhat: {
      service: 'php-fpm',
      program: 'php-fpm',
      packages: ['fpm', ...modules.map((name) => MODULES[name] ?? name)].map((name) => `php-${name}`),
      pools: '/etc/php-fpm.d',
      sockets: '/run/php-fpm',
      spreadSeconds,
    },
  };
};

/** Without turns, which in a deploy are that one's own. */
const serviceAtOnce = ({ service }: Php, family: Family): ServiceResource => ({
  type: 'service',
  name: service,
  state: 'running',
  enabled: true,
  family,
  on: 'machine',
});

const serviceOf = (php: Php, family: Family): ServiceResource => ({
  ...serviceAtOnce(php, family),
  spreadSeconds: php.spreadSeconds,
});

const socketOf = ({ sockets }: Php, { name }: RoleApplication): string => `${sockets}/scalarium-${name}.sock`;

const SPARE = 4;

interface Pool {
  readonly text: string;
  readonly values: Readonly<Record<string, SecretText>>;
}

const poolOf = (snapshot: Snapshot, role: string, application: RoleApplication, family: Family): Pool => {
  const { user, children, memoryMib } = settingsOf(snapshot, role, 'php-app').php;
  const spare = Math.max(1, Math.floor(children / SPARE));
  const told = { ...clusterVariables(snapshot, role), ...toldOf(application) };
  const values = { ...told, ...application.environment };
  const { name } = application;
  const lines = [
    `[${name}]`,
    `user = ${user}`,
    `group = ${user}`,
    `listen = ${socketOf(phpOf(snapshot, role)[family], application)}`,
    `listen.owner = ${NGINX_USER[family]}`,
    `listen.group = ${NGINX_USER[family]}`,
    'listen.mode = 0660',
    'pm = dynamic',
    `pm.max_children = ${String(Math.max(1, children))}`,
    `pm.start_servers = ${String(spare)}`,
    `pm.min_spare_servers = ${String(spare)}`,
    `pm.max_spare_servers = ${String(Math.max(spare, Math.floor(children / 2)))}`,
    'catch_workers_output = yes',
    `php_admin_value[memory_limit] = ${String(memoryMib)}M`,
    ...Object.keys(values).map((variable) => `env[${variable}] = {{ ${name}.${variable} | ini }}`),
  ];
  return { text: `${lines.join('\n')}\n`, values };
};

/** One file for all of a role: a pool of an application that is gone would keep its socket. */
const poolsFile = (snapshot: Snapshot, role: string, family: Family): Resource => {
  const php = phpOf(snapshot, role)[family];
  const { stopSeconds } = settingsOf(snapshot, role, 'php-app').php;
  const all = ownApplications(snapshot, role);
  const pools = all.map((application) => poolOf(snapshot, role, application, family));
  const notifies: readonly Notification[] = [{ action: 'reload', resource: `service[${php.service}]` }];
  return {
    type: 'template',
    path: `${php.pools}/scalarium-${role}.conf`,
    // without it a reload ends requests in the middle
    template: `; ${HEAD.slice(2)}[global]\nprocess_control_timeout = ${String(stopSeconds)}s\n\n${pools.map(({ text }) => text).join('\n')}`,
    attributes: Object.fromEntries(all.map(({ name }, index) => [name, pools[index]?.values ?? {}])),
    mode: 0o600,
    check: [php.program, '-t', '-y', '{}'],
    family,
    on: 'machine',
    notifies,
  };
};

const siteOf =
  (php: Php, nginx: NginxSettings) =>
  (application: RoleApplication): Site => ({
    application,
    lines: [
      `root ${documentRoot(application)};`,
      'index index.php index.html;',
      'location / {',
      '    try_files $uri $uri/ /index.php?$query_string;',
      '}',
      'location ~ \\.php$ {',
      ...indented([
        'try_files $uri =404;',
        'include /etc/nginx/fastcgi_params;',
        // the release that the link leads to, so that no code of an earlier one is remembered for it
        'fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;',
        'fastcgi_param DOCUMENT_ROOT $realpath_root;',
        'fastcgi_param HTTP_PROXY "";',
        `fastcgi_read_timeout ${String(nginx.readSeconds)}s;`,
        `fastcgi_pass unix:${socketOf(php, application)};`,
      ]),
      '}',
    ],
  });

const fpm = (snapshot: Snapshot, role: string, family: Family): readonly Resource[] => {
  const php = phpOf(snapshot, role)[family];
  return [
    { type: 'package', names: php.packages, family },
    { type: 'directory', path: php.sockets, family },
    poolsFile(snapshot, role, family),
    // the pool that packages bring along serves nobody
    { type: 'absent', path: `${php.pools}/www.conf`, family },
    serviceOf(php, family),
  ];
};

const stop = (snapshot: Snapshot, role: string): readonly Resource[] =>
  FAMILIES.map((family): Resource => ({
    ...serviceOf(phpOf(snapshot, role)[family], family),
    state: 'stopped',
  }));

/** Of each application what runs beside its pool. */
const workersOf = (snapshot: Snapshot, role: string): readonly Running[] => {
  const { php, restart } = settingsOf(snapshot, role, 'php-app');
  return ownApplications(snapshot, role).map((application) => ({
    application,
    user: php.user,
    environment: {},
    web: null,
    stopSeconds: php.stopSeconds,
    restart,
  }));
};

/** What is compiled of the release before is forgotten by a reload, which lets requests end. */
const part = (snapshot: Snapshot, role: string, name: string): ApplicationPart | null => {
  const workers = workersOf(snapshot, role).find(({ application }) => application.name === name);
  if (workers === undefined) return null;
  const { nginx, php } = settingsOf(snapshot, role, 'php-app');
  const all = ownApplications(snapshot, role);
  const around = {
    environment: clusterVariables(snapshot, role),
    before: [
      applicationUser(php.user),
      ...clusterEnvironment(snapshot, role, { group: php.user, notifies: [] }),
    ],
    front: [
      ...FAMILIES.map((family) => poolsFile(snapshot, role, family)),
      ...FAMILIES.map((family) => serviceAtOnce(phpOf(snapshot, role)[family], family)),
      ...nginxSites(role, nginx, (family) => all.map(siteOf(phpOf(snapshot, role)[family], nginx))),
    ],
  };
  return sharedPart(workers, around, {
    at: workers.application.port ?? nginx.port,
    takeUp: FAMILIES.map((family) => ({
      action: 'reload',
      resource: `service[${phpOf(snapshot, role)[family].service}]`,
    })),
  });
};

/** Code is read anew when it is: nothing needs to be started at deploy. */
export const phpApp: RoleRecipe = {
  converge: (snapshot, role) => {
    const { nginx, php } = settingsOf(snapshot, role, 'php-app');
    const all = ownApplications(snapshot, role);
    const workers = workersOf(snapshot, role);
    const notifies = [...workers.flatMap(restartsOf), ...restartsOfOthers(snapshot, role)];
    return [
      applicationUser(php.user),
      ...clusterEnvironment(snapshot, role, { group: php.user, notifies }),
      ...workers.flatMap(applicationServices),
      ...FAMILIES.flatMap((family) => fpm(snapshot, role, family)),
      ...nginxBefore(role, nginx, (family) => all.map(siteOf(phpOf(snapshot, role)[family], nginx))),
    ];
  },
  shutdown: (snapshot, role) => [
    ...untilNothingNew(snapshot, settingsOf(snapshot, role, 'php-app').shutdown.drainSeconds),
    { ...NGINX, state: 'stopped' },
    ...stop(snapshot, role),
    ...workersOf(snapshot, role).flatMap(stopApplication),
  ],
  part,
};
