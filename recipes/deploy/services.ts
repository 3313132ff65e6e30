/** The processes of an application: started, given new code, ended. */
import { lstat } from 'node:fs/promises';
import { ifThere, placeOf } from '../place.js';
import {
  resourceId,
  type ExecuteResource,
  type Notification,
  type Resource,
  type ServiceResource,
} from '../resource.js';
import type { ApplicationPart } from '../roles/application-part.js';
import { deployedAgain, undeployed } from '../roles/undeployed.js';
import type { Target } from './commands.js';
import type { Subject } from './subject.js';

/** A Deployment says how many hosts are at it at a time, and looks itself whether they are well. */
const atOnce = (service: ServiceResource): ServiceResource => ({
  ...service,
  spreadSeconds: undefined,
  answers: undefined,
});

const unitPath = ({ name }: ServiceResource): string => `/etc/systemd/system/${name}.service`;

const hasUnit = async ({ on }: Subject, service: ServiceResource): Promise<boolean> =>
  (await ifThere(async () => lstat(await placeOf(on.root, unitPath(service))))) !== null;

const ofService = ({ resource }: Notification): string => resource.replace(/^service\[(.*)\]$/, '$1');

/** What something shared takes up, as nginx: it is in none of these resources. */
const actElsewhere = async ({ on, folder }: Subject, wish: Notification): Promise<void> => {
  const { services } = on.platform;
  const name = ofService(wish);
  // a host that is a folder has its applications' services only
  if (folder) return;
  const { running } = await services.state(name);
  if (running && wish.action === 'reload') await services.reload(name, on.signal);
  else await services.restart(name, on.signal);
  on.log.info('service notified', { resource: wish.resource, action: wish.action });
};

const TRIGGER: Pick<ExecuteResource, 'type' | 'command'> = { type: 'execute', command: ['true'] };

/** Its services run; `anew`: what has new code takes it up. */
export const run = async ({ subject, part }: Target, anew: boolean): Promise<void> => {
  const services = part.services.map(atOnce);
  const wishes = anew ? part.takeUp : [];
  const ids = new Set(wishes.map(({ resource }) => resource));
  const named = part.files.filter((resource) => ids.has(resourceId(resource)));
  const here = new Set([...named, ...services].map(resourceId));
  const notifies = wishes.filter(({ resource }) => here.has(resource));
  const name = `have ${subject.application} run the release in force`;
  await subject.apply([
    ...part.services.map(deployedAgain),
    ...named,
    ...services,
    ...(notifies.length === 0 ? [] : [{ ...TRIGGER, name, notifies }]),
  ]);
  for (const wish of wishes.filter(({ resource }) => !here.has(resource))) await actElsewhere(subject, wish);
};

/** They end, and setup and configure leave them so. */
export const stop = async (subject: Subject, { services }: ApplicationPart): Promise<void> => {
  await subject.apply(services.flatMap((service) => undeployed(atOnce(service))));
};

/** They end, and their units go. */
export const remove = async (subject: Subject, services: readonly ServiceResource[]): Promise<void> => {
  const there: ServiceResource[] = [];
  for (const service of services) if (await hasUnit(subject, service)) there.push(service);
  if (there.length === 0) return;
  const ended = there.map((service): Resource => ({
    ...atOnce(service),
    unit: undefined,
    state: 'stopped',
    enabled: false,
  }));
  const gone = there.map((service): Resource => ({ type: 'absent', path: unitPath(service) }));
  await subject.apply([...ended, ...gone]);
  await subject.on.platform.services.readUnits();
};

/** What nginx reads: in an overlap requests go to the new processes only when they are well. */
const isFront = (resource: Resource): boolean =>
  ('path' in resource && resource.path.startsWith('/etc/nginx/')) || resource.type === 'service';

export const frontFiles = ({ files }: ApplicationPart): readonly Resource[] => files.filter(isFront);
export const backFiles = ({ files }: ApplicationPart): readonly Resource[] =>
  files.filter((resource) => !isFront(resource));
