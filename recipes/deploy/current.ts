/** Which release is current: a link, switched at once. */
import { rename, rm, symlink } from 'node:fs/promises';
import { besides, syncFolder } from '../files.js';
import { placeOf } from '../place.js';
import { currentTarget, layoutOf } from './layout.js';
import type { Subject } from './subject.js';
import { currentOf } from './unpack.js';

/** Who reads it finds what it led to before, or this, never nothing. */
export const linkTo = async (subject: Subject, target: string): Promise<void> => {
  if ((await currentOf(subject)) === target) return;
  const { current } = layoutOf(subject.application);
  const place = await placeOf(subject.on.root, current);
  const fresh = besides(place);
  await rm(fresh, { force: true });
  await symlink(target, fresh);
  await rename(fresh, place);
  await syncFolder(place);
  subject.changed(`link[${current}]`);
};

export const switchTo = (subject: Subject, number: number): Promise<void> =>
  linkTo(subject, currentTarget(number));

/** There is none any more. */
export const unlinkCurrent = async (subject: Subject): Promise<void> => {
  if ((await currentOf(subject)) === null) return;
  await rm(await placeOf(subject.on.root, layoutOf(subject.application).current), { force: true });
};
