/** Which releases stay on a host: pure. */
import { RELEASES_TO_KEEP } from '../../api-types/kinds/application.js';
import type { HostApplication } from './state.js';

/** Numbers of releases to be removed: what never was whole, and what is older than the newest that are to be kept. */
export const toRemove = (
  { releases, inForce, beside, before }: HostApplication,
  releasesToKeep = RELEASES_TO_KEEP,
): readonly number[] => {
  const used = new Set([inForce?.release.number, beside?.release.number, before]);
  const all = Object.entries(releases).map(([number, { prepared }]) => ({
    number: Number(number),
    prepared,
  }));
  const whole = all.filter(({ prepared }) => prepared).sort((a, b) => b.number - a.number);
  const kept = new Set([...whole.slice(0, releasesToKeep).map(({ number }) => number), ...used]);
  return all
    .map(({ number }) => number)
    .filter((number) => !kept.has(number))
    .sort((a, b) => a - b);
};
