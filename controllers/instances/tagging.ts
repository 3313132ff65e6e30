/**
 * Names machines after their slots, in the background: every machine needs a call of its own, and the endpoint's
 * budget for tags must not hold up launches. What is missed is planned again: the view shows machines without a name.
 */
import * as E from 'fp-ts/lib/Either.js';
import { TAGS, type OpenCloud, type Tags } from '../../cloud/cloud.js';
import type { Run } from './steps.js';

const AT_ONCE = 25;

interface Naming {
  readonly id: string;
  readonly tags: Tags;
}

const noted = ({ machines }: OpenCloud, done: readonly string[], named: readonly Naming[]): void => {
  const tagsOf = new Map(named.map(({ id, tags }) => [id, tags]));
  machines.note(
    done.flatMap((id) => {
      const machine = machines.get(id);
      return machine === null ? [] : [{ ...machine, tags: { ...machine.tags, ...tagsOf.get(id) } }];
    }),
  );
};

const nameAll = async (run: Run, open: OpenCloud, machines: readonly Naming[]): Promise<void> => {
  for (let start = 0; start < machines.length; start += AT_ONCE) {
    if (run.fence.left() <= run.sources.settings.callTimeout) return;
    const chunk = machines.slice(start, start + AT_ONCE);
    const outcome = await open.cloud.tag(chunk)();
    if (E.isLeft(outcome)) {
      run.log.debug('naming machines failed', { failure: outcome.left });
      return;
    }
    noted(open, outcome.right.done, chunk);
  }
};

/** One round of naming a role at a time. */
export const createTagging = (): Run['tagLater'] => {
  const busy = new Set<string>();
  return (run, machines) => {
    const key = `${run.view.role.ref.cluster ?? ''}/${run.view.role.ref.name}`;
    if (run.open === null || busy.has(key)) return;
    busy.add(key);
    nameAll(run, run.open, machines)
      .catch((error: unknown) => {
        run.log.error('naming machines broke', { error, slot: TAGS.slot });
      })
      .finally(() => {
        busy.delete(key);
      });
  };
};
