import { seconds } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { openEtcdStore } from '../../store/etcd/etcd.js';
import {
  eventually,
  globalFence,
  kept,
  put,
  role,
  roleRef,
  startPlane,
} from '../conformance/objects-world.js';
import { assert, suite } from '../suite.js';
import { startEtcd } from './etcd-server.js';

const test = suite('objects while etcd is away');

test('everything is served meanwhile, and an edit made after it came back arrives', async () => {
  const server = await startEtcd();
  const store = await openEtcdStore({ endpoints: [server.endpoint], clock: systemClock, log: silentLog });
  const plane = await startPlane(store, { ttl: seconds(2) });
  try {
    await put(store, roleRef('app'), role(2));
    await kept(plane, roleRef('app'));
    const fence = await globalFence(plane);
    await server.kill();
    await eventually('the lease is over', () => fence.left() <= 0);
    assert.is(plane.ownership.of('_global'), null);
    assert.is(plane.objects.get(roleRef('app'))?.spec.replicas, 2);
    await server.start();
    const revision = await eventuallyPut();
    assert.is((await kept(plane, roleRef('app'), revision)).spec.replicas, 3);
  } finally {
    await plane.stop();
    await store.close();
    await server.stop();
  }

  async function eventuallyPut(): Promise<number> {
    for (let left = 50; ; left -= 1) {
      try {
        return await put(store, roleRef('app'), role(3));
      } catch (error) {
        if (left === 0) throw error;
        await systemClock.sleep(seconds(0.2));
      }
    }
  }
});
