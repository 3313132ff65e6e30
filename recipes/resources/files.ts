/** Checks of file, directory, template, link and absent. */
import { lstat, rm } from 'node:fs/promises';
import { endedText, runCommand } from '../command.js';
import { checkDirectory, checkFile, checkLink, type Judge } from '../files.js';
import { mountsBelow } from '../mounts.js';
import { idsOf } from '../owners.js';
import { ifThere, placeOf } from '../place.js';
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
import { CLEAN_ENVIRONMENT, missingProgram } from '../tools.js';

const JUDGE_SECONDS = 120;

/** A host that is a folder has no packages, so the program that would judge may be missing there. */
const judgeOf = (resource: FileResource | TemplateResource, scene: Scene): Judge | undefined => {
  const { check, on } = resource;
  if (check === undefined || (scene.folder && on === 'machine')) return undefined;
  return async (fresh) => {
    const command = check.map((word) => word.replaceAll('{}', fresh));
    try {
      const ended = await runCommand(command, {
        cwd: '/',
        env: CLEAN_ENVIRONMENT,
        signal: AbortSignal.any([scene.signal, AbortSignal.timeout(JUDGE_SECONDS * 1000)]),
        listener: listenerOf(resourceId(resource), scene),
      });
      if (ended.code !== 0)
        throw new Error(`the new content is not accepted: ${endedText(command, ended, null)}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (!scene.folder) throw missingProgram(check[0] ?? '');
      scene.note(`${check[0] ?? ''} is not on this machine: what it would judge is written unseen`);
    }
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
const KEPT = new Set(['/', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/proc', '/root', '/run']);
const KEPT_TOO = new Set(['/sbin', '/srv', '/sys', '/tmp', '/usr', '/var', '/opt', '/mnt', '/lib64']);

export const absent: Check<AbsentResource> = async ({ path }, scene) => {
  const place = await placeOf(scene.root, path);
  const plain = path.replace(/\/+$/, '') || '/';
  if (KEPT.has(plain) || KEPT_TOO.has(plain)) throw new Error(`${plain} is not removed: the host needs it`);
  const found = await ifThere(() => lstat(place));
  if (found === null) return null;
  return change(`${path}: removed`, async () => {
    const mounted = await mountsBelow(place);
    if (mounted.length > 0) throw new Error(`something is mounted there: ${mounted.join(', ')}`);
    await rm(place, { recursive: true, force: true });
  });
};
