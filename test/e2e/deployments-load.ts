/** Load through a load balancer while something is done, and what of it was lost. */
import { startLoad, type Failed, type Load } from '../build/load.js';
import { assert } from '../suite.js';

export interface Loads {
  /** What was not answered, of all. */
  failed(): readonly Failed[];
  end(): Promise<readonly Failed[]>;
  /** How many answers each revision gave. */
  revisions(): ReadonlyMap<string, number>;
  answered(): number;
}

const AT_ONCE = 3;
/** Enough to be in every gap, and little enough to leave the machine to what is measured. */
const PAUSE_MS = 5;

const together = (loads: readonly Load[]): Loads => ({
  failed: () => loads.flatMap((load) => load.figures().failed),
  end: async () => (await Promise.all(loads.map((load) => load.end()))).flatMap(({ failed }) => failed),
  revisions: () => {
    const sums = new Map<string, number>();
    for (const load of loads)
      for (const [name, count] of load.figures().revisions) sums.set(name, (sums.get(name) ?? 0) + count);
    return sums;
  },
  answered: () => loads.reduce((sum, load) => sum + load.figures().answered, 0),
});

/** With connections that are kept, with new ones for each request, and with requests that take their time. */
export const loadsOf = (site: string, domain?: string): Loads => {
  const common = { atOnce: AT_ONCE, pauseMs: PAUSE_MS, ...(domain === undefined ? {} : { domain }) };
  return together([
    startLoad({ ...common, url: `${site}/`, keepAlive: true }),
    startLoad({ ...common, url: `${site}/`, keepAlive: false }),
    startLoad({ ...common, url: `${site}/slow?ms=400`, keepAlive: true }),
  ]);
};

/** All that go on at a time. */
export const LOAD_AT_ONCE = 3 * AT_ONCE;

const ENOUGH = 20;

/** Runs it under load: not a request may be lost. Gives what was answered by which revision. */
export const withoutLoss = async (
  loads: Loads,
  work: () => Promise<unknown>,
): Promise<ReadonlyMap<string, number>> => {
  let failed: readonly Failed[];
  try {
    await work();
  } finally {
    failed = await loads.end();
  }
  assert.equal(failed, [], `lost ${String(failed.length)} of ${String(loads.answered())}`);
  assert.ok(loads.answered() > ENOUGH, 'there was hardly a load');
  return loads.revisions();
};
