/** What every shelf of files does, wherever it keeps them. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import type { Shelf } from '../../runtime/shelf.js';
import { systemClock } from '../../runtime/clock.js';
import { assert, suite } from '../suite.js';

export interface ShelfPlace {
  /** Opens it anew, as the next process does: what lasts is in `folder`, or where the place keeps it. */
  open(folder: string, clock: Clock): Promise<Shelf>;
  end(): void;
}

interface Scene {
  folder: string;
  place: ShelfPlace;
  shelf: Shelf;
}

export const digestOf = (content: string): string => createHash('sha256').update(content).digest('hex');

/** Puts a file of this content; gives its name. */
export const putText = (shelf: Shelf, content: string): Promise<string> =>
  shelf.work(async (work) => {
    const file = join(work, 'file');
    await writeFile(file, content);
    await shelf.put(file, digestOf(content));
    return digestOf(content);
  });

/** What a shelf gives under this name; null: nothing. */
export const textOf = async (shelf: Shelf, digest: string): Promise<string | null> => {
  const found = await shelf.get(digest);
  if (found === null) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of found.stream()) chunks.push(chunk as Buffer);
  const whole = Buffer.concat(chunks);
  assert.is(whole.length, found.bytes);
  return whole.toString('utf8');
};

/** Instead of an hour: what is signed must not be of the future. */
const HOUR = 100;
const KEPT_FOR = millis(24 * HOUR);

/** Clocks that stand still so many hours after now. */
const clocks = (): ((ahead: number) => Clock) => {
  const began = systemClock.now();
  return (ahead) => ({ ...systemClock, now: () => millis(began + ahead * HOUR) });
};

export const shelfConformance = (name: string, placed: () => Promise<ShelfPlace>): void => {
  const test = suite<Scene>(`a shelf: ${name}`, {} as Scene);

  test.beforeEach(async (scene) => {
    scene.folder = await mkdtemp(join(tmpdir(), 'scalarium-shelf-'));
    scene.place = await placed();
    scene.shelf = await scene.place.open(join(scene.folder, 'shelf'), systemClock);
  });

  test.afterEach(async ({ folder, place }) => {
    place.end();
    await rm(folder, { recursive: true, force: true });
  });

  test('what was put is there, also for the next process', async ({ shelf, place, folder }) => {
    const digest = await putText(shelf, 'one');
    assert.is(await textOf(shelf, digest), 'one');
    assert.is(await shelf.has(digest), true);
    const next = await place.open(join(folder, 'shelf'), systemClock);
    assert.is(await textOf(next, digest), 'one');
  });

  test('what was not put is not there', async ({ shelf }) => {
    assert.is(await shelf.has(digestOf('other')), false);
    assert.is(await shelf.get(digestOf('other')), null);
    assert.is(await shelf.link(digestOf('other')), null);
  });

  test('a file that is put twice is there once', async ({ shelf }) => {
    const digest = await putText(shelf, 'one');
    assert.is(await putText(shelf, 'one'), digest);
    assert.is(await textOf(shelf, digest), 'one');
  });

  test('of work nothing stays, however it ends', async ({ shelf, place, folder }) => {
    await putText(shelf, 'one');
    const failed = await shelf
      .work(async (work) => {
        await writeFile(join(work, 'x'), 'x');
        throw new Error('no');
      })
      .catch((error: unknown) => (error as Error).message);
    assert.is(failed, 'no');
    assert.is((await readdir(shelf.folder)).filter((one) => one.startsWith('work-')).length, 0);
    // and after a crash the next process clears up
    const { length } = await shelf.work(async (work) => {
      await place.open(join(folder, 'shelf'), systemClock);
      return (await readdir(join(work, '..'))).filter((one) => one.startsWith('work-'));
    });
    assert.is(length, 0);
  });

  test('a file goes when nobody has named it for so long, and not before', async ({ place, folder }) => {
    const clock = clocks();
    const at = (ahead: number): Promise<Shelf> => place.open(join(folder, 'shelf'), clock(ahead));
    const digest = await putText(await at(0), 'one');
    const named = new Set([digest]);
    assert.equal(await (await at(100)).sweep(named, KEPT_FOR), []);
    assert.equal(await (await at(101)).sweep(new Set(), KEPT_FOR), []);
    assert.equal(await (await at(120)).sweep(new Set(), KEPT_FOR), []);
    assert.is(await textOf(await at(121), digest), 'one');
    assert.equal(await (await at(126)).sweep(new Set(), KEPT_FOR), [digest]);
    const last = await at(127);
    assert.is(await last.has(digest), false);
    assert.is(await last.get(digest), null);
  });

  test('a file that is named again in between stays', async ({ place, folder }) => {
    const clock = clocks();
    const at = (ahead: number): Promise<Shelf> => place.open(join(folder, 'shelf'), clock(ahead));
    const digest = await putText(await at(0), 'one');
    await (await at(1)).sweep(new Set(), KEPT_FOR);
    await (await at(20)).sweep(new Set([digest]), KEPT_FOR);
    assert.equal(await (await at(30)).sweep(new Set(), KEPT_FOR), []);
    assert.is(await textOf(await at(30), digest), 'one');
  });

  test('whoever listens hears what is lacking', async ({ shelf }) => {
    const heard = firstValueFrom(shelf.lacking$);
    shelf.lack('shop');
    assert.is(await heard, 'shop');
  });
};
