import { systemClock } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { openEtcdStore } from '../../store/etcd/etcd.js';
import { ROOT } from '../../store/keys.js';
import { objectsConformance } from '../conformance/objects.js';
import { startEtcd, type EtcdServer } from './etcd-server.js';

let server: EtcdServer | null = null;

objectsConformance(
  'etcd',
  async () => {
    server ??= await startEtcd();
    const store = await openEtcdStore({ endpoints: [server.endpoint], clock: systemClock, log: silentLog });
    await orThrow(store.txn({ compare: [], then: [{ op: 'deletePrefix', prefix: ROOT }] }));
    return store;
  },
  async () => {
    await server?.stop();
  },
);
