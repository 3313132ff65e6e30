/** The text of haproxy.cfg. */
import type { DEFAULTS } from '../defaults.js';
import { askedName } from '../applications.js';
import type { Backend, Server } from './haproxy-routes.js';
import { HEAD } from './role-recipe.js';

export type HaproxySettings = (typeof DEFAULTS)['load-balancer']['haproxy'];

/** In a folder that the packages of all families bring along. */
export const SOCKET = '/var/lib/haproxy/admin.sock';
/** How servers are, from before a reload until the process that it starts answers. */
export const STATES = '/var/lib/haproxy/servers.state';
export const CERTIFICATE = '/etc/haproxy/scalarium.pem';
/** Of applications: a file for each Secret, and which of them are served. */
export const CERTIFICATES = '/etc/haproxy/scalarium.d';
export const CERTIFICATE_LIST = `${CERTIFICATES}/served`;
export const certificateOf = (secret: string): string => `${CERTIFICATES}/${secret}.pem`;

/** Secrets, each once. */
export const certificatesOf = (backends: readonly Backend[]): readonly string[] =>
  [...new Set(backends.flatMap(({ certificate }) => certificate ?? []))].sort();

/** A section: its first line, then its lines indented; a falsy one is left out. */
const section = (first: string, ...lines: readonly (string | false)[]): string =>
  [first, ...lines.filter((line) => line !== false).map((line) => `    ${line}`)].join('\n');

const globalSection = ({ maxConnections, hardStopSeconds }: HaproxySettings): string =>
  section(
    'global',
    'log stdout format raw daemon notice',
    'user haproxy',
    'group haproxy',
    `maxconn ${String(maxConnections)}`,
    // a host that allows fewer open files has fewer connections, and not none
    'no strict-limits',
    // the next process takes the listening sockets over from here: no connection is lost in between
    `stats socket ${SOCKET} mode 600 level admin expose-fd listeners`,
    // a server that is down does not become one that is up by a reload
    `server-state-file ${STATES}`,
    `hard-stop-after ${String(hardStopSeconds)}s`,
    'ssl-default-bind-options ssl-min-ver TLSv1.2',
  );

const shared = (haproxy: HaproxySettings): readonly string[] => [
  'log global',
  'load-server-state-from-file global',
  `retries ${String(haproxy.retries)}`,
  `maxconn ${String(haproxy.maxConnections)}`,
  'option redispatch 1',
  'option dontlognull',
  `timeout client ${String(haproxy.clientSeconds)}s`,
  `timeout server ${String(haproxy.serverSeconds)}s`,
  `timeout queue ${String(haproxy.queueSeconds)}s`,
  `timeout connect ${String(haproxy.connectSeconds)}s`,
  `timeout check ${String(haproxy.checkSeconds)}s`,
];

const httpDefaults = (haproxy: HaproxySettings): string =>
  section(
    'defaults',
    'mode http',
    `balance ${haproxy.balance}`,
    ...shared(haproxy),
    `timeout http-request ${String(haproxy.requestSeconds)}s`,
    'option httpclose',
    'option forwardfor',
    'option abortonclose',
    'retry-on conn-failure empty-response',
  );

const statistics = ({ statistics: { port, url, user } }: HaproxySettings): string =>
  section(
    'listen statistics',
    `bind :${String(port)}`,
    'stats enable',
    `stats uri ${url}`,
    'stats refresh 10s',
    `stats auth ${user}:{{ password | env }}`,
  );

/** Exact domains are compared whole, `*.example.com` by its end. */
const hostConditions = (domains: readonly string[]): readonly string[] => {
  const host = 'hdr(host),field(1,:),lower';
  const exact = domains.filter((domain) => !domain.startsWith('*')).map((domain) => domain.toLowerCase());
  const ends = domains
    .filter((domain) => domain.startsWith('*'))
    .map((domain) => domain.slice(1).toLowerCase());
  return [
    ...(exact.length === 0 ? [] : [`{ ${host} -m str ${exact.join(' ')} }`]),
    ...(ends.length === 0 ? [] : [`{ ${host} -m end ${ends.join(' ')} }`]),
  ];
};

interface Route {
  readonly line: string;
  /** The greater wins. */
  readonly rank: readonly [number, number];
}

/** A path counts whole: /shop is not the beginning of /shopping. */
const routesOf = ({ name, domains, path = '/' }: Backend): readonly Route[] => {
  const prefix = path.replace(/\/+$/, '');
  const below = prefix === '' ? [] : [`{ path,concat(/) -m beg ${prefix}/ }`];
  const hosts = hostConditions(domains);
  const conditions = hosts.length === 0 ? [below] : hosts.map((host) => [host, ...below]);
  return conditions
    .filter((all) => all.length > 0)
    .map((all) => ({
      line: `use_backend app-${name} if ${all.join(' ')}`,
      rank: [all[0]?.includes('-m str') === true ? 2 : hosts.length > 0 ? 1 : 0, prefix.length],
    }));
};

const byRank = ({ rank: [a, b] }: Route, { rank: [c, d] }: Route): number => c - a || d - b;

/** All, where the role has a certificate; otherwise those for whose domains there is one. */
const redirects = ({ tls }: HaproxySettings, backends: readonly Backend[]): readonly string[] => {
  if (!tls.redirect) return [];
  const redirect = 'http-request redirect scheme https code 301';
  if (tls.secret !== '') return [`${redirect} unless { ssl_fc }`];
  return backends
    .filter(({ certificate }) => certificate !== undefined)
    .flatMap(({ domains }) => hostConditions(domains))
    .map((host) => `${redirect} if !{ ssl_fc } ${host}`);
};

/** HAProxy chooses among certificates by the name that is asked for. */
const securely = ({ tls }: HaproxySettings, backends: readonly Backend[]): string | null => {
  const own = tls.secret === '' ? [] : [`crt ${CERTIFICATE}`];
  const more = certificatesOf(backends).length === 0 ? [] : [`crt-list ${CERTIFICATE_LIST}`];
  const certificates = [...own, ...more];
  if (certificates.length === 0) return null;
  return `bind :${String(tls.port)} ssl ${certificates.join(' ')} alpn h2,http/1.1`;
};

const frontend = (haproxy: HaproxySettings, backends: readonly Backend[], otherwise: string): string => {
  const secure = securely(haproxy, backends);
  return section(
    'frontend http',
    `bind :${String(haproxy.port)}`,
    secure ?? false,
    ...(secure === null ? [] : redirects(haproxy, backends)),
    secure === null
      ? 'http-request set-header X-Forwarded-Proto http'
      : 'http-request set-header X-Forwarded-Proto https if { ssl_fc }',
    secure !== null && 'http-request set-header X-Forwarded-Proto http unless { ssl_fc }',
    ...backends
      .flatMap(routesOf)
      .sort(byRank)
      .map(({ line }) => line),
    `default_backend ${otherwise}`,
  );
};

const checked = ({ checkSeconds, checkFall, checkRise }: HaproxySettings): string =>
  `check inter ${String(checkSeconds)}s fastinter 500ms downinter 500ms fall ${String(checkFall)} rise ${String(checkRise)} ` +
  'observe layer4 error-limit 1 on-error mark-down';

/** `name address:port`, and how it is looked after. */
export const serverLine = (server: Server, haproxy: HaproxySettings): string =>
  `server ${server.name} ${server.address}:${String(server.port)} ${checked(haproxy)} ` +
  `weight ${String(server.weight)} maxconn ${String(server.maxConnections)}`;

const checkLines = (
  haproxy: HaproxySettings,
  { domains, healthUrl, byGet, byPort }: Backend,
): readonly string[] => {
  if (byPort === true) return [];
  const method = healthUrl === undefined && !byGet ? haproxy.healthMethod : 'GET';
  const url = healthUrl ?? haproxy.healthUrl;
  return [
    'option httpchk',
    `http-check send meth ${method} uri ${url} ver HTTP/1.1 hdr Host ${askedName(domains)}`,
  ];
};

const backendSection = (haproxy: HaproxySettings, backend: Backend): string => {
  const { name, servers } = backend;
  if (servers.length === 0)
    return section(`backend app-${name}`, '# There is no app server: every request is answered with 503.');
  return section(
    `backend app-${name}`,
    // what was sent once may have been done: only what may be done twice is sent again
    'http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
    ...checkLines(haproxy, backend),
    ...servers.map((server) => serverLine(server, haproxy)),
  );
};

const NOBODY = section('backend nobody', '# No role runs applications: every request is answered with 503.');

/** Connections that are passed on as they are. */
export interface Passed {
  readonly name: string;
  readonly port: number;
  readonly servers: readonly Server[];
}

const tcpSections = (haproxy: HaproxySettings, passed: readonly Passed[]): readonly string[] =>
  passed.length === 0
    ? []
    : [
        section('defaults', 'mode tcp', 'balance leastconn', ...shared(haproxy)),
        ...passed.map(({ name, port, servers }) =>
          section(
            `listen tcp-${name}`,
            `bind :${String(port)}`,
            ...servers.map((server) => serverLine(server, haproxy)),
          ),
        ),
      ];

export interface Routing {
  readonly backends: readonly Backend[];
  readonly otherwise: Backend | null;
  readonly passed: readonly Passed[];
}

/** A template: the password of the statistics page is filled in on the host. */
export const haproxyConfig = (haproxy: HaproxySettings, { backends, otherwise, passed }: Routing): string =>
  `${[
    HEAD.trimEnd(),
    globalSection(haproxy),
    httpDefaults(haproxy),
    statistics(haproxy),
    frontend(haproxy, backends, otherwise === null ? 'nobody' : `app-${otherwise.name}`),
    ...backends.map((backend) => backendSection(haproxy, backend)),
    ...(otherwise === null ? [NOBODY] : []),
    ...tcpSections(haproxy, passed),
  ].join('\n\n')}\n`;
