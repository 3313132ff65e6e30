import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { openEtcdStore } from '../../store/etcd/etcd.js';
import { storeConformance } from '../conformance/store.js';
import { startEtcd } from './etcd-server.js';

storeConformance('etcd', async () => {
  const server = await startEtcd();
  const store = await openEtcdStore({ endpoints: [server.endpoint], clock: systemClock, log: silentLog });
  return {
    store,
    close: async () => {
      await store.close();
      await server.stop();
    },
  };
});
