import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minutes } from '../../../api-types/units.js';
import { withRoom } from '../../../sources/room.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('how long a source may take');

/** Work that goes on until it is told to end. */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('cut off'));
    });
  });

test('a quarter of an hour of the clock it is given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-room-'));
  const clock = virtualClock();
  const { signal } = new AbortController();
  let said = '';
  const work = withRoom({ folder, signal, clock, thing: 'application' }, endless).catch((error: unknown) => {
    said = (error as Error).message;
  });
  try {
    await clock.advance(minutes(15) - 1);
    assert.is(said, '');
    await clock.advance(1);
    await work;
    assert.is(said, 'it took more than 15 minutes');
    assert.is(clock.pending(), 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
