/** How owner leases behave; part of the conformance of Objects. */
import * as E from 'fp-ts/lib/Either.js';
import { millis } from '../../api-types/units.js';
import { orThrow } from '../../runtime/failure.js';
import { ownerKey } from '../../store/keys.js';
import { GLOBAL } from '../../store/ownership.js';
import { assert, type Suite } from '../suite.js';
import { eventually, globalFence, pausable, put, role, roleRef, start, type Bench } from './objects-world.js';

/** How owner leases and fences behave. */
export const owners = (test: Suite<Bench>): void => {
  const patch = [{ write: 'status', ref: roleRef('app'), patch: { replicas: 9 } }] as const;

  test('one of two planes owns; the other stands by, and takes over on an orderly end', async (bench) => {
    const first = await start(bench, { identity: 'one' });
    const fence = await globalFence(first);
    const second = await start(bench, { identity: 'two' });
    await put(bench.store, roleRef('app'), role(1));
    await eventually('shop is owned', () => first.ownership.of('shop'));
    assert.equal([second.ownership.of('_global'), second.ownership.of('shop')], [null, null]);
    await first.stop();
    bench.planes = [second];
    await eventually('shop is taken over', () => second.ownership.of('shop'));
    const late = await second.objects.write({ ...fence, left: () => 1000 }, patch)();
    assert.is(E.isLeft(late) && late.left.reason, 'NotOwner');
  });

  test('an owner that was stopped and goes on after its lease has gone changes nothing', async (bench) => {
    const paused = pausable();
    const first = await start(bench, { identity: 'one', clock: paused.clock, ttl: millis(1000) });
    await put(bench.store, roleRef('app'), role(1));
    const fence = await eventually('shop is owned', () => first.ownership.of('shop'));
    const changes: string[] = [];
    first.ownership.changes$.subscribe((cluster) => changes.push(cluster));
    paused.stop();
    const second = await start(bench, { identity: 'two', ttl: millis(1000) });
    await eventually('the second has taken over', () => second.ownership.of('shop'));
    assert.ok(fence.left() <= 0, 'it knows at once that it has no lease left');
    assert.is(first.ownership.of('shop'), null);
    const late = await second.objects.write({ ...fence, left: () => 1000 }, patch)();
    assert.is(E.isLeft(late) && late.left.reason, 'NotOwner', 'even if it had checked just before');
    paused.go();
    await eventually('it is told', () => changes.includes('shop'));
    assert.is(first.ownership.of('shop'), null);
  });

  test('a restart under the same identity takes its keys over at once', async (bench) => {
    const lease = await orThrow(bench.store.grantLease(millis(60_000)));
    const key = ownerKey(GLOBAL);
    const value = JSON.stringify({ identity: 'same' });
    const owned = { op: 'put', key, value, lease: lease.id } as const;
    const { revision } = await orThrow(bench.store.txn({ compare: [], then: [owned] }));
    const fence = await globalFence(await start(bench, { identity: 'same', ttl: millis(60_000) }));
    assert.ok(Number(fence.compare.equals) > revision, 'with a new fence');
  });

  test('a deleted owner key ends its fence, and is claimed again', async (bench) => {
    const plane = await start(bench);
    const old = await globalFence(plane);
    await orThrow(bench.store.txn({ compare: [], then: [{ op: 'delete', key: ownerKey(GLOBAL) }] }));
    await eventually('a new fence', () => {
      const fence = plane.ownership.of(GLOBAL);
      return fence !== null && fence.compare.equals !== old.compare.equals;
    });
  });
};
