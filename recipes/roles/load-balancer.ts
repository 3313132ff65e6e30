/** Load balancer: HAProxy in front of the hosts of the cluster's application roles. */
import * as E from 'fp-ts/lib/Either.js';
import { decodeStrict } from '../../api-types/problems.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { Name, fields, wholeNumber } from '../../api-types/words.js';
import { refuseAttributes, settingsOf } from '../attributes.js';
import { servingOfRole } from '../members.js';
import type { ExecuteResource, Notification, Resource, ServiceResource } from '../resource.js';
import { certificate, statisticsPassword } from '../secret-names.js';
import { HAPROXY_ADMIN } from './haproxy-admin.js';
import {
  CERTIFICATE,
  CERTIFICATES,
  CERTIFICATE_LIST,
  STATES,
  certificateOf,
  certificatesOf,
  haproxyConfig,
  type HaproxySettings,
  type Passed,
} from './haproxy-config.js';
import { backendsOf, defaultBackend, type Backend } from './haproxy-routes.js';
import { SCRIPTS, type RoleRecipe } from './role-recipe.js';

const Port = wholeNumber(1, 65_535);
const TcpAttributes = fields('TCP', { port: Port, role: Name }, { serverPort: Port });

/** Of the servers of a TCP port: as many as HAProxy takes altogether. */
const passedOf = (snapshot: Snapshot, role: string, haproxy: HaproxySettings): readonly Passed[] =>
  Object.entries(haproxy.tcp).flatMap(([name, value]) => {
    const decoded = decodeStrict(TcpAttributes, value);
    if (E.isLeft(decoded)) {
      const problems = decoded.left.map((one) => ({ ...one, path: `haproxy.tcp.${name}.${one.path}` }));
      refuseAttributes(role, problems);
      return [];
    }
    const { port, role: of, serverPort = port } = decoded.right;
    const servers = servingOfRole(snapshot, of).map((member) => ({
      name: member.name,
      address: member.host.address,
      port: serverPort,
      weight: 1,
      maxConnections: haproxy.maxConnections,
    }));
    return [{ name, port, servers }];
  });

const SERVICE: ServiceResource = {
  type: 'service',
  name: 'haproxy',
  state: 'running',
  enabled: true,
  on: 'machine',
  reloadIsSeen: true,
};
const admin = (...words: readonly string[]): readonly string[] => ['sh', './haproxy-admin', ...words];

const KEEP: ExecuteResource = {
  type: 'execute',
  name: 'keep how servers are',
  command: admin('keep'),
  cwd: SCRIPTS,
  only: 'notified',
  ofReload: 'service[haproxy]',
  on: 'machine',
};
const FORGET: ExecuteResource = { ...KEEP, name: 'forget how servers were', command: admin('forget') };

/** In this order; the new process starts with the servers up that are. */
const reload: readonly Notification[] = [
  { action: 'run', resource: `execute[${KEEP.name}]` },
  { action: 'reload', resource: 'service[haproxy]' },
  { action: 'run', resource: `execute[${FORGET.name}]` },
];

/** HAProxy warns of a file that is not there. */
const nothingKept: Resource = {
  type: 'execute',
  name: 'begin a file of how servers are',
  command: admin('forget'),
  creates: STATES,
  cwd: SCRIPTS,
  on: 'machine',
};

/** By itself, so that a bad one never is where HAProxy would read it at its next start. */
const ACCEPTED = [
  'printf "defaults\\n  mode http\\nfrontend one\\n  bind 127.0.0.1:1 ssl crt %s\\n" "$0" >"$0.cfg"',
  'haproxy -c -f "$0.cfg"',
  'code=$?',
  'rm -f "$0.cfg"',
  'exit $code',
].join('\n');

const certificateFile = (path: string, secret: string): Resource => ({
  type: 'template',
  path,
  template: '{{ certificate }}\n{{ key }}\n',
  attributes: certificate(secret),
  mode: 0o600,
  check: ['sh', '-c', ACCEPTED, '{}'],
  on: 'machine',
  notifies: reload,
});

/** The role's own first: who asks for a name that none of them has is shown that. */
const tlsFiles = (
  { tls: { secret } }: HaproxySettings,
  backends: readonly Backend[],
): readonly Resource[] => {
  const secrets = certificatesOf(backends);
  const own = secret === '' ? [] : [certificateFile(CERTIFICATE, secret)];
  if (secrets.length === 0) return own;
  return [
    ...own,
    { type: 'directory', path: CERTIFICATES, mode: 0o700 },
    ...secrets.map((one) => certificateFile(certificateOf(one), one)),
    {
      type: 'file',
      path: CERTIFICATE_LIST,
      content: secrets.map((one) => `${certificateOf(one)}\n`).join(''),
      notifies: reload,
    },
  ];
};

/**
 * Gives such a server no new requests, and waits a while for those that it has: who hears that all is done may then end it.
 * What takes longer is finished by the process of before the reload. What an earlier run drained and is wanted after all
 * gets requests again: its file may have been refused, and nothing reloaded.
 */
const leave = (servers: readonly string[], seconds: number): Resource => ({
  type: 'execute',
  name: 'drain servers that leave',
  command: admin('leave', String(seconds), ...servers),
  timeoutSeconds: seconds + 60,
  unless: admin('leaving', ...servers),
  cwd: SCRIPTS,
  on: 'machine',
});

const namesOf = (all: readonly Pick<Backend, 'servers'>[]): readonly string[] => [
  ...new Set(all.flatMap(({ servers }) => servers.map(({ name }) => name))),
];

const converge = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const { haproxy } = settingsOf(snapshot, role, 'load-balancer');
  const backends = backendsOf(snapshot);
  const otherwise = defaultBackend(role, haproxy.defaultApplication, backends);
  const passed = passedOf(snapshot, role, haproxy);
  return [
    { type: 'package', names: ['haproxy', 'socat'] },
    { type: 'file', path: `${SCRIPTS}/haproxy-admin`, content: HAPROXY_ADMIN, mode: 0o755 },
    nothingKept,
    KEEP,
    FORGET,
    ...tlsFiles(haproxy, backends),
    leave(namesOf([...backends, ...passed]), haproxy.leaveSeconds),
    {
      type: 'template',
      path: '/etc/haproxy/haproxy.cfg',
      template: haproxyConfig(haproxy, { backends, otherwise, passed }),
      attributes: { password: statisticsPassword(role) },
      mode: 0o600,
      check: ['haproxy', '-c', '-f', '{}'],
      on: 'machine',
      notifies: reload,
    },
    SERVICE,
  ];
};

const shutdown = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const { drainSeconds } = settingsOf(snapshot, role, 'load-balancer').haproxy;
  return [
    {
      type: 'execute',
      name: 'finish what is being answered',
      command: ['sh', `${SCRIPTS}/haproxy-admin`, 'finish', String(drainSeconds)],
      onlyIf: ['test', '-e', `${SCRIPTS}/haproxy-admin`],
      timeoutSeconds: drainSeconds * 2 + 60,
      on: 'machine',
    },
    { ...SERVICE, state: 'stopped' },
  ];
};

export const loadBalancer: RoleRecipe = { converge, shutdown };
