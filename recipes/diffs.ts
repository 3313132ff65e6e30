/** What a dry run found to differ, within bounds: it travels in one message. */
import type { ResourceDiff } from './apply.js';

const MOST_BYTES = 64 * 1024;
const CUT = '\n[cut: there is more than is shown]';

/** As many as there is room for, the last of them cut. */
export const boundedDiffs = (
  diffs: readonly ResourceDiff[],
  mostBytes = MOST_BYTES,
): readonly ResourceDiff[] => {
  const kept: ResourceDiff[] = [];
  let room = mostBytes;
  for (const { resource, diff } of diffs) {
    const bytes = Buffer.byteLength(resource) + Buffer.byteLength(diff);
    if (bytes <= room) {
      kept.push({ resource, diff });
      room -= bytes;
      continue;
    }
    const left = Math.max(0, room - Buffer.byteLength(resource) - CUT.length - 4);
    kept.push({ resource, diff: Buffer.from(diff).subarray(0, left).toString('utf8') + CUT });
    break;
  }
  return kept;
};
