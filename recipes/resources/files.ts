/** Checks of file, directory, template, link and absent. */
import { lstat, rm } from 'node:fs/promises';
import { endedText } from '../command.js';
import { checkDirectory, checkFile, checkLink, type Judge } from '../files.js';
import { mountsBelow } from '../mounts.js';
import { idsOf } from '../owners.js';
import { hostPathOf, ifThere, placeOf, realPlace } from '../place.js';
import {
  resourceId,
  type AbsentResource,
  type DirectoryResource,
  type FileResource,
  type LinkResource,
  type TemplateResource,
} from '../resource.js';
import { change, listenerOf, type Check, type Scene } from '../scene.js';
import { fill } from '../template.js';
import { isMissing, runTool } from '../tools.js';

const JUDGE_SECONDS = 120;

/** A host that is a folder has no packages, so the program that would judge may be missing there. */
const judgeOf = (resource: FileResource | TemplateResource, scene: Scene): Judge | undefined => {
  const { check, on } = resource;
  if (check === undefined || (scene.folder && on === 'machine')) return undefined;
  return async (fresh) => {
    const command = check.map((word) => word.replaceAll('{}', fresh));
    const listener = listenerOf(resourceId(resource), scene);
    const options = { signal: scene.signal, timeoutSeconds: JUDGE_SECONDS, listener };
    const ended = await runTool(command, options).catch((error: unknown) => {
      if (!scene.folder || !isMissing(error)) throw error;
      scene.note(`${check[0] ?? ''} is not on this machine: what it would judge is written unseen`);
      return null;
    });
    if (ended !== null && ended.code !== 0)
      throw new Error(`the new content is not accepted: ${endedText(command, ended, null)}`);
  };
};

export const file: Check<FileResource> = async (resource, scene) => {
  const { path, content, mode = 0o644 } = resource;
  const ids = await idsOf(resource, scene);
  return checkFile(scene.root, { path, content, mode, ids, judge: judgeOf(resource, scene) });
};

export const template: Check<TemplateResource> = async (resource, scene) => {
  const { text, secret } = await fill(resource, scene.secrets);
  const { path, mode = secret ? 0o600 : 0o644 } = resource;
  const ids = await idsOf(resource, scene);
  return checkFile(scene.root, { path, content: text, mode, ids, secret, judge: judgeOf(resource, scene) });
};

export const directory: Check<DirectoryResource> = async (resource, scene) => {
  const { path, mode = 0o755 } = resource;
  return checkDirectory(scene.root, { path, mode, ids: await idsOf(resource, scene) });
};

export const link: Check<LinkResource> = ({ path, target }, { root }) => checkLink(root, path, target);

/** These are no recipe's to remove, whatever it says. */
const KEPT = new Set(
  '/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/bin /usr/lib /usr/lib64 /usr/sbin /var /var/lib'.split(
    ' ',
  ),
);

/** Links that lead to its parent are followed, so that it has one name; one that it is itself would just be removed. */
const refuseNeeded = async (root: string, place: string): Promise<void> => {
  const real = await hostPathOf(root, place);
  if (KEPT.has(real)) throw new Error(`${real} is not removed: the host needs it`);
};

export const absent: Check<AbsentResource> = async ({ path }, scene) => {
  const place = await placeOf(scene.root, path);
  await refuseNeeded(scene.root, place);
  const found = await ifThere(() => lstat(place));
  if (found === null) return null;
  return change(`${path}: removed`, async () => {
    const mounted = await mountsBelow(await realPlace(place));
    if (mounted.length > 0) throw new Error(`something is mounted there: ${mounted.join(', ')}`);
    await rm(place, { recursive: true, force: true });
  });
};
