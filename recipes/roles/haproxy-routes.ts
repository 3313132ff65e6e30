/** Which application's servers answer which requests: what the load balancer reads out of a snapshot. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { APPLICATION_TYPES, applicationsOf, type RoleApplication } from '../applications.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import { ofRole, rolesOfType, serving, type Member } from '../members.js';

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
  /** Asked with GET where OPTIONS is answered by an error: by sites that are files, and by Rails. */
  readonly byGet: boolean;
  readonly servers: readonly Server[];
}

interface Serving {
  readonly byGet: boolean;
  readonly application: RoleApplication;
  readonly members: readonly Member[];
  readonly serverOf: (member: Member) => Server;
}

const HIGHEST_WEIGHT = 256;

const balancingOf = (snapshot: Snapshot, role: string): Pick<Server, 'weight' | 'maxConnections'> => {
  const { balancing } = applicationSettings(snapshot, role);
  const { backends, connectionsPerBackend } = balancing;
  return {
    weight: Math.max(1, Math.min(HIGHEST_WEIGHT, Math.round(backends))),
    maxConnections: Math.max(1, Math.round(backends * connectionsPerBackend)),
  };
};

const applicationSettings = (snapshot: Snapshot, role: string) => {
  switch (snapshot.roles[role]?.type) {
    case 'rails-app':
      return settingsOf(snapshot, role, 'rails-app');
    case 'php-app':
      return settingsOf(snapshot, role, 'php-app');
    case 'java-app':
      return settingsOf(snapshot, role, 'java-app');
    case 'static-web':
      return settingsOf(snapshot, role, 'static-web');
    default:
      return settingsOf(snapshot, role, 'nodejs-app');
  }
};

/** Where the hosts of a role listen for requests of an application. */
export const portOf = (snapshot: Snapshot, role: string, application: RoleApplication): number => {
  const settings = applicationSettings(snapshot, role);
  if ('java' in settings) return settings.java.port;
  return application.port ?? ('nginx' in settings ? settings.nginx.port : settings.nodejs.port);
};

const servingOf = (snapshot: Snapshot, role: string): readonly Serving[] => {
  const balancing = balancingOf(snapshot, role);
  const type = snapshot.roles[role]?.type;
  const byGet = type === 'static-web' || type === 'rails-app';
  return applicationsOf(snapshot, role).map((application) => {
    const port = portOf(snapshot, role, application);
    const serverOf = ({ name, host }: Member): Server => ({
      name,
      address: host.address,
      port,
      ...balancing,
    });
    return { application, members: ofRole(snapshot, role), serverOf, byGet };
  });
};

/** Of all roles that serve it together: one that is not Ready stands in for none that is. */
const serversOf = (same: readonly Serving[]): readonly Server[] => {
  const told = new Set(serving(same.flatMap(({ members }) => members)));
  return same.flatMap(({ members, serverOf }) => members.filter((one) => told.has(one)).map(serverOf));
};

/** One that several roles serve has the servers of all of them, and its domains from the first. */
const together = (serving: readonly Serving[]): readonly Backend[] => {
  const names = [...new Set(serving.map(({ application }) => application.name))];
  return names.map((name) => {
    const same = serving.filter(({ application }) => application.name === name);
    const { domains = [], path, healthUrl } = same[0]?.application ?? {};
    return {
      name,
      domains,
      ...(path === undefined ? {} : { path }),
      ...(healthUrl === undefined ? {} : { healthUrl }),
      byGet: same.some(({ byGet }) => byGet),
      servers: serversOf(same),
    };
  });
};

/** All applications of the cluster, in the order of APPLICATION_TYPES. Throws an AttributeProblem. */
export const backendsOf = (snapshot: Snapshot): readonly Backend[] => {
  const roles = APPLICATION_TYPES.flatMap((type) => rolesOfType(snapshot, type));
  return together(roles.flatMap((role) => servingOf(snapshot, role)));
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
