/** Check of leftovers: what applications left that are none of the host's any more. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere, placeOf } from '../place.js';
import type { LeftoversResource } from '../resource.js';
import { change, type Check, type Scene } from '../scene.js';

interface Leftover {
  /** As the host sees it. */
  readonly path: string;
  readonly service: string;
}

const names = async (root: string, folder: string): Promise<readonly string[]> =>
  (await ifThere(async () => readdir(await placeOf(root, folder)))) ?? [];

/** The folder, or with a `*` in it all that there are, with what stands for it. */
const foldersOf = async (root: string, folder: string): Promise<readonly (readonly [string, string])[]> => {
  const [before = '', after] = folder.split('*');
  if (after === undefined) return [[folder, '']];
  return (await names(root, before)).map((part) => [`${before}${part}${after}`, part]);
};

const found = async (resource: LeftoversResource, { root }: Scene): Promise<readonly Leftover[]> => {
  const { folder, prefix, suffix, keep, service } = resource;
  const all: Leftover[] = [];
  for (const [place, part] of await foldersOf(root, folder))
    for (const name of await names(root, place)) {
      const path = join(place, name);
      if (!name.startsWith(prefix) || !name.endsWith(suffix) || keep.includes(path)) continue;
      const own = name.slice(0, name.length - suffix.length);
      all.push({ path, service: service === 'own' ? own : (service ?? '').replace('*', part) });
    }
  return all;
};

const end = async (name: string, { platform: { services }, signal }: Scene): Promise<void> => {
  const { loaded, running, enabled } = await services.state(name);
  if (running) await services.stop(name, signal);
  if (loaded && enabled) await services.disable(name);
};

/** One that serves others goes on without it. */
const tell = async (name: string, wanted: readonly string[], scene: Scene): Promise<void> => {
  const { services } = scene.platform;
  if (!wanted.includes(name)) await end(name, scene);
  else if ((await services.state(name)).running) await services.reload(name, scene.signal);
};

const remove = async (
  { service, wanted, runsInFolders = false }: LeftoversResource,
  all: readonly Leftover[],
  scene: Scene,
): Promise<void> => {
  const own = service === 'own';
  const here = !scene.folder || runsInFolders;
  for (const one of all) {
    if (own && here) await end(one.service, scene);
    await rm(await placeOf(scene.root, one.path), { force: true });
  }
  if (!here || service === undefined) return;
  if (own) await scene.platform.services.readUnits();
  else for (const name of new Set(all.map((one) => one.service))) await tell(name, wanted, scene);
};

export const leftovers: Check<LeftoversResource> = async (resource, scene) => {
  const all = await found(resource, scene);
  if (all.length === 0) return null;
  return change(all.map(({ path }) => `${path}: removed`).join('\n'), () => remove(resource, all, scene));
};
