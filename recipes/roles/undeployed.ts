/** Services that undeploy has stopped stay so until the next deploy: a mark on the host says which. */
import type { Resource, ServiceResource } from '../resource.js';
import { HEAD } from './role-recipe.js';

const markOf = (service: string): string => `/var/lib/scalarium/undeployed/${service}`;

/** For setup and configure: it is left alone, also by notifications, while the mark is there. */
export const unlessUndeployed = (service: ServiceResource): ServiceResource => ({
  ...service,
  onlyIf: ['test', '!', '-e', markOf(service.name)],
});

/** For undeploy. The mark comes first: cut off in between, the service is not started again. */
export const undeployed = (service: ServiceResource): readonly Resource[] => [
  {
    type: 'file',
    path: markOf(service.name),
    content: `${HEAD}# While this is here, setup and configure leave ${service.name} alone. Deploy takes it away.\n`,
  },
  { ...service, state: 'stopped' },
];

/** For deploy. */
export const deployedAgain = ({ name }: Pick<ServiceResource, 'name'>): Resource => ({
  type: 'absent',
  path: markOf(name),
});
