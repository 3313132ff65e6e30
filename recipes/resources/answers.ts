/** Waiting for a service that was restarted to answer. */
import { lstat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ifThere, placeOf } from '../place.js';
import type { Answers, ServiceResource } from '../resource.js';
import type { Scene } from '../scene.js';
import { LOOK_MS, tried } from './wait-for-port.js';

const LOCAL = '127.0.0.1';

const isToAnswer = async ({ once }: Answers, { root }: Scene): Promise<boolean> => {
  for (const path of once) {
    const place = await placeOf(root, path);
    if ((await ifThere(() => lstat(place))) !== null) return true;
  }
  return false;
};

/** Resolves when it answers, or its time is over, which is noted: what it serves may have no port at all. */
export const untilItAnswers = async ({ name, answers }: ServiceResource, scene: Scene): Promise<void> => {
  if (answers === undefined || !(await isToAnswer(answers, scene))) return;
  const { at, seconds } = answers;
  const { root, signal } = scene;
  const to = typeof at === 'number' ? { host: LOCAL, port: at } : { path: await placeOf(root, at) };
  const late = AbortSignal.timeout(seconds * 1000);
  while ((await tried(to, signal)) !== null) {
    signal.throwIfAborted();
    if (late.aborted) {
      scene.note(
        `${name} was restarted and does not answer at ${String(at)} within ${String(seconds)} s; the run goes on`,
      );
      return;
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
};
