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
import { filesOfService } from '../roles/application-units.js';
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

/** What has the code of one taken up where processes of the other run: not what is the one's alone, as its slot. */
export const takenUpBeside = (one: ApplicationPart, other: ApplicationPart): readonly Notification[] => {
  const alone = new Set(servicesBut(one.services, other.services).map(resourceId));
  return one.takeUp.filter(({ resource }) => !alone.has(resource));
};

/** Those that are in none of the others. */
export const servicesBut = (
  services: readonly ServiceResource[],
  ...others: readonly (readonly ServiceResource[])[]
): readonly ServiceResource[] => {
  const names = new Set(others.flat().map(({ name }) => name));
  return services.filter(({ name }) => !names.has(name));
};

/** Its services run; `wishes`: what takes new code up. */
export const run = async (
  { subject, part }: Pick<Target, 'subject' | 'part'>,
  wishes: readonly Notification[],
): Promise<void> => {
  const services = part.services.map(atOnce);
  const ids = new Set(wishes.map(({ resource }) => resource));
  const named = filesOf(part).filter((resource) => ids.has(resourceId(resource)));
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

/** They end, and setup and configure leave them so, and so does a start of the machine. */
export const stop = async (subject: Subject, { services }: ApplicationPart): Promise<void> => {
  await subject.apply(services.flatMap((service) => undeployed({ ...atOnce(service), enabled: false })));
};

/** They end, and their units go, with all that only these read. */
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
  const paths = there.flatMap((service) => [unitPath(service), ...filesOfService(service.name)]);
  const gone = paths.map((path): Resource => ({ type: 'absent', path }));
  await subject.apply([...ended, ...gone]);
  await subject.on.platform.services.readUnits();
};

/** What nginx reads: in an overlap requests go to the new processes only when they are well. */
const isFront = (resource: Resource): boolean =>
  ('path' in resource && resource.path.startsWith('/etc/nginx/')) || resource.type === 'service';

/** All but its own services. */
export const filesOf = ({ files }: ApplicationPart): readonly Resource[] =>
  files.map((resource) => (resource.type === 'service' ? atOnce(resource) : resource));

export const frontFiles = (part: ApplicationPart): readonly Resource[] => filesOf(part).filter(isFront);
export const backFiles = (part: ApplicationPart): readonly Resource[] =>
  filesOf(part).filter((resource) => !isFront(resource));
