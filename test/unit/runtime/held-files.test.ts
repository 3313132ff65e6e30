import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { HeldFiles } from '../../../runtime/held-files.js';
import type { ShelfFile } from '../../../runtime/shelf.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('files that many ask for');

interface Counted extends ShelfFile {
  reads: number;
}

const fileOf = (content: Buffer, bytes = content.length): Counted => {
  const file: Counted = {
    bytes,
    reads: 0,
    stream: () => {
      file.reads += 1;
      return Readable.from([content]);
    },
  };
  return file;
};

const CONTENT = Buffer.alloc(200_000, 'x');

test('are read once, however many ask, and again when nobody came for a while', async () => {
  const clock = virtualClock();
  const [held, file] = [new HeldFiles(clock), fileOf(CONTENT)];
  const shared = await Promise.all([1, 2, 3].map(() => held.share('a', file)));
  for (const one of shared) assert.ok((await buffer(one.stream())).equals(CONTENT));
  await clock.advance(29_000);
  await held.share('a', file);
  await clock.advance(29_000);
  await held.share('a', file);
  assert.is(file.reads, 1);
  await clock.advance(31_000);
  await held.share('a', file);
  assert.is(file.reads, 2);
});

test('a large one is not held in memory', async () => {
  const held = new HeldFiles(virtualClock());
  const large = fileOf(CONTENT, 33 * 1024 * 1024);
  assert.is(await held.share('large', large), large);
});

test('all of them together have a bound', async () => {
  const held = new HeldFiles(virtualClock());
  const files = ['a', 'b', 'c'].map((name) => ({ name, file: fileOf(CONTENT, 30 * 1024 * 1024) }));
  for (const { name, file } of files) await held.share(name, file);
  assert.equal(
    files.map(({ file }) => file.reads),
    [1, 1, 0],
  );
});

test('one that cannot be read is read again by the next who asks', async () => {
  const held = new HeldFiles(virtualClock());
  const broken: ShelfFile = {
    bytes: 3,
    stream: () =>
      new Readable({
        read() {
          this.destroy(new Error('the disk does not answer'));
        },
      }),
  };
  await held.share('a', broken).then(
    () => {
      assert.unreachable();
    },
    (error: unknown) => {
      assert.match(String(error), /the disk does not answer/);
    },
  );
  const whole = await held.share('a', fileOf(CONTENT));
  assert.ok((await buffer(whole.stream())).equals(CONTENT));
});
