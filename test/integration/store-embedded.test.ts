import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';
import { storeConformance } from '../conformance/store.js';

storeConformance('embedded', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'scalarium-store-'));
  const open = () =>
    openEmbeddedStore({ directory, clock: systemClock, chance: systemChance, log: silentLog });
  let store = await open();
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await open();
      return store;
    },
    close: async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
});
