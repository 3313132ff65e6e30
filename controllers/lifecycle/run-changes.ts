/** What hosts changed in a Run, or would change: counted by host, and the differences of dry runs once for all alike. Pure. */
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import type { RunDiff, RunStatus } from '../../api-types/kinds/run.js';

/** A record has 1 MiB, and the hosts are in it too. */
const MOST_BYTES = 256 * 1024;

export type Changes = Required<Pick<RunStatus, 'changed' | 'diffs' | 'diffsLeftOut'>>;

interface Difference {
  readonly resource: string;
  readonly diff: string;
}

/** Every resource that a dry run names, with what it shows of it. */
const differencesIn = ({ changed = [], diffs = [] }: EventResult): readonly Difference[] => {
  const shown = new Set(diffs.map(({ resource }) => resource));
  const bare = changed.filter((resource) => !shown.has(resource));
  return [...diffs, ...bare.map((resource) => ({ resource, diff: '' }))];
};

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value)) + 1;

class Gathered {
  private readonly found = new Map<string, { readonly of: Difference; readonly instances: Set<string> }>();
  private room = MOST_BYTES;

  constructor(
    before: readonly RunDiff[],
    public leftOut: number,
  ) {
    for (const { instances, ...of } of before) for (const instance of instances) this.add(of, instance);
  }

  add(of: Difference, instance: string): void {
    const key = `${of.resource}\n${of.diff}`;
    const known = this.found.get(key);
    if (known?.instances.has(instance) === true) return;
    const size = known === undefined ? sizeOf({ ...of, instances: [instance] }) : sizeOf(instance);
    if (size > this.room) {
      this.leftOut += 1;
      return;
    }
    this.room -= size;
    if (known === undefined) this.found.set(key, { of, instances: new Set([instance]) });
    else known.instances.add(instance);
  }

  diffs(): readonly RunDiff[] {
    return [...this.found.values()].map(({ of, instances }) => ({ ...of, instances: [...instances] }));
  }
}

/** How many resources: those that are named, and those that only a diff tells of. */
const countOf = (result: EventResult): number => differencesIn(result).length;

/** What the record says, with these answers added. */
export const changesAfter = (
  status: RunStatus,
  answers: readonly EventResult[],
  dryRun: boolean,
): Changes => {
  const gathered = new Gathered(status.diffs ?? [], status.diffsLeftOut ?? 0);
  const counts = answers.map((result) => [result.instance, countOf(result)] as const);
  if (dryRun)
    for (const result of answers)
      for (const difference of differencesIn(result)) gathered.add(difference, result.instance);
  return {
    changed: { ...status.changed, ...Object.fromEntries(counts.filter(([, count]) => count > 0)) },
    diffs: gathered.diffs(),
    diffsLeftOut: gathered.leftOut,
  };
};
