import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';
import { objectsConformance } from '../conformance/objects.js';

objectsConformance('the embedded store', async () =>
  openEmbeddedStore({
    directory: await mkdtemp(join(tmpdir(), 'scalarium-objects-')),
    clock: systemClock,
    chance: seededChance(1),
    log: silentLog,
  }),
);
