/** Where applications of a role listen on its hosts. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { applicationsOf, type RoleApplication, type Slot } from '../applications.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import { remembered } from '../members.js';

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

const computed = (snapshot: Snapshot, role: string): Ports => {
  const all = applicationsOf(snapshot, role);
  const firsts = new Set(all.map((one) => portOf(snapshot, role, one)));
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
  readonly application: RoleApplication;
  readonly port: number;
  readonly alone: boolean;
  readonly isSecond: boolean;
}

const listening = (snapshot: Snapshot, role: string): readonly Listening[] =>
  applicationsOf(snapshot, role).flatMap((application): readonly Listening[] => {
    const first = portOf(snapshot, role, application);
    if (first === null) return [];
    const alone = isAlone(snapshot, role, application);
    const isSecond = alone && application.slot === 'b';
    return [{ application, port: isSecond ? first + 1 : first, alone, isSecond }];
  });

/** Two that listen at one port: the second would never start. Who has switched to its second port has that one. */
const refuseSamePort = (snapshot: Snapshot, role: string): void => {
  const taken = new Map<number, Listening>();
  const all = listening(snapshot, role);
  for (const one of [...all.filter(({ isSecond }) => isSecond), ...all.filter(({ isSecond }) => !isSecond)]) {
    const other = taken.get(one.port);
    if (other !== undefined && (one.alone || other.alone))
      throw new AttributeProblem(refusal(role, one.application, one.port, other.application.name));
    taken.set(one.port, one);
  }
};

/**
 * Of applications that listen themselves. The second port, for overlaps, is the one after the first, where that is no
 * other application's: it never depends on more than these two, and so does not move while somebody listens there.
 * Throws an AttributeProblem where two would listen at one port.
 */
export const portsOf = remembered((snapshot, role): Ports => {
  refuseSamePort(snapshot, role);
  return computed(snapshot, role);
});
