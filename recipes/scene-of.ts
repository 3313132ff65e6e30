/** What a run's checks are given, opened for that run. */
import { hostname } from 'node:os';
import type { ApplyOptions } from './apply.js';
import { packagesOf } from './packages/here.js';
import { isFolder } from './platform.js';
import type { Scene } from './scene.js';
import { openSecrets } from './secrets.js';

/** `notes`: where what is said for people goes, each thing once. */
export const sceneOf = (
  { root, instance = hostname(), signal, platform, log, secrets, resolved }: ApplyOptions,
  notes: Set<string>,
): Scene => ({
  root,
  instance,
  folder: isFolder(root),
  signal,
  platform,
  log,
  secrets: resolved ?? openSecrets(secrets, signal),
  packages: packagesOf(platform, signal),
  note: (text) => {
    notes.add(text);
  },
});
