/** Static sites: nginx. They run nothing that could use a database, so they are told of none. */
import { ownApplications, type RoleApplication } from '../applications.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { settingsOf } from '../attributes.js';
import type { ApplicationPart } from './application-part.js';
import { applicationFolders, applicationUser } from './application-service.js';
import { NGINX, documentRoot, nginxBefore, nginxSites, type Site } from './nginx.js';
import { untilNothingNew, type RoleRecipe } from './role-recipe.js';

const USER = 'deploy';

const site = (application: RoleApplication): Site => ({
  application,
  lines: [
    `root ${documentRoot(application)};`,
    'index index.html index.htm;',
    'location / {',
    '    try_files $uri $uri/ =404;',
    '}',
  ],
});

/** Files are opened by their whole path at each request: nothing has to be told that there are others. */
const part = (snapshot: Snapshot, role: string, name: string): ApplicationPart | null => {
  const { nginx } = settingsOf(snapshot, role, 'static-web');
  const all = ownApplications(snapshot, role);
  const application = all.find((one) => one.name === name);
  if (application === undefined) return null;
  return {
    user: USER,
    environment: application.environment,
    files: [
      applicationUser(USER),
      ...applicationFolders(name, USER),
      ...nginxSites(role, nginx, () => all.map(site)),
    ],
    services: [],
    others: [],
    takeUp: [],
    at: application.port ?? nginx.port,
    mayOverlap: false,
  };
};

export const staticWeb: RoleRecipe = {
  converge: (snapshot, role) => {
    const { nginx } = settingsOf(snapshot, role, 'static-web');
    const all = ownApplications(snapshot, role);
    return [
      applicationUser(USER),
      ...all.flatMap(({ name }) => applicationFolders(name, USER)),
      ...nginxBefore(role, nginx, () => all.map(site)),
    ];
  },
  shutdown: (snapshot, role) => [
    ...untilNothingNew(snapshot, settingsOf(snapshot, role, 'static-web').shutdown.drainSeconds),
    { ...NGINX, state: 'stopped' },
  ],
  part,
};
