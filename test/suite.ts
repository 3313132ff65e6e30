/**
 * Test suites that cannot pass by accident: uvu exits 0 when a `before` hook throws, when a suite is never run, and
 * when a test returns a TaskEither nobody ran. Here hooks that throw fail the run, suites run themselves, a returned
 * function (an un-run Task) fails its test, and test/run.ts insists on total > 0 and none skipped.
 */
import { suite as uvuSuite, type Callback, type Context } from 'uvu';
import * as assert from 'uvu/assert';

export { assert };

export interface Suite<T> {
  (name: string, test: Callback<T>): void;
  before(hook: Callback<T>): void;
  after(hook: Callback<T>): void;
  beforeEach(hook: Callback<T>): void;
  afterEach(hook: Callback<T>): void;
}

const failLoudly =
  <T>(suite: string, place: string, hook: Callback<T>): Callback<T> =>
  async (context) => {
    try {
      await hook(context);
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(
        `\nFAILED HOOK ${place} of "${suite}": ${String((error as Error).stack ?? error)}\n`,
      );
      throw error;
    }
  };

const ran =
  <T>(test: Callback<T>): Callback<T> =>
  async (context) => {
    const result: unknown = await (test as (context: T) => unknown)(context);
    if (typeof result === 'function') assert.unreachable('the test returned a Task that nobody ran');
  };

let made = 0;

/** How many suites were made in this process. */
export const suitesMade = (): number => made;

/** A suite named for the behaviour it shows; it is registered to run as soon as it is made. */
export const suite = <T = Context>(name: string, context?: T): Suite<T> => {
  made += 1;
  const inner = uvuSuite<T>(name, context);
  const outer = ((title, test) => {
    inner(title, ran(test));
  }) as Suite<T>;
  outer.before = (hook) => {
    inner.before(failLoudly(name, 'before', hook));
  };
  outer.after = (hook) => {
    inner.after(failLoudly(name, 'after', hook));
  };
  outer.beforeEach = (hook) => {
    inner.before.each(failLoudly(name, 'beforeEach', hook));
  };
  outer.afterEach = (hook) => {
    inner.after.each(failLoudly(name, 'afterEach', hook));
  };
  queueMicrotask(() => {
    inner.run();
  });
  return outer;
};
