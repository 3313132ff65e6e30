/** Where applications of a role listen on its hosts. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { applicationsOf, type RoleApplication, type Slot } from '../applications.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import { remembered, rolesBeside } from '../members.js';

type Settings = { readonly port: number; readonly isShared: boolean } | null;

/** The role's own port; shared: one server (nginx, Tomcat) listens there for all of its applications. */
const settingsFor = (snapshot: Snapshot, role: string): Settings => {
  switch (snapshot.roles[role]?.type) {
    case 'nodejs-app':
      return { port: settingsOf(snapshot, role, 'nodejs-app').nodejs.port, isShared: false };
    case 'rails-app':
      return { port: settingsOf(snapshot, role, 'rails-app').nginx.port, isShared: true };
    case 'php-app':
      return { port: settingsOf(snapshot, role, 'php-app').nginx.port, isShared: true };
    case 'static-web':
      return { port: settingsOf(snapshot, role, 'static-web').nginx.port, isShared: true };
    case 'java-app':
      return { port: settingsOf(snapshot, role, 'java-app').java.port, isShared: true };
    default:
      return null;
  }
};

/** Where the hosts of a role take requests of an application; null: it takes none. */
export const portOf = (snapshot: Snapshot, role: string, application: RoleApplication): number | null => {
  const { kind, port } = application;
  if (kind === 'other') return port ?? null;
  const own = settingsFor(snapshot, role)?.port ?? null;
  return kind === 'java' ? own : (port ?? own);
};

/** It listens there itself, and nobody else can. */
const isAlone = (snapshot: Snapshot, role: string, { kind }: RoleApplication): boolean =>
  kind === 'other' || settingsFor(snapshot, role)?.isShared === false;

const LARGEST = 65_535;

/** By application: of those that listen themselves, both ports; null: it has no such port. */
type Ports = ReadonlyMap<string, Readonly<Record<Slot, number | null>>>;

const firstPorts = (snapshot: Snapshot, role: string): readonly (number | null)[] =>
  applicationsOf(snapshot, role).map((one) => portOf(snapshot, role, one));

const computed = (snapshot: Snapshot, role: string): Ports => {
  const all = applicationsOf(snapshot, role);
  const firsts = new Set(rolesBeside(snapshot, role).flatMap((one) => firstPorts(snapshot, one)));
  const alone = all.filter((one) => isAlone(snapshot, role, one));
  return new Map(
    alone.map((one) => {
      const a = portOf(snapshot, role, one);
      const next = a === null || one.release === undefined ? LARGEST + 1 : a + 1;
      return [one.name, { a, b: next > LARGEST || firsts.has(next) ? null : next }];
    }),
  );
};

/** Where it stands that an application has this port, and what it should be. */
const refusal = (role: string, { name, release }: RoleApplication, port: number, other: string): string => {
  const whose =
    release === undefined
      ? `attributes of the role ${role}: applications.${name}.port`
      : `the role ${role}: port of the application ${name}`;
  return `${whose}: expected a port of its own, got ${String(port)}, which is that of ${other}`;
};

interface Listening {
  readonly role: string;
  readonly application: RoleApplication;
  readonly port: number;
  /** What of the host listens there; the same one may do so for several applications. */
  readonly server: string;
  readonly isSecond: boolean;
}

/** nginx has one server for all that no site is named for, and so one role at a port; Tomcat is one for the host. */
const serverOf = (snapshot: Snapshot, role: string, application: RoleApplication): string => {
  if (isAlone(snapshot, role, application)) return `application ${application.name}`;
  return application.kind === 'java' ? 'Tomcat' : `nginx of ${role}`;
};

/** One that waits for code which may never come has nobody's port. */
const isWaiting = (snapshot: Snapshot, role: string, application: RoleApplication): boolean =>
  application.assumed === true && isAlone(snapshot, role, application);

const listening = (snapshot: Snapshot, role: string): readonly Listening[] =>
  applicationsOf(snapshot, role).flatMap((application): readonly Listening[] => {
    const first = portOf(snapshot, role, application);
    if (first === null || isWaiting(snapshot, role, application)) return [];
    const isSecond = isAlone(snapshot, role, application) && application.slot === 'b';
    const server = serverOf(snapshot, role, application);
    return [{ role, application, server, port: isSecond ? first + 1 : first, isSecond }];
  });

/** An application that several roles of the host run is one there. */
const isClash = (one: Listening, other: Listening): boolean =>
  one.server !== other.server && one.application.name !== other.application.name;

/** Of all that listen on hosts of these roles, those whose port another one has. */
const clashes = (
  snapshot: Snapshot,
  roles: readonly string[],
): readonly (readonly [Listening, Listening])[] => {
  const taken = new Map<number, Listening>();
  const all = roles.flatMap((role) => listening(snapshot, role));
  // who has switched to its second port has that one
  const inTurn = [...all.filter(({ isSecond }) => isSecond), ...all.filter(({ isSecond }) => !isSecond)];
  return inTurn.flatMap((one) => {
    const other = taken.get(one.port);
    if (other === undefined) taken.set(one.port, one);
    return other !== undefined && isClash(one, other) ? [[one, other] as const] : [];
  });
};

/**
 * Two that listen at one port: the second would never start, and what looks whether it is well would find the first. Of hosts
 * of these roles; with `only`, where that application is one of the two. Throws an AttributeProblem.
 */
export const refuseSamePort = (snapshot: Snapshot, roles: readonly string[], only?: string): void => {
  const found = clashes(snapshot, roles).find(
    (pair) => only === undefined || pair.some(({ application }) => application.name === only),
  );
  if (found === undefined) return;
  const [one, other] = found;
  throw new AttributeProblem(refusal(one.role, one.application, one.port, other.application.name));
};

/**
 * Of applications that listen themselves. The second port, for overlaps, is the one after the first, where that is no
 * other application's: it never depends on more than these two, and so does not move while somebody listens there.
 * Throws an AttributeProblem where two would listen at one port.
 */
export const portsOf = remembered((snapshot, role): Ports => {
  refuseSamePort(snapshot, [role]);
  return computed(snapshot, role);
});
