/** The table of checks: one for each type of resource. */
import type { Resource, ResourceOf, ResourceType } from '../resource.js';
import { isElsewhere, isLeftOut, type Check, type Scene, type Verdict } from '../scene.js';
import { accounts } from './accounts.js';
import { archive } from './archive.js';
import { filesystem, mount } from './disks.js';
import { applies, execute } from './execute.js';
import { absent, directory, file, link, template } from './files.js';
import { git } from './git.js';
import { leftovers } from './leftovers.js';
import { packages } from './package.js';
import { cron, sudoRule, sysctl } from './rules.js';
import { service, unitOnly } from './service.js';
import { authorizedKeys, group, user } from './users.js';
import { waitForPort } from './wait-for-port.js';

const CHECKS: { readonly [T in ResourceType]: Check<ResourceOf<T>> } = {
  file,
  directory,
  template,
  link,
  absent,
  execute,
  package: packages,
  service,
  user,
  group,
  authorizedKeys,
  sudoRule,
  cron,
  git,
  archive,
  filesystem,
  mount,
  sysctl,
  waitForPort,
  accounts,
  leftovers,
  refusal: ({ why }) => Promise.reject(new Error(why)),
};

/** What differs from the resource on this host; only reads, but for the guards, which are commands of the recipe. */
export const check = async (resource: Resource, scene: Scene): Promise<Verdict> => {
  if (isElsewhere(resource, scene)) return null;
  if (isLeftOut(resource, scene)) return resource.type === 'service' ? unitOnly(resource, scene) : null;
  if (!(await applies(resource, scene))) return null;
  return (CHECKS[resource.type] as Check<Resource>)(resource, scene);
};

/** Types whose check starts no program and waits for nobody. */
const READS: ReadonlySet<ResourceType> = new Set<ResourceType>([
  'file',
  'directory',
  'template',
  'link',
  'absent',
  'package',
  'user',
  'group',
  'sudoRule',
  'cron',
  'sysctl',
]);

/** True of one whose check runs a command: a guard. */
export const startsPrograms = (resource: Resource): boolean =>
  resource.onlyIf !== undefined || (resource.type === 'execute' && resource.unless !== undefined);

/** True of one that may be checked ahead of its turn: what it reads, guards included, it only reads. */
export const isReadAhead = (resource: Resource): boolean =>
  READS.has(resource.type) || resource.type === 'execute';
