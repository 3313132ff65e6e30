import type { RoleType } from '../../../api-types/kinds/role.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import { recipeFor } from '../../../recipes/catalog.js';
import { resourceId } from '../../../recipes/resource.js';
import { assert, suite } from '../../suite.js';
import { role, snapshotOf } from './world.js';

const test = suite('what web roles are on families of systems');

/** The small cluster, whose app servers are of this type. */
const apps = (type: RoleType): Snapshot => snapshotOf({ roles: { ...snapshotOf().roles, app: role(type) } });

const names = (type: RoleType, family: 'debian' | 'redhat', kind: 'package' | 'service'): readonly string[] =>
  recipeFor('setup', apps(type), 'app-1')
    .filter((resource) => resource.type === kind && (resource.family ?? family) === family)
    .map(resourceId);

for (const [type, family, packages, services] of [
  [
    'php-app',
    'debian',
    ['package[php8.2-fpm, php8.2-mysql]', 'package[nginx]'],
    ['service[php8.2-fpm]', 'service[nginx]'],
  ],
  [
    'php-app',
    'redhat',
    ['package[php-fpm, php-mysqlnd]', 'package[nginx]'],
    ['service[php-fpm]', 'service[nginx]'],
  ],
  [
    'java-app',
    'debian',
    ['package[tomcat10, default-jre-headless]'],
    ['service[tomcat10]', 'service[scalarium-tomcat]'],
  ],
  ['java-app', 'redhat', ['package[tomcat]'], ['service[tomcat]', 'service[scalarium-tomcat]']],
  [
    'rails-app',
    'redhat',
    ['package[ruby, ruby-devel, rubygem-bundler, gcc, make]', 'package[nginx]'],
    ['service[scalarium-app-app]', 'service[nginx]'],
  ],
] as const)
  test(`${type} on ${family}: its packages and services`, () => {
    assert.equal(names(type, family, 'package'), packages);
    assert.equal(names(type, family, 'service'), services);
  });
