/** A local cloud in a process of its own, to be killed: `tsx local-cloud-program.ts DIRECTORY`. Prints its URL. */
import { millis } from '../../api-types/units.js';
import { startLocalCloud } from '../../local-cloud/main.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';

const cloud = await startLocalCloud({
  directory: process.argv[2] ?? '',
  clock: systemClock,
  chance: systemChance,
  settings: { boot: millis(30), bootSpread: millis(20), terminate: millis(20), quotas: 'unlimited' },
  log: silentLog,
});
process.stdout.write(`${cloud.url}\n`);
