import { appendFile, type FileHandle, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDiskJournal } from '../../../agent/disk-journal.js';
import type { Journal } from '../../../agent/journal.js';
import type { EventResult } from '../../../api-types/kinds/lifecycle-event.js';
import { assert, suite } from '../../suite.js';

const order = (revision: number, name = `e${String(revision)}`) =>
  ({
    record: 'event',
    order: { revision, name, event: 'configure', snapshot: { version: 1, digest: 'd' } },
  }) as const;
const result = (event: string): EventResult => ({
  event,
  instance: 'app-1',
  machine: 'i-1',
  state: 'succeeded',
  attempt: 1,
  startedAt: 't',
  finishedAt: 't',
});

const journal = suite<{ folder: string; path: string }>('the journal on disk', { folder: '', path: '' });

journal.beforeEach(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'journal-'));
  context.path = join(context.folder, 'journal');
});
journal.afterEach(({ folder }) => rm(folder, { recursive: true, force: true }));

const reopened = async (open: Journal, path: string): Promise<Journal> => {
  await open.close();
  return openDiskJournal(path);
};

journal('what was appended is there after a restart', async ({ path }) => {
  const first = await openDiskJournal(path);
  await first.append(order(5));
  await first.append({ record: 'started', event: 'e5', attempt: 1, at: 'now' });
  const second = await reopened(first, path);
  assert.is(second.cursor(), 5);
  assert.is(second.get('e5')?.state, 'started');
  assert.is(second.get('e5')?.attempt, 1);
  await second.close();
});

journal('a line the crash cut short is no record', async ({ path }) => {
  const first = await openDiskJournal(path);
  await first.append(order(5));
  await appendFile(path, '{"record":"event","order":{"rev');
  const second = await reopened(first, path);
  assert.is(second.cursor(), 5);
  await second.append(order(6));
  const third = await reopened(second, path);
  assert.is(third.cursor(), 6);
  await third.close();
});

journal('a failed write leaves nothing that spoils what is written after it', async ({ path }) => {
  const first = await openDiskJournal(path);
  await first.append(order(5));
  const handle = (first as unknown as { file: FileHandle }).file;
  const appendFileWell = handle.appendFile.bind(handle);
  handle.appendFile = async () => {
    handle.appendFile = appendFileWell;
    await appendFileWell('{"record":"star');
    throw new Error('ENOSPC: no space left on device');
  };
  const started = { record: 'started', event: 'e5', attempt: 1, at: 'now' } as const;
  const failed = await first.append(started).catch((error: unknown) => error);
  assert.ok(failed instanceof Error);
  await first.append({ record: 'finished', result: result('e5') });
  const second = await reopened(first, path);
  assert.is(second.get('e5')?.state, 'finished');
  await second.close();
});

journal(
  'a recorded event is forgotten once a newer revision came, and the cursor stays',
  async ({ path }) => {
    const first = await openDiskJournal(path);
    await first.append(order(5));
    await first.append({ record: 'finished', result: result('e5') });
    await first.append({ record: 'recorded', event: 'e5' });
    const second = await reopened(first, path);
    assert.is(second.get('e5')?.recorded, true);
    assert.is(second.cursor(), 5);
    await second.append(order(6));
    assert.is(second.get('e5'), null);
    await second.close();
  },
);

journal(
  'what is to run again waits for its turn also after restarts, and was not cut off',
  async ({ path }) => {
    const first = await openDiskJournal(path);
    await first.append(order(5));
    await first.append({ record: 'started', event: 'e5', attempt: 1, at: 'now' });
    await first.append({ record: 'finished', result: result('e5') });
    await first.append({ record: 'recorded', event: 'e5' });
    await first.append({ record: 'again', event: 'e5' });
    const third = await reopened(await reopened(first, path), path);
    const { state, attempt, result: kept } = third.get('e5') ?? {};
    assert.equal([state, attempt, kept], ['pending', 1, null]);
    await third.close();
  },
);

journal('two events of one revision are both kept', async ({ path }) => {
  const first = await openDiskJournal(path);
  await Promise.all([first.append(order(5, 'a')), first.append(order(5, 'b'))]);
  await first.append({ record: 'finished', result: result('a') });
  await first.append({ record: 'recorded', event: 'a' });
  const second = await reopened(first, path);
  assert.is(second.get('a')?.recorded, true);
  assert.is(second.get('b')?.state, 'pending');
  await second.close();
});

journal('the file does not grow with what is forgotten', async ({ path }) => {
  const open = await openDiskJournal(path);
  for (let revision = 1; revision <= 300; revision += 1) {
    const event = `e${String(revision)}`;
    await Promise.all([
      open.append(order(revision)),
      open.append({ record: 'finished', result: result(event) }),
      open.append({ record: 'recorded', event }),
    ]);
  }
  await open.close();
  const lines = (await readFile(path, 'utf8')).split('\n').length;
  assert.ok(lines < 510, `${String(lines)} lines`);
  const again = await openDiskJournal(path);
  assert.is(again.cursor(), 300);
  assert.is(again.entries().length, 1);
  await again.close();
});
