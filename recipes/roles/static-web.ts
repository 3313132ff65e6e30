/** Static sites: nginx. They run nothing that could use a database, so they are told of none. */
import { applicationsOf, type RoleApplication } from '../applications.js';
import { settingsOf } from '../attributes.js';
import { applicationFolders, applicationUser } from './application-service.js';
import { NGINX, documentRoot, nginxBefore, type Site } from './nginx.js';
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

export const staticWeb: RoleRecipe = {
  converge: (snapshot, role) => {
    const { nginx } = settingsOf(snapshot, role, 'static-web');
    const all = applicationsOf(snapshot, role);
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
};
