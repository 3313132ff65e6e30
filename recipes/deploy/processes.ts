/** What is done with the processes of the release in force. */
import { targetOf } from './activate.js';
import { type Target } from './commands.js';
import { untilWell } from './health.js';
import { remove, run, stop } from './services.js';
import type { Subject } from './subject.js';

const inForce = async (subject: Subject): Promise<Target | null> => {
  const found = (await subject.state()).inForce;
  return found === undefined ? null : targetOf(subject, found);
};

const needed = async (subject: Subject): Promise<Target> => {
  const found = await inForce(subject);
  if (found === null) throw new Error(`no release of ${subject.application} is in force on this host`);
  return found;
};

const startThem = async (subject: Subject, anew: boolean): Promise<void> => {
  const target = await subject.stage('restart', null, async () => {
    const found = await needed(subject);
    await run(found, anew ? found.part.takeUp : []);
    return found;
  });
  await subject.stage('health', target.release, () => untilWell(target));
};

/** They end and start with the same code and configuration; resolves when they are well. */
export const restart = (subject: Subject): Promise<void> => startThem(subject, true);

/** They run; resolves when they are well. */
export const start = (subject: Subject): Promise<void> => startThem(subject, false);

/** They end, and stay so until they are started, restarted or deployed. */
export const stopThem = (subject: Subject): Promise<void> =>
  subject.stage('stop', null, async () => {
    const { part } = await needed(subject);
    await remove(subject, part.others);
    if (part.services.length > 0) await stop(subject, part);
    else subject.note(`${subject.application} has no processes of its own: what serves it goes on`);
  });

/** After an overlap the processes of before end. */
export const finish = (subject: Subject): Promise<void> =>
  subject.stage('stop', null, async () => {
    const target = await inForce(subject);
    if (target === null) return;
    await remove(subject, target.part.others);
    await subject.write({ ...(await subject.state()), beside: undefined });
  });
