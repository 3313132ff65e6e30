/** Check of service, and what notifications do to one. */
import { lstat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkFile } from '../files.js';
import { ifThere, placeOf } from '../place.js';
import type { ServiceResource } from '../resource.js';
import {
  isElsewhere,
  isLeftOut,
  type Change,
  type Check,
  type Effect,
  type Scene,
  type Started,
  type Verdict,
} from '../scene.js';
import type { ServiceState } from '../services/service-manager.js';
import { untilItAnswers } from './answers.js';

const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/lib/systemd/system',
  '/usr/lib/systemd/system',
];

const NAME = /^[A-Za-z0-9:_.@\\-]+$/;

/** Of a host that is a folder only what has its unit file there is its service. */
const isOurs = async ({ name, unit }: ServiceResource, root: string): Promise<boolean> => {
  if (unit !== undefined) return true;
  const templateName = name.replace(/@.*$/, '@');
  for (const folder of UNIT_FOLDERS)
    for (const file of new Set([name, templateName])) {
      const place = await placeOf(root, `${folder}/${file}.service`);
      if ((await ifThere(() => lstat(place))) !== null) return true;
    }
  return false;
};

/** Throws, for people, when the service does not run, or ran but ended `before` and was started anew. */
export const refuseDead = async (
  name: string,
  { platform }: Scene,
  before: Started | null = null,
): Promise<Started> => {
  const { running, restarts = 0, result } = await platform.services.state(name);
  const why = result === undefined ? '' : `: ${result}`;
  if (!running) throw new Error(`${name} was started and does not run${why}`);
  if (before !== null && restarts > before.restarts)
    throw new Error(
      `${name} does not stay: it was started, ended, and was started anew by its manager${why}`,
    );
  return { restarts };
};

/** What differs in the unit file; the service itself is left alone. */
export const unitOnly = async ({ name, unit }: ServiceResource, { root }: Scene): Promise<Verdict> =>
  unit === undefined
    ? null
    : checkFile(root, { path: `/etc/systemd/system/${name}.service`, content: unit, mode: 0o644 });

const enabledDiff = ({ enabled }: ServiceResource, found: ServiceState): readonly string[] => {
  if (enabled === undefined || enabled === found.enabled) return [];
  return [enabled ? 'enable' : 'disable'];
};

/** Gives the state after it, since a new unit may be another service. */
const applyUnit = async (name: string, unit: Change, { platform }: Scene): Promise<ServiceState> => {
  await unit.apply();
  await platform.services.readUnits();
  return platform.services.state(name);
};

const applyEnabled = async (
  { name, enabled }: ServiceResource,
  state: ServiceState,
  { platform }: Scene,
): Promise<void> => {
  if (enabled === undefined || enabled === state.enabled) return;
  await (enabled ? platform.services.enable(name) : platform.services.disable(name));
};

const apply = async (
  resource: ServiceResource,
  { found, unit }: { readonly found: ServiceState; readonly unit: Verdict },
  scene: Scene,
): Promise<Effect> => {
  const { name } = resource;
  const { services } = scene.platform;
  const state = unit === null ? found : await applyUnit(name, unit, scene);
  const wantsRunning = resource.state === 'running';
  if (!state.loaded && wantsRunning) throw new Error(`there is no unit ${name}.service on this host`);
  await applyEnabled(resource, state, scene);
  if (state.running === wantsRunning) return { restart: wantsRunning && unit !== null };
  if (!wantsRunning) {
    await services.stop(name, scene.signal);
    return {};
  }
  await services.start(name, scene.signal);
  return { started: await refuseDead(name, scene) };
};

export const service: Check<ServiceResource> = async (resource, scene) => {
  const { name } = resource;
  if (!NAME.test(name)) throw new Error(`"${name}" is no name of a unit`);
  if (scene.folder && !(await isOurs(resource, scene.root))) {
    scene.note(`the service ${name} is left out: this host is a folder and has no unit of this name`);
    return null;
  }
  const unit = await unitOnly(resource, scene);
  const found = await scene.platform.services.state(name);
  const wantsRunning = resource.state === 'running';
  const differs = [
    ...(unit === null ? [] : [unit.diff]),
    ...enabledDiff(resource, found),
    ...(found.running === wantsRunning ? [] : [wantsRunning ? 'start' : 'stop']),
  ];
  if (differs.length === 0) return null;
  const change: Change = { diff: differs.join('\n'), apply: () => apply(resource, { found, unit }, scene) };
  return change;
};

/** Hosts are told apart by so many numbers: a fifth of a role restarts at once. */
const TURNS = 5;

/** When it is the turn of a host of this name: app-1 at once, app-2 a fifth of the time later, app-6 with app-1. */
export const turnOf = (hostName: string, spreadSeconds: number): number => {
  const number = Number(/(\d+)$/.exec(hostName.split('.')[0] ?? '')?.[1] ?? 1);
  return (((number + TURNS - 1) % TURNS) * spreadSeconds) / TURNS;
};

const untilItsTurn = async (
  { spreadSeconds = 0 }: ServiceResource,
  { instance, signal }: Scene,
): Promise<void> => {
  const seconds = turnOf(instance, spreadSeconds);
  if (seconds > 0) await sleep(seconds * 1000, undefined, { signal });
};

/** What a notification does to it; null: nothing, to one that is to be stopped, or is none of this host's. */
export const actOn = async (
  resource: ServiceResource,
  action: 'restart' | 'reload',
  scene: Scene,
): Promise<Started | null> => {
  const { name } = resource;
  if (resource.state === 'stopped' || isElsewhere(resource, scene)) return null;
  if (isLeftOut(resource, scene)) return null;
  if (scene.folder && !(await isOurs(resource, scene.root))) return null;
  const { services } = scene.platform;
  const running = (await services.state(name)).running;
  const reloads = action === 'reload' && running && resource.reload !== 'restart';
  if (running) await untilItsTurn(resource, scene);
  if (reloads) await services.reload(name, scene.signal);
  else {
    await services.restart(name, scene.signal);
    await untilItAnswers(resource, scene);
  }
  return refuseDead(name, scene);
};
