/** Load balancer: HAProxy in front of the Ready hosts of the cluster's Node.js roles. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { attributesOf, type Attributes } from '../attributes.js';
import { readyOfType, type Member } from '../members.js';
import type { Resource } from '../resource.js';

/** Connections a server is given for each of its backends, for Node.js. */
const CONNECTIONS_PER_BACKEND = 10;

const CONFIG = `# Written by Scalarium; changes are overwritten.
global
    maxconn {{ haproxy.maxConnections }}

defaults
    mode http
    balance {{ haproxy.balance }}
    retries {{ haproxy.retries }}
    maxconn {{ haproxy.maxConnections }}
    option httpclose
    option forwardfor
    option redispatch
    option abortonclose
    timeout client {{ haproxy.clientSeconds }}s
    timeout server {{ haproxy.serverSeconds }}s
    timeout queue {{ haproxy.queueSeconds }}s
    timeout connect {{ haproxy.connectSeconds }}s
    timeout http-request {{ haproxy.requestSeconds }}s

frontend http
    bind :{{ haproxy.port }}
    default_backend nodejs

backend nodejs
`;

const CHECK = `    option httpchk {{ haproxy.healthMethod }} {{ haproxy.healthUrl }}
`;

/** A backend without servers is valid, and HAProxy answers 503 for it. */
const NOBODY = `    # No app server is Ready: every request is answered with 503.
`;

const serverLine = ({ name, role, host }: Member): string =>
  `    server ${name} ${host.address}:{{ roles.${role}.port }} check inter {{ haproxy.checkSeconds }}s ` +
  `weight {{ roles.${role}.backends }} maxconn {{ roles.${role}.maxConnections }}\n`;

/** What a server line needs of its role; what is no number stays out, and the template then names it. */
const serving = (attributes: Attributes): Attributes => {
  const nodejs = (attributes['nodejs'] ?? {}) as Attributes;
  const backends = nodejs['backends'];
  const known = { port: nodejs['port'], backends };
  return typeof backends === 'number'
    ? { ...known, maxConnections: backends * CONNECTIONS_PER_BACKEND }
    : known;
};

/** Resources of a host whose role `role` is of type load-balancer. */
export const loadBalancer = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const servers = readyOfType(snapshot, 'nodejs-app');
  const names = [...new Set(servers.map((server) => server.role))];
  return [
    {
      type: 'template',
      path: '/etc/haproxy/haproxy.cfg',
      template: CONFIG + (servers.length === 0 ? NOBODY : CHECK + servers.map(serverLine).join('')),
      attributes: {
        haproxy: attributesOf(snapshot, role)['haproxy'],
        roles: Object.fromEntries(names.map((name) => [name, serving(attributesOf(snapshot, name))])),
      },
    },
  ];
};
