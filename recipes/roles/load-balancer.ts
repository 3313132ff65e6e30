/** Load balancer: HAProxy in front of the hosts of the cluster's application roles. */
import * as E from 'fp-ts/lib/Either.js';
import { LONGEST_DRAIN } from '../../api-types/deployment-strategy.js';
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
import { backendsOf, defaultBackend, type Backend, type Server } from './haproxy-routes.js';
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

/** Waits for what the process of before is at with servers that could not be drained. */
const LEFT: ExecuteResource = {
  ...KEEP,
  name: 'wait for servers that left',
  command: admin('left'),
  timeoutSeconds: LONGEST_DRAIN + 60,
};

/** In this order; the new process starts with the servers up that are. */
const reload: readonly Notification[] = [
  { action: 'run', resource: `execute[${KEEP.name}]` },
  { action: 'reload', resource: 'service[haproxy]' },
  { action: 'run', resource: `execute[${FORGET.name}]` },
  { action: 'run', resource: `execute[${LEFT.name}]` },
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
 * Servers that leave get no new requests, and what they have is waited for a while: who hears that all is done may then end
 * them. Where nobody else of a backend would answer, and of a server that only moves, the new configuration comes first, and
 * they are waited for after it. What takes longer is finished by the process of before the reload.
 */
const LEAVE: ExecuteResource = {
  type: 'execute',
  name: 'drain servers that leave',
  command: admin('leave'),
  timeoutSeconds: LONGEST_DRAIN + 60,
  unless: admin('leaving'),
  cwd: SCRIPTS,
  on: 'machine',
};

/**
 * What an earlier run drained and is wanted after all gets requests again, whatever else fails: its file may have been
 * refused, and nothing reloaded.
 */
const BACK: ExecuteResource = {
  ...LEAVE,
  name: 'give servers that stay their requests',
  command: admin('back'),
};

interface Section {
  /** As HAProxy knows it. */
  readonly name: string;
  readonly seconds: number;
  readonly servers: readonly Server[];
}

const linesOf = ({ name, seconds, servers }: Section): readonly string[] => [
  `${name} ${String(seconds)}`,
  ...servers.map((server) => `${name} ${server.name} ${server.address}:${String(server.port)}`),
];

/** What haproxy-admin compares the running process with; in a file, as a cluster has more of them than a command may have words. */
const serversFile = (sections: readonly Section[], otherwise: number): Resource => ({
  type: 'file',
  path: `${SCRIPTS}/haproxy-servers`,
  content: [`* ${String(otherwise)}`, ...sections.flatMap(linesOf), ''].join('\n'),
});

const sectionsOf = (
  backends: readonly Backend[],
  passed: readonly Passed[],
  seconds: number,
): readonly Section[] => [
  ...backends.map(({ name, servers, drainSeconds = seconds }) => ({
    name: `app-${name}`,
    seconds: drainSeconds,
    servers,
  })),
  ...passed.map(({ name, servers }) => ({ name: `tcp-${name}`, seconds, servers })),
];

const converge = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const { haproxy } = settingsOf(snapshot, role, 'load-balancer');
  const backends = backendsOf(snapshot);
  const otherwise = defaultBackend(role, haproxy.defaultApplication, backends);
  const passed = passedOf(snapshot, role, haproxy);
  const leaveSeconds = Math.min(haproxy.leaveSeconds, LONGEST_DRAIN);
  return [
    { type: 'package', names: ['haproxy', 'socat'] },
    { type: 'file', path: `${SCRIPTS}/haproxy-admin`, content: HAPROXY_ADMIN, mode: 0o755 },
    serversFile(sectionsOf(backends, passed, leaveSeconds), leaveSeconds),
    nothingKept,
    KEEP,
    FORGET,
    LEFT,
    BACK,
    ...tlsFiles(haproxy, backends),
    LEAVE,
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
