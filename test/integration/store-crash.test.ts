import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';
import type { Store } from '../../store/store.js';
import { revisionOf, see, until } from '../conformance/store-steps.js';
import { assert, suite } from '../suite.js';

const test = suite('embedded store, killed');
const WRITER = fileURLToPath(new URL('store-writer.ts', import.meta.url));
const ROUNDS = 5;

const directories: string[] = [];
const children: ChildProcess[] = [];

const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'scalarium-crash-'));
  directories.push(directory);
  return directory;
};

const open = (directory: string): Promise<Store> =>
  openEmbeddedStore({ directory, clock: systemClock, chance: systemChance, log: silentLog });

interface Writer {
  readonly lines: () => readonly string[];
  readonly said: () => string;
  readonly pid: number;
  kill(): Promise<void>;
  readonly exited: Promise<number | null>;
}

/** `before` is run by the shell that becomes the writer. */
const startWriter = (directory: string, before = ':'): Writer => {
  const command = [process.execPath, '--import', 'tsx', WRITER, directory];
  const child = spawn('sh', ['-c', `${before}; exec "$@"`, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    // a last line without its end was cut by the kill
    lines: () => out.split('\n').slice(0, -1),
    said: () => err,
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    exited,
  };
};

const checkAll = async (store: Store, acknowledged: readonly string[]): Promise<void> => {
  const { items } = await orThrow(store.list('/w/'));
  const there = new Map(items.map((kv) => [kv.key, kv]));
  for (const line of acknowledged) {
    const [id, revision] = line.split(' ');
    const kv = there.get(`/w/${id ?? ''}/a`);
    assert.is(kv?.modRevision, Number(revision), `acknowledged write ${line} is gone or another`);
  }
  // whatever was not acknowledged is there whole or not at all
  for (const kv of items) {
    const other = there.get(kv.key.endsWith('/a') ? kv.key.replace(/a$/, 'b') : kv.key.replace(/b$/, 'a'));
    assert.equal([other?.value, other?.modRevision], [kv.value, kv.modRevision]);
  }
  const seen = see(store, '/w/', 1);
  await until('the whole history is there', () => seen.revisions.length === items.length / 2);
  assert.is(seen.revisions.at(-1)?.revision, await revisionOf(store));
  seen.subscription.unsubscribe();
};

test('every acknowledged write survives kill -9 at any moment, whole', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const directory = newDirectory();
    const writer = startWriter(directory);
    const enough = 200 * 2 ** round;
    await until('it writes', () => writer.lines().length > enough);
    await writer.kill();
    const [first, ...acknowledged] = writer.lines();
    assert.is(first, 'open');
    const store = await open(directory);
    await checkAll(store, acknowledged);
    await store.close();
  }
});

test('a second process is refused by name while the first lives, and admitted after kill -9', async () => {
  const directory = newDirectory();
  const writer = startWriter(directory);
  await until('it writes', () => writer.lines().length > 10);
  const second = startWriter(directory);
  assert.is(await second.exited, 1);
  assert.match(second.said(), `in use by process ${String(writer.pid)}`);
  assert.is(second.said().trim().split('\n').length, 1);
  process.kill(writer.pid, 'SIGSTOP');
  const refusal = await open(directory).then(
    () => 'admitted',
    (error: unknown) => String(error),
  );
  assert.match(refusal, 'in use by another process');
  process.kill(writer.pid, 'SIGCONT');
  await writer.kill();
  const store = await open(directory);
  await store.close();
});

test('a disk that takes no more is an answer, not the end of the process; what was acknowledged stays', async () => {
  const directory = newDirectory();
  const writer = startWriter(directory, "trap '' XFSZ; ulimit -f 8192");
  assert.is(await writer.exited, 0, writer.said());
  assert.match(writer.said(), /^Store(Full|Unavailable)$/m);
  const [, ...acknowledged] = writer.lines();
  assert.ok(acknowledged.length > 100);
  const store = await open(directory);
  await checkAll(store, acknowledged);
  await store.close();
});

test.after(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
