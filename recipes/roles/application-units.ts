/** The processes of an application as units of services, and the scripts that start them. Pure. */
import type { Process } from '../../api-types/application-parts.js';
import type { RoleApplication, Slot } from '../applications.js';
import { AttributeProblem } from '../attributes.js';
import type { SecretText } from '../resource.js';
import { hasOthersWork, lineOf } from './command-lines.js';
import { HEAD } from './role-recipe.js';

/** How restarts of applications go. */
export interface Restart {
  readonly spreadSeconds: number;
  readonly answerSeconds: number;
}

/** Where a process that answers requests does so. */
export interface Place {
  /** A port, or the path of a socket; null: nowhere. */
  readonly at: number | string | null;
  /** How it is told. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The process that answers requests. */
export interface Web {
  /** Lines for a shell, in the application's folder; the last one begins with `exec` where it can. */
  readonly command: (place: Place) => readonly string[];
  /** Below that folder: what must be there before it can start. */
  readonly needs: string;
  /** The second is for overlaps; null: two cannot run side by side. */
  readonly places: { readonly a: Place; readonly b: Place | null };
}

/** An application that runs as services. */
export interface Running {
  readonly application: RoleApplication;
  readonly user: string;
  readonly environment: Readonly<Record<string, SecretText>>;
  /** Null: only workers run. */
  readonly web: Web | null;
  readonly stopSeconds: number;
  readonly restart: Restart;
}

/** One service of an application. */
export interface Unit {
  /** Of the service, without what all of them begin with. */
  readonly name: string;
  readonly about: string;
  readonly command: readonly string[];
  readonly needs: string;
  readonly place: Place;
  readonly limits: Process;
}

const PREFIX = 'scalarium-app-';
/** In no name of an application or a process: no two of them are one service. */
const SEPARATOR = '.';

/** What a service of an application has beside its unit; none of any other service. */
export const filesOfService = (service: string): readonly string[] => {
  if (!service.startsWith(PREFIX)) return [];
  const unit = service.slice(PREFIX.length);
  return [startPath(unit), environmentPath(unit)];
};

export const NOWHERE: Place = { at: null, variables: {} };

/** Where the code of an application is. */
export const codeFolder = (application: string): string => `/srv/www/${application}/current`;

/** Of one that was released it is the release's own folder: what starts anew by itself is what has run there before. */
const startFolder = ({ name, release }: RoleApplication): string =>
  release === undefined ? codeFolder(name) : `/srv/www/${name}/releases/${String(release.number)}`;

/** Where start files and environments are. */
const FOLDER = '/etc/scalarium/applications';

/** Of a unit. */
export const startPath = (unit: string): string => `${FOLDER}/${unit}.start`;
export const environmentPath = (unit: string): string => `${FOLDER}/${unit}.env`;

/** One word of a shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Which application it is, and which release of it. */
export const toldOf = ({ name, release }: RoleApplication): Readonly<Record<string, string>> => ({
  SCALARIUM_APPLICATION: name,
  ...(release === undefined
    ? {}
    : { SCALARIUM_RELEASE: String(release.number), SCALARIUM_REVISION: release.revision }),
});

/** Hosts of a role share their start files: which one it is stands on each. */
export const INSTANCE = { SCALARIUM_INSTANCE: '"$(cat "${SCALARIUM_ROOT:-}/etc/hostname")"' };

/** Who sets a variable of the application's own has it so. */
const exportsOf = ({ application }: Running, { variables }: Place): readonly string[] =>
  Object.entries({ ...INSTANCE, ...variables })
    .filter(([name]) => application.environment[name] === undefined)
    .map(([name, value]) => `export ${name}=${value}`);

/**
 * Code may come long after the service was started, and from anybody: it is waited for. What runs stays in the folder of its
 * release when another one becomes current. On a host that is a folder its manager says where the root is.
 */
export const startScript = (running: Running, { command, needs, place }: Unit): string => `#!/bin/sh
${HEAD}# Starts the application once its code is there.
code="\${SCALARIUM_ROOT:-}${startFolder(running.application)}"
until [ -e "$code"/${quoted(needs)} ]; do sleep 1; done
cd -P "$code" || exit 1
${[...exportsOf(running, place), ...command].join('\n')}
`;

const FIRST_FREE_PORT = 1024;

const limitsOf = ({ memoryMib, cpuPercent }: Process): string =>
  [
    ...(memoryMib === undefined ? [] : [`MemoryMax=${String(memoryMib)}M\n`]),
    ...(cpuPercent === undefined ? [] : [`CPUQuota=${String(cpuPercent)}%\n`]),
  ].join('');

export const unitText = ({ application, user, stopSeconds }: Running, unit: Unit): string => {
  const { limits, place } = unit;
  const isLow = typeof place.at === 'number' && place.at < FIRST_FREE_PORT;
  return `${HEAD}[Unit]
Description=Application ${unit.about}
After=network.target

[Service]
User=${user}
WorkingDirectory=/srv/www/${application.name}
EnvironmentFile=/etc/scalarium/environment
EnvironmentFile=${environmentPath(unit.name)}
ExecStart=/bin/sh ${startPath(unit.name)}
Restart=always
RestartSec=1
KillMode=${hasOthersWork(unit.command) ? 'control-group' : 'mixed'}
TimeoutStopSec=${String(limits.stopSeconds ?? stopSeconds)}
LimitNOFILE=65536
${limitsOf(limits)}${isLow ? 'AmbientCapabilities=CAP_NET_BIND_SERVICE\n' : ''}
[Install]
WantedBy=multi-user.target
`;
};

const webUnit = ({ application, web }: Running, slot: Slot): readonly Unit[] => {
  const place = web?.places[slot] ?? null;
  if (web === null || place === null) return [];
  const { name, processes } = application;
  return [
    {
      name: slot === 'a' ? name : [name, 'web', slot].join(SEPARATOR),
      about: name,
      command: web.command(place),
      needs: web.needs,
      place,
      limits: processes['web'] ?? {},
    },
  ];
};

const commandOf = (application: string, process: string, { command }: Process): string => {
  if (command !== undefined) return command;
  throw new AttributeProblem(`the application ${application}: processes.${process}: expected a command`);
};

const workerUnits = ({ application: { name, processes } }: Running): readonly Unit[] =>
  Object.entries(processes)
    .filter(([process]) => process !== 'web')
    .flatMap(([process, limits]) =>
      Array.from({ length: limits.count ?? 1 }, (_none, index): Unit => ({
        name: [name, process, ...(index === 0 ? [] : [String(index + 1)])].join(SEPARATOR),
        about: `${name} (${process})`,
        command: [lineOf(commandOf(name, process, limits))],
        needs: '.',
        place: NOWHERE,
        limits,
      })),
    );

const otherSlot = ({ application: { slot } }: Running): Slot => (slot === 'a' ? 'b' : 'a');

export const unitsOf = (running: Running): readonly Unit[] => [
  ...webUnit(running, running.application.slot),
  ...workerUnits(running),
];

export const nameOf = ({ name }: Unit): string => `${PREFIX}${name}`;

/** Its services that are in force, without `.service`. */
export const servicesOf = (running: Running): readonly string[] => unitsOf(running).map(nameOf);

/** That of its other slot, which may be answering still. */
export const spareOf = (running: Running): readonly string[] =>
  webUnit(running, otherSlot(running)).map(nameOf);
