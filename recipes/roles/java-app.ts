/** Java applications: one Tomcat, with a context for each. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { ownApplications, type RoleApplication } from '../applications.js';
import { AttributeProblem, settingsOf } from '../attributes.js';
import type { Answers, Notification, Resource, ServiceResource } from '../resource.js';
import type { ApplicationPart } from './application-part.js';
import { applicationServices, restartsOf, sharedPart, stopApplication } from './application-service.js';
import { codeFolder, type Running } from './application-units.js';
import { clusterEnvironment, clusterVariables, environmentText } from './cluster-environment.js';
import type { Family } from './nginx.js';
import { restartsOfOthers } from './other-app.js';
import { HEAD, untilNothingNew, type RoleRecipe } from './role-recipe.js';
import { deployedAgain, undeployed, unlessUndeployed } from './undeployed.js';

/** Made by the packages; others may not read their web.xml. */
const USER = 'tomcat';
/** A base of our own: what the packages bring along stays as it is, and is the same on all families. */
const BASE = '/var/lib/scalarium-tomcat';
const NAME = 'scalarium-tomcat';
const ENVIRONMENT = '/etc/scalarium/tomcat.env';
const START = '/etc/scalarium/tomcat.start';
const restart: readonly Notification[] = [{ action: 'restart', resource: `service[${NAME}]` }];

interface Tomcat {
  readonly family: Family;
  readonly packages: readonly string[];
  readonly home: string;
  /** The default web.xml of the packages. */
  readonly webXml: string;
  /** Of the packages: stopped. */
  readonly service: string;
  readonly spreadSeconds: number;
  readonly answers: Answers;
}

const tomcatsOf = (snapshot: Snapshot, role: string): readonly Tomcat[] => {
  const { java, restart } = settingsOf(snapshot, role, 'java-app');
  const { spreadSeconds, answerSeconds } = restart;
  const once = ownApplications(snapshot, role).map(docBase);
  const answers = { at: java.port, once, seconds: answerSeconds };
  const name = `tomcat${String(java.version)}`;
  return [
    {
      family: 'debian',
      packages: [name, java.package],
      home: `/usr/share/${name}`,
      webXml: `/etc/${name}/web.xml`,
      service: name,
      spreadSeconds,
      answers,
    },
    {
      family: 'redhat',
      packages: ['tomcat'],
      home: '/usr/share/tomcat',
      webXml: '/etc/tomcat/web.xml',
      service: 'tomcat',
      spreadSeconds,
      answers,
    },
  ];
};

const serverXml = (port: number): string => `<?xml version="1.0" encoding="UTF-8"?>
<!-- Written by Scalarium; changes are overwritten. -->
<Server port="-1">
  <Listener className="org.apache.catalina.core.JreMemoryLeakPreventionListener" />
  <Listener className="org.apache.catalina.core.ThreadLocalLeakPreventionListener" />
  <Service name="Catalina">
    <Connector port="${String(port)}" protocol="HTTP/1.1" connectionTimeout="20000" />
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps" autoDeploy="true" unpackWARs="true">
        <Valve className="org.apache.catalina.valves.RemoteIpValve" protocolHeader="x-forwarded-proto" />
      </Host>
    </Engine>
  </Service>
</Server>
`;

/** /a/b becomes a#b, none ROOT: Tomcat reads a context's path in the name of its file. */
const contextName = ({ path = '/' }: RoleApplication): string =>
  path.replace(/^\/+|\/+$/g, '').replaceAll('/', '#') || 'ROOT';

/** A WAR that is named, or what the application's folder holds. */
const docBase = ({ name, entry }: RoleApplication): string =>
  entry === undefined ? codeFolder(name) : `${codeFolder(name)}/${entry}`;

const refuseSamePath = (role: string, all: readonly RoleApplication[]): void => {
  const taken = new Map<string, string>();
  for (const application of all) {
    const context = contextName(application);
    const other = taken.get(context);
    if (other !== undefined)
      throw new AttributeProblem(
        `attributes of the role ${role}: applications.${application.name}.path: expected a path of its own, got that of ${other}`,
      );
    taken.set(context, application.name);
  }
};

const contexts = (snapshot: Snapshot, role: string): readonly Resource[] => {
  const all = ownApplications(snapshot, role);
  refuseSamePath(role, all);
  return all.map((application) => ({
    type: 'file',
    path: `${BASE}/conf/Catalina/localhost/${contextName(application)}.xml`,
    content: `<!-- Written by Scalarium; changes are overwritten. -->\n<Context docBase="${docBase(application)}" />\n`,
  }));
};

/** Without turns and waiting, which in a deploy are that one's own. */
const serviceAtOnce = ({ home, family }: Tomcat): ServiceResource => ({
  type: 'service',
  name: NAME,
  state: 'running',
  enabled: true,
  family,
  on: 'machine',
  unit: `${HEAD}[Unit]
Description=Tomcat for applications
After=network.target

[Service]
User=${USER}
WorkingDirectory=${BASE}
Environment=CATALINA_HOME=${home}
Environment=CATALINA_BASE=${BASE}
Environment=CATALINA_TMPDIR=${BASE}/temp
EnvironmentFile=/etc/scalarium/environment
EnvironmentFile=${ENVIRONMENT}
ExecStart=/bin/sh ${START} ${home}/bin/catalina.sh
Restart=always
RestartSec=1
SuccessExitStatus=143
KillMode=mixed
TimeoutStopSec=30
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`,
});

const serviceOf = (tomcat: Tomcat): ServiceResource => ({
  ...serviceAtOnce(tomcat),
  spreadSeconds: tomcat.spreadSeconds,
  answers: tomcat.answers,
});

const packagesOf = ({ packages, family }: Tomcat): Resource => ({ type: 'package', names: packages, family });

const services = (tomcat: Tomcat): readonly Resource[] => {
  const { family, webXml, service } = tomcat;
  return [
    { type: 'service', name: service, state: 'stopped', enabled: false, family, on: 'machine' },
    { type: 'link', path: `${BASE}/conf/web.xml`, target: webXml, family },
    unlessUndeployed(serviceOf(tomcat)),
  ];
};

const environment = (snapshot: Snapshot, role: string): Resource => {
  const { java } = settingsOf(snapshot, role, 'java-app');
  const ofAll = ownApplications(snapshot, role).flatMap((application) =>
    Object.entries(application.environment),
  );
  return {
    type: 'template',
    path: ENVIRONMENT,
    ...environmentText({ CATALINA_OPTS: java.options, ...Object.fromEntries(ofAll) }),
    mode: 0o600,
    notifies: restart,
  };
};

/** Tomcat gives up on a context whose code is not there: it begins when there is any. */
const startScript = (all: readonly RoleApplication[]): string => `#!/bin/sh
${HEAD}# Starts Tomcat once there is code of an application.
until ${all.map((application) => `[ -e '${docBase(application)}' ]`).join(' || ') || 'true'}; do sleep 1; done
exec "$1" run
`;

/** What root writes is in folders of root's. */
const ROOTS = ['', '/conf', '/conf/Catalina', '/conf/Catalina/localhost'];
const USERS = ['/webapps', '/work', '/temp', '/logs'];
const folder =
  (owner: string) =>
  (below: string): Resource => ({ type: 'directory', path: `${BASE}${below}`, owner, group: owner });

const base = (snapshot: Snapshot, role: string): readonly Resource[] => [
  ...ROOTS.map(folder('root')),
  ...USERS.map(folder(USER)),
  {
    type: 'file',
    path: `${BASE}/conf/server.xml`,
    content: serverXml(settingsOf(snapshot, role, 'java-app').java.port),
    notifies: restart,
  },
  {
    type: 'file',
    path: START,
    content: startScript(ownApplications(snapshot, role)),
    mode: 0o755,
    notifies: restart,
  },
];

const stop = (snapshot: Snapshot, role: string): readonly Resource[] =>
  tomcatsOf(snapshot, role).map((tomcat) => ({ ...serviceOf(tomcat), state: 'stopped' }));

/** Tomcat is one for all: once anything was released to the role, Deployments say when it starts anew, and when it ends. */
const isReleased = (snapshot: Snapshot, role: string): boolean =>
  ownApplications(snapshot, role).some(({ release }) => release !== undefined);

const deployed = (snapshot: Snapshot, role: string): readonly Resource[] => [
  ...tomcatsOf(snapshot, role).map((tomcat) => deployedAgain(serviceOf(tomcat))),
  {
    type: 'execute',
    name: 'start Tomcat with the code that is there',
    command: ['true'],
    on: 'machine',
    notifies: restart,
  },
  ...tomcatsOf(snapshot, role).map(serviceOf),
];

const STOP_SECONDS = 30;

/** Of each application what runs beside Tomcat. */
const workersOf = (snapshot: Snapshot, role: string): readonly Running[] =>
  ownApplications(snapshot, role).map((application) => ({
    application,
    user: USER,
    environment: {},
    web: null,
    stopSeconds: STOP_SECONDS,
    restart: settingsOf(snapshot, role, 'java-app').restart,
  }));

/** Of all of the role's applications: Tomcat is one for them. */
const tomcatFiles = (snapshot: Snapshot, role: string): readonly Resource[] => [
  ...base(snapshot, role),
  ...contexts(snapshot, role),
  environment(snapshot, role),
  deployedAgain({ name: NAME }),
  ...tomcatsOf(snapshot, role).map(serviceAtOnce),
];

const part = (snapshot: Snapshot, role: string, name: string): ApplicationPart | null => {
  const workers = workersOf(snapshot, role).find(({ application }) => application.name === name);
  if (workers === undefined) return null;
  const { java } = settingsOf(snapshot, role, 'java-app');
  const around = {
    environment: { ...clusterVariables(snapshot, role), CATALINA_OPTS: java.options },
    before: clusterEnvironment(snapshot, role, { group: USER, notifies: [] }),
    front: tomcatFiles(snapshot, role),
  };
  return sharedPart(workers, around, { at: java.port, takeUp: restart });
};

export const javaApp: RoleRecipe = {
  converge: (snapshot, role) => [
    ...tomcatsOf(snapshot, role).map(packagesOf),
    ...clusterEnvironment(snapshot, role, {
      group: USER,
      notifies: [
        ...restart,
        ...workersOf(snapshot, role).flatMap(restartsOf),
        ...restartsOfOthers(snapshot, role),
      ],
    }),
    ...workersOf(snapshot, role).flatMap(applicationServices),
    ...base(snapshot, role),
    ...contexts(snapshot, role),
    environment(snapshot, role),
    ...tomcatsOf(snapshot, role).flatMap(services),
  ],
  deploy: (snapshot, role) => (isReleased(snapshot, role) ? [] : deployed(snapshot, role)),
  undeploy: (snapshot, role) =>
    isReleased(snapshot, role)
      ? []
      : tomcatsOf(snapshot, role).flatMap((tomcat) => undeployed(serviceOf(tomcat))),
  shutdown: (snapshot, role) => [
    ...untilNothingNew(snapshot, settingsOf(snapshot, role, 'java-app').shutdown.drainSeconds),
    ...stop(snapshot, role),
    ...workersOf(snapshot, role).flatMap(stopApplication),
  ],
  part,
};
