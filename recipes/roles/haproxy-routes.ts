/** Which application's servers answer which requests: what the load balancer reads out of a snapshot. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { ROLE_TYPES } from '../../api-types/kinds/role.js';
import {
  APPLICATION_TYPES,
  otherApplications,
  ownApplications,
  type RoleApplication,
} from '../applications.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import { ofRole, rolesOfType, servingApplication, type Member } from '../members.js';
import { portOf } from './ports.js';

export interface Server {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly maxConnections: number;
}

/** An application and who serves it. */
export interface Backend {
  readonly name: string;
  readonly domains: readonly string[];
  readonly path?: string;
  readonly healthUrl?: string;
  /** The Secret with its certificate. */
  readonly certificate?: string;
  /** Asked with GET where OPTIONS is answered by an error: by sites that are files, and by Rails. */
  readonly byGet: boolean;
  /** Its servers are asked in different ways at the moment: whether their ports take connections has to do. */
  readonly byPort?: true;
  /** While a Deployment of it goes on: for how long requests of servers that leave are waited for. */
  readonly drainSeconds?: number;
  readonly servers: readonly Server[];
}

interface Serving {
  readonly byGet: boolean;
  readonly byPort: boolean;
  readonly application: RoleApplication;
  readonly members: readonly Member[];
  readonly serverOf: (member: Member) => Server;
}

const HIGHEST_WEIGHT = 256;

type Balancing = Pick<Server, 'weight' | 'maxConnections'>;

/** As the defaults of a Node.js role are: other roles have no such attributes. */
const USUAL = { backends: 10, connectionsPerBackend: 10 };

const balancingSettings = (snapshot: Snapshot, role: string): typeof USUAL => {
  switch (snapshot.roles[role]?.type) {
    case 'rails-app':
      return settingsOf(snapshot, role, 'rails-app').balancing;
    case 'php-app':
      return settingsOf(snapshot, role, 'php-app').balancing;
    case 'java-app':
      return settingsOf(snapshot, role, 'java-app').balancing;
    case 'static-web':
      return settingsOf(snapshot, role, 'static-web').balancing;
    case 'nodejs-app':
      return settingsOf(snapshot, role, 'nodejs-app').balancing;
    default:
      return USUAL;
  }
};

const balancingOf = (snapshot: Snapshot, role: string): Balancing => {
  const { backends, connectionsPerBackend } = balancingSettings(snapshot, role);
  return {
    weight: Math.max(1, Math.min(HIGHEST_WEIGHT, Math.round(backends))),
    maxConnections: Math.max(1, Math.round(backends * connectionsPerBackend)),
  };
};

const BY_GET: readonly string[] = ['static', 'rails'];

const servingOf = (
  snapshot: Snapshot,
  role: string,
  applications: readonly RoleApplication[],
): readonly Serving[] =>
  applications.flatMap((application): readonly Serving[] => {
    const port = portOf(snapshot, role, application);
    if (port === null) return [];
    const { name: of, kind } = application;
    const serverOf = ({ name, host }: Member): Server => ({
      name,
      address: host.address,
      port: host.ports?.[of] ?? port,
      ...balancingOf(snapshot, role),
    });
    const members = ofRole(snapshot, role);
    const byPort = snapshot.applications?.[of]?.askedAlike === false;
    return [{ application, members, serverOf, byGet: BY_GET.includes(kind), byPort }];
  });

/** Of all roles that serve it together: one that is not Ready stands in for none that is. */
const serversOf = (name: string, same: readonly Serving[]): readonly Server[] => {
  const all = same.flatMap(({ members }) => members);
  const told = new Set(servingApplication(all, name));
  return same.flatMap(({ members, serverOf }) => members.filter((one) => told.has(one)).map(serverOf));
};

const drainOf = ({ applications = {} }: Snapshot, name: string): Pick<Backend, 'drainSeconds'> => {
  const seconds = applications[name]?.drainSeconds;
  return seconds === undefined ? {} : { drainSeconds: seconds };
};

/** One that several roles serve has the servers of all of them, and its domains from the first. */
const together = (snapshot: Snapshot, serving: readonly Serving[]): readonly Backend[] => {
  const names = [...new Set(serving.map(({ application }) => application.name))];
  return names.map((name) => {
    const same = serving.filter(({ application }) => application.name === name);
    const { domains = [], path, healthUrl, certificate } = same[0]?.application ?? {};
    return {
      name,
      domains,
      ...(path === undefined ? {} : { path }),
      ...(healthUrl === undefined ? {} : { healthUrl }),
      ...(certificate === undefined ? {} : { certificate }),
      byGet: same.some(({ byGet }) => byGet),
      ...(same.some(({ byPort }) => byPort) ? { byPort: true } : {}),
      ...drainOf(snapshot, name),
      servers: serversOf(name, same),
    };
  });
};

/** All applications of the cluster, in the order of APPLICATION_TYPES, others last. Throws an AttributeProblem. */
export const backendsOf = (snapshot: Snapshot): readonly Backend[] => {
  const roles = APPLICATION_TYPES.flatMap((type) => rolesOfType(snapshot, type));
  const every = ROLE_TYPES.flatMap((type) => rolesOfType(snapshot, type));
  return together(snapshot, [
    ...roles.flatMap((role) => servingOf(snapshot, role, ownApplications(snapshot, role))),
    ...every.flatMap((role) => servingOf(snapshot, role, otherApplications(snapshot, role))),
  ]);
};

/** Who answers what no application's domain or path matches: the one that is named, or the first with servers; null: nobody. */
export const defaultBackend = (role: string, named: string, backends: readonly Backend[]): Backend | null => {
  if (named === '') return backends.find(({ servers }) => servers.length > 0) ?? backends[0] ?? null;
  const found = backends.find(({ name }) => name === named);
  if (found !== undefined) return found;
  throw new AttributeProblem(
    `attributes of the role ${role}: haproxy.defaultApplication: expected one of ${backends.map(({ name }) => name).join(', ') || 'no application'}, got "${named}"`,
  );
};
