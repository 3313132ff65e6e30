/**
 * A program that the tests kill: writes to the embedded store in `argv[2]` and prints the id of each acknowledged write.
 * A writer whose write fails prints the reason on stderr and ends.
 */
import * as E from 'fp-ts/lib/Either.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';

const directory = process.argv[2] ?? '';
const AT_ONCE = 40;

const main = async (): Promise<void> => {
  const store = await openEmbeddedStore({
    directory,
    clock: systemClock,
    chance: systemChance,
    log: silentLog,
  });
  process.stdout.write('open\n');
  const writer = async (name: number): Promise<void> => {
    for (let n = 0; ; n += 1) {
      const id = `${String(name)}-${String(n)}`;
      const value = `${id} ${'x'.repeat((n * 97) % 3000)}`;
      const then = [
        { op: 'put', key: `/w/${id}/a`, value },
        { op: 'put', key: `/w/${id}/b`, value },
      ] as const;
      const written = await store.txn({ compare: [], then })();
      if (E.isLeft(written)) {
        process.stderr.write(`${written.left.reason}\n`);
        return;
      }
      process.stdout.write(`${id} ${String(written.right.revision)}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, name) => writer(name)));
  await store.close();
};

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
