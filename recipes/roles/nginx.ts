/** nginx before applications: its own settings, and a server for each application of a role. */
import type { RoleApplication } from '../applications.js';
import type { DEFAULTS } from '../defaults.js';
import type { Notification, Resource, ServiceResource } from '../resource.js';
import { codeFolder } from './application-units.js';
import { HEAD } from './role-recipe.js';

export type NginxSettings = (typeof DEFAULTS)['static-web']['nginx'];
export type Family = 'debian' | 'redhat';
export const FAMILIES: readonly Family[] = ['debian', 'redhat'];

/** As whom it runs. */
export const NGINX_USER: Readonly<Record<Family, string>> = { debian: 'www-data', redhat: 'nginx' };

export const NGINX: ServiceResource = {
  type: 'service',
  name: 'nginx',
  state: 'running',
  enabled: true,
  on: 'machine',
};

const reload: readonly Notification[] = [{ action: 'reload', resource: 'service[nginx]' }];

/** The whole file: distributions bring a server of their own at port 80 along. */
const mainConfig = (family: Family): string => `${HEAD}user ${NGINX_USER[family]};
worker_processes auto;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;

events {
    worker_connections 4096;
}

http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /var/log/nginx/access.log;
    sendfile on;
    tcp_nopush on;
    server_tokens off;
    server_names_hash_bucket_size 128;
    gzip on;
    gzip_types text/css text/plain application/javascript application/json image/svg+xml;
    include /etc/nginx/conf.d/*.conf;
}
`;

/** The file by itself cannot be judged: it is, as part of the smallest configuration that there is. */
const ACCEPTED = [
  'printf "pid %s.pid;\\nevents {\\n}\\nhttp {\\ninclude /etc/nginx/mime.types;\\ninclude %s;\\n}\\n" "$0" "$0" >"$0.whole"',
  'nginx -t -q -c "$0.whole"',
  'code=$?',
  'rm -f "$0.whole" "$0.pid"',
  'exit $code',
].join('\n');

/** What an application's server has beside where it listens and for whom. */
export interface Site {
  readonly application: RoleApplication;
  /** Lines of its server, without indentation. */
  readonly lines: readonly string[];
  /** Sections of their own, before it. */
  readonly before?: string;
}

/** Below the application's folder. */
export const documentRoot = ({ name, documentRoot: below }: RoleApplication, standard = ''): string => {
  const folder = below ?? standard;
  return folder === '' ? codeFolder(name) : `${codeFolder(name)}/${folder}`;
};

const server = ({ application, lines }: Site, nginx: NginxSettings, isDefault: boolean): string => {
  const { domains, port = nginx.port } = application;
  const names = domains.length === 0 ? '_' : domains.join(' ');
  return [
    'server {',
    ...[
      `listen ${String(port)}${isDefault ? ' default_server' : ''};`,
      `server_name ${names};`,
      `client_max_body_size ${String(nginx.maxBodyMib)}m;`,
      // what begins with a dot is the repository's, not the site's
      'location ~ /\\.(?!well-known/) {',
      '    return 404;',
      '}',
      ...lines,
    ].map((line) => `    ${line}`),
    '}',
  ].join('\n');
};

/** The first at a port answers for hosts that none of them names. */
const sitesConfig = (sites: readonly Site[], nginx: NginxSettings): string => {
  const ports = sites.map(({ application }) => application.port ?? nginx.port);
  const texts = sites.flatMap((site, index) => [
    ...(site.before === undefined ? [] : [site.before]),
    server(site, nginx, ports.indexOf(ports[index] ?? 0) === index),
  ]);
  return `${HEAD}${texts.map((text) => `${text}\n`).join('\n')}`;
};

/** The sites of a role's applications, which nginx then takes up, and its service; `sites` may differ by family. */
export const nginxSites = (
  role: string,
  nginx: NginxSettings,
  sites: (family: Family) => readonly Site[],
): readonly Resource[] => [
  ...FAMILIES.map((family): Resource => ({
    type: 'file',
    path: `/etc/nginx/conf.d/scalarium-${role}.conf`,
    content: sitesConfig(sites(family), nginx),
    check: ['sh', '-c', ACCEPTED, '{}'],
    family,
    on: 'machine',
    notifies: reload,
  })),
  NGINX,
];

/** Packages, settings, sites and service. */
export const nginxBefore = (
  role: string,
  nginx: NginxSettings,
  sites: (family: Family) => readonly Site[],
): readonly Resource[] => [
  { type: 'package', names: ['nginx'] },
  ...FAMILIES.map((family): Resource => ({
    type: 'file',
    path: '/etc/nginx/nginx.conf',
    content: mainConfig(family),
    check: ['nginx', '-t', '-q', '-c', '{}'],
    family,
    on: 'machine',
    notifies: reload,
  })),
  ...nginxSites(role, nginx, sites),
];

/** Lines that hand requests on to what listens at a socket. */
export const proxyTo = (socket: string, { readSeconds }: NginxSettings): readonly string[] => [
  `proxy_pass http://unix:${socket};`,
  'proxy_http_version 1.1;',
  'proxy_set_header Host $http_host;',
  'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
  'proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;',
  `proxy_read_timeout ${String(readSeconds)}s;`,
];

export const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `    ${line}`);
