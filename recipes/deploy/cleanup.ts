/** Removes what a host needs no more of an application's releases. */
import { placeOf } from '../place.js';
import type { Target } from './commands.js';
import { toRemove } from './keep.js';
import { currentTarget, layoutOf, releaseFolder } from './layout.js';
import type { HostApplication } from './state.js';
import { currentOf, removeTree } from './unpack.js';

type Releases = HostApplication['releases'];

const spoilt = (releases: Releases, gone: readonly number[]): Releases =>
  Object.fromEntries(
    Object.entries(releases).map(([number, kept]) => [
      number,
      gone.includes(Number(number)) ? { ...kept, prepared: false } : kept,
    ]),
  );

const without = (releases: Releases, gone: readonly number[]): Releases =>
  Object.fromEntries(Object.entries(releases).filter(([number]) => !gone.includes(Number(number))));

/** Releases too old to be kept or never whole, and what was cut off while it was unpacked. */
export const cleanUp = async ({ subject, release }: Target): Promise<void> => {
  const { application, on } = subject;
  const state = await subject.state();
  const current = await currentOf(subject);
  const gone = toRemove(state, release.config.releasesToKeep).filter(
    (number) => currentTarget(number) !== current,
  );
  await removeTree(await placeOf(on.root, layoutOf(application).staging), on.signal);
  if (gone.length === 0) return;
  // half a release must not be taken for a whole one
  await subject.write({ ...state, releases: spoilt(state.releases, gone) });
  for (const number of gone) {
    await removeTree(await placeOf(on.root, releaseFolder(application, number)), on.signal);
    on.log.info('release removed', { application, release: number });
  }
  await subject.write({ ...state, releases: without(state.releases, gone) });
};
