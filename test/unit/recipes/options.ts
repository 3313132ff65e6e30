/** Options of a run of resources, for tests. */
import type { ApplyOptions } from '../../../recipes/apply.js';
import { detectPlatform } from '../../../recipes/platform.js';
import { noManager } from '../../../recipes/services/no-manager.js';
import { silentLog } from '../../../runtime/log.js';

/** A run below this root that nobody ends, on a host without services and secrets. */
export const optionsFor = (root: string, more: Partial<ApplyOptions> = {}): ApplyOptions => ({
  root,
  signal: new AbortController().signal,
  log: silentLog,
  platform: detectPlatform(root, noManager('nothing manages services here')),
  secrets: (name) => Promise.reject(new Error(`there is no secret ${name}`)),
  ...more,
});
