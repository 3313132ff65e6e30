/** Takes an application away from a host: its processes and its code; what its releases shared stays. */
import { rm } from 'node:fs/promises';
import { placeOf } from '../place.js';
import type { ApplicationPart } from '../roles/application-part.js';
import { unlinkCurrent } from './current.js';
import { withoutApplication } from './in-force.js';
import { layoutOf } from './layout.js';
import { remove } from './services.js';
import type { Running } from './state.js';
import type { Subject } from './subject.js';
import { removeTree } from './unpack.js';

/** Null: no role of the host runs it any more, or as it was: its processes end with what is nobody's. */
const partOf = (subject: Subject, inForce: Running): ApplicationPart | null => {
  try {
    return subject.part(inForce);
  } catch {
    return null;
  }
};

const endProcesses = async (subject: Subject): Promise<void> => {
  const { inForce } = await subject.state();
  if (inForce === undefined) return;
  const part = partOf(subject, inForce);
  if (part !== null) await remove(subject, [...part.services, ...part.others]);
};

const removeCode = async (subject: Subject): Promise<void> => {
  const { on, application } = subject;
  const { releases, staging, attributes, shared } = layoutOf(application);
  for (const folder of [releases, staging]) await removeTree(await placeOf(on.root, folder), on.signal);
  await rm(await placeOf(on.root, attributes), { force: true });
  subject.changed(`releases[${application}]`);
  subject.note(`${shared} is left: what releases of ${application} shared is nobody's to lose`);
};

/** Nothing asks for it before its code goes. The host notes it first: cut off in between, it is not brought back. */
export const undeploy = (subject: Subject): Promise<void> =>
  subject.stage('undeploy', null, async () => {
    const { on, application } = subject;
    await endProcesses(subject);
    await subject.write({ releases: {}, undeployed: true });
    // what the host runs instead, as one of its attributes, waits for code of its own
    await unlinkCurrent(subject);
    await subject.apply(on.converge(withoutApplication(on.snapshot, application), on.instance));
    await removeCode(subject);
  });
