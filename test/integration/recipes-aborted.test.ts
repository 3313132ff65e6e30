/** A run that is aborted at any time, in the middle of any type of resource, ends at once and can be done again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { resourceId, type Resource } from '../../recipes/resource.js';
import { NEEDS, oneOfEach, openWorld, type World } from '../build/one-of-each.js';
import { applyHere, onRealHost } from '../build/real-host.js';
import { assert } from '../suite.js';

/** The longest that anything may take to notice. */
const MOST_MS = 20_000;

/** Gives whether it was done before it was aborted. */
const abortedAfter = async (ms: number, resource: readonly Resource[], world: World): Promise<boolean> => {
  const stop = new AbortController();
  const running = applyHere(resource, { ...world.options, signal: stop.signal });
  const done = new AbortController();
  const late = sleep(ms, undefined, { signal: done.signal }).catch(() => undefined);
  await Promise.race([late, running]);
  done.abort();
  stop.abort();
  const begun = performance.now();
  const { failure } = await running;
  assert.ok(performance.now() - begun < MOST_MS);
  if (failure !== null) assert.match(failure, /abort/, failure);
  return failure === null;
};

await onRealHost(import.meta.url, { title: 'runs that are aborted on a real host', needs: NEEDS }, (test) => {
  let world: World;
  test.before(async () => {
    world = await openWorld();
  });
  test.after(() => {
    world.end();
  });

  test('each resource, aborted later and later until it is done: the next run finds nothing to do', async () => {
    for (const resource of oneOfEach(world)) {
      if (resource.type === 'execute') continue;
      let tries = 0;
      for (let ms = 1; !(await abortedAfter(ms, [resource], world)); ms *= 1.6) tries += 1;
      assert.equal(
        await applyHere([resource], world.options),
        { changed: [], failure: null },
        resourceId(resource),
      );
      process.stdout.write(`${resourceId(resource)}: aborted ${String(tries)} times\n`);
    }
  });
});
