/** What is no application's of this host any more: it would go on running, listening and answering. */
import type { LeftoversResource, Resource } from '../resource.js';
import { filesOfService } from './application-units.js';

type Place = Pick<LeftoversResource, 'name' | 'folder' | 'prefix' | 'suffix' | 'service' | 'runsInFolders'>;

const UNITS = '/etc/systemd/system';
const FILES = { folder: '/etc/scalarium/applications', prefix: '' };
const SITES = { prefix: 'scalarium-', suffix: '.conf' };

const PLACES: readonly Place[] = [
  {
    name: 'applications',
    folder: UNITS,
    prefix: 'scalarium-app-',
    suffix: '.service',
    service: 'own',
    runsInFolders: true,
  },
  { name: 'Tomcat', folder: UNITS, prefix: 'scalarium-tomcat', suffix: '.service', service: 'own' },
  { name: 'start files', ...FILES, suffix: '.start' },
  { name: 'environments', ...FILES, suffix: '.env' },
  {
    name: 'contexts of Tomcat',
    folder: '/var/lib/scalarium-tomcat/conf/Catalina/localhost',
    prefix: '',
    suffix: '.xml',
  },
  { name: 'certificates of applications', folder: '/etc/haproxy/scalarium.d', prefix: '', suffix: '' },
  { name: 'sites of nginx', folder: '/etc/nginx/conf.d', ...SITES, service: 'nginx' },
  { name: 'pools of PHP', folder: '/etc/php/*/fpm/pool.d', ...SITES, service: 'php*-fpm' },
  { name: 'pools of php-fpm', folder: '/etc/php-fpm.d', ...SITES, service: 'php-fpm' },
];

const isIn = ({ folder, prefix, suffix }: Place, path: string): boolean =>
  path.startsWith(folder.split('*', 1)[0] ?? '') && path.endsWith(suffix) && path.includes(prefix);

const unitPath = (service: string): string => `${UNITS}/${service}.service`;

const pathOf = (resource: Resource): readonly string[] => {
  if (resource.type === 'service') return [unitPath(resource.name)];
  return 'path' in resource ? [resource.path] : [];
};

/**
 * Removes what is in none of these, which are all that the roles of a host have. Around them: services that are gone end
 * before others start, at their port perhaps; what further ones read goes when there is what they are to read. A role that
 * is refused tells nothing of its applications: then all is left. `spare` are services that are let be.
 */
export const withLeftovers = (
  resources: readonly Resource[],
  spare: readonly string[] = [],
): readonly Resource[] => {
  if (resources.some(({ type }) => type === 'refusal')) return resources;
  const spared = spare.flatMap((service) => [unitPath(service), ...filesOfService(service)]);
  const paths = [...resources.flatMap(pathOf), ...spared];
  const running = resources.flatMap((one) =>
    one.type === 'service' && one.state === 'running' ? [one.name] : [],
  );
  const wanted = [...new Set(running)];
  const all = PLACES.map((place): LeftoversResource => ({
    type: 'leftovers',
    ...place,
    keep: paths.filter((path) => isIn(place, path)),
    wanted,
  }));
  return [
    ...all.filter(({ service }) => service === 'own'),
    ...resources,
    ...all.filter(({ service }) => service !== 'own'),
  ];
};
